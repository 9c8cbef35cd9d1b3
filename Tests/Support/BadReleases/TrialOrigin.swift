// SPDX-License-Identifier: Apache-2.0

import CutoverSimulation
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// One side of a route, with answer times like a service's, that can be made bad at any moment.
final class TrialOrigin: Sendable {
  /// How it behaves.
  struct Behaviour: Sendable {
    /// Of ten thousand answers.
    var errors = 0
    var wrong = 0
    var slowdown = 1.0
    var hangs = false
  }

  /// What users got. Shadows are none of them.
  struct Seen: Sendable {
    var bad = 0
    var last: Date?
  }

  private struct State {
    var behaviour = Behaviour()
    var seen = Seen()
    var random: SimulatedRandom
  }

  private let state: Mutex<State>
  private let listener = Mutex<(any Channel)?>(nil)

  init(seed: UInt64) { state = Mutex(State(random: SimulatedRandom(seed: seed))) }

  var seen: Seen { state.withLock(\.seen) }

  func behave(_ behaviour: Behaviour) { state.withLock { $0.behaviour = behaviour } }

  /// Listens on a free port of the loopback and returns it.
  func start() async throws -> Int {
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

  func stop() async throws { try await listener.withLock(\.self)?.close().get() }

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
      var answer = Answer(delay: Int64(state.random.milliseconds() * behaviour.slowdown * 1_000))
      var isBad = behaviour.hangs || behaviour.slowdown > 1
      if state.random.below(10_000) < behaviour.errors {
        answer.status = .internalServerError
        isBad = true
      } else if state.random.below(10_000) < behaviour.wrong {
        answer.total = 2
        isBad = true
      }
      if !isShadow {
        state.seen.last = Date()
        if isBad { state.seen.bad += 1 }
      }
      return behaviour.hangs ? nil : answer
    }
  }

  private final class Answerer: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let origin: TrialOrigin
    private var isShadow = false

    init(_ origin: TrialOrigin) { self.origin = origin }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head): isShadow = head.headers.contains(name: "x-strangler-shadow")
      case .body: break
      case .end:
        guard let answer = origin.answer(isShadow: isShadow) else { return }
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
