// SPDX-License-Identifier: Apache-2.0

import CutoverSimulation
package import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// One side of a route that can be made bad at any moment.
package final class FaultyOrigin: Sendable {
  /// How answers come about.
  package enum Manner: Sendable {
    /// Some time goes by as in a service, and failures come by chance.
    case drawn(seed: UInt64)
    /// At once, and failures are evenly spread, so that a run is like the next one.
    case even
  }

  /// How it behaves.
  package struct Behaviour: Sendable {
    /// Of ten thousand answers.
    package var errors = 0
    package var wrong = 0
    package var slowdown = 1.0
    package var hangs = false

    package init() {}
  }

  /// What users got. Shadows are none of them.
  package struct Seen: Sendable {
    package var requests = 0
    package var bad = 0
    package var last: Date?
  }

  private struct State {
    var behaviour = Behaviour()
    var seen = Seen()
    var random: SimulatedRandom?
    /// Answers in ten thousands that are owed, where they are evenly spread.
    var errorsDue = 0
    var wrongDue = 0

    /// Whether the next one of so many in ten thousand is due.
    mutating func isNext(_ share: Int, _ due: WritableKeyPath<State, Int>) -> Bool {
      if random != nil { return random?.below(10_000) ?? 0 < share }
      self[keyPath: due] += share
      if self[keyPath: due] < 10_000 { return false }
      self[keyPath: due] -= 10_000
      return true
    }
  }

  private let state: Mutex<State>
  private let listener = Mutex<(any Channel)?>(nil)

  package init(_ manner: Manner) {
    let random: SimulatedRandom? =
      switch manner {
      case .drawn(let seed): SimulatedRandom(seed: seed)
      case .even: nil
      }
    state = Mutex(State(random: random))
  }

  package var seen: Seen { state.withLock(\.seen) }

  package func behave(_ behaviour: Behaviour) { state.withLock { $0.behaviour = behaviour } }

  package func fail(ofEachHundred failures: Int) {
    var behaviour = Behaviour()
    behaviour.errors = 100 * failures
    behave(behaviour)
  }

  /// Listens on a free port of the loopback and returns it.
  package func start() async throws -> Int {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 1_024)
      .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(Answerer(self))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    listener.withLock { $0 = channel }
    return channel.localAddress?.port ?? 0
  }

  package func stop() async throws { try await listener.withLock(\.self)?.close().get() }

  /// An answer; nil hangs.
  fileprivate struct Answer {
    var status: HTTPResponseStatus = .ok
    var total = 1
    /// Microseconds.
    var delay: Int64
  }

  fileprivate func answer(isShadow: Bool) -> Answer? {
    state.withLock { state in
      let behaviour = state.behaviour
      let milliseconds = state.random?.milliseconds() ?? 0
      var answer = Answer(delay: Int64(milliseconds * behaviour.slowdown * 1_000))
      var isBad = behaviour.hangs || behaviour.slowdown > 1
      if state.isNext(behaviour.errors, \.errorsDue) {
        answer.status = .internalServerError
        isBad = true
      } else if state.isNext(behaviour.wrong, \.wrongDue) {
        answer.total = 2
        isBad = true
      }
      if !isShadow {
        state.seen.requests += 1
        state.seen.last = Date()
        if isBad { state.seen.bad += 1 }
      }
      return behaviour.hangs ? nil : answer
    }
  }

  private final class Answerer: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let origin: FaultyOrigin
    private var isShadow = false

    init(_ origin: FaultyOrigin) { self.origin = origin }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head): isShadow = head.headers.contains(name: "x-strangler-shadow")
      case .body: break
      case .end:
        guard let answer = origin.answer(isShadow: isShadow) else { return }
        if answer.delay == 0 { return write(answer, to: context) }
        let context = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.value.eventLoop.assumeIsolated().scheduleTask(in: .microseconds(answer.delay)) {
          self.write(answer, to: context.value)
        }
      }
    }

    private func write(_ answer: Answer, to context: ChannelHandlerContext) {
      let body = ByteBuffer(string: #"{"id":7,"total":\#(answer.total)}"#)
      let head = HTTPResponseHead(
        version: .http1_1, status: answer.status,
        headers: [
          "content-type": "application/json", "content-length": "\(body.readableBytes)",
        ])
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
  }
}

extension SimulatedRandom {
  /// Below `bound`.
  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  /// An answer's time: 8 ms in the median and 42 ms at p95, without the tail that a machine adds.
  fileprivate mutating func milliseconds() -> Double { 8 * exp(normal()) }
}
