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
    /// Answers carry what differs from one to the next although nothing is wrong (`noisyMembers`).
    /// Only where they are drawn.
    package var isNoisy = false
    /// Of ten thousand requests that a proxy asks again, those that are refused with 429. Only
    /// where answers are drawn.
    package var refusals = 0

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

    mutating func body(total: Int, isNoisy: Bool) -> String {
      if isNoisy, let noise = random?.noisyMembers(at: Date()) {
        return #"{"id":7,"total":\#(total),\#(noise)}"#
      }
      return #"{"id":7,"total":\#(total)}"#
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
    var body: String
    /// Microseconds.
    var delay: Int64
  }

  /// - Parameter shadow: what a proxy asks for in its own name; nil for a user.
  fileprivate func answer(to shadow: String?) -> Answer? {
    state.withLock { state in
      let behaviour = state.behaviour
      let milliseconds = state.random?.milliseconds() ?? 0
      var (status, total) = (HTTPResponseStatus.ok, 1)
      var isBad = behaviour.hangs || behaviour.slowdown > 1
      if state.isNext(behaviour.errors, \.errorsDue) {
        status = .internalServerError
        isBad = true
      } else if state.isNext(behaviour.wrong, \.wrongDue) {
        total = 2
        isBad = true
      } else if shadow == "again", state.random?.below(10_000) ?? 10_000 < behaviour.refusals {
        status = .tooManyRequests
      }
      if shadow == nil {
        state.seen.requests += 1
        state.seen.last = Date()
        if isBad { state.seen.bad += 1 }
      }
      if behaviour.hangs { return nil }
      return Answer(
        status: status, body: state.body(total: total, isNoisy: behaviour.isNoisy),
        delay: Int64(milliseconds * behaviour.slowdown * 1_000))
    }
  }

  private final class Answerer: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let origin: FaultyOrigin
    private var shadow: String?

    init(_ origin: FaultyOrigin) { self.origin = origin }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head): shadow = head.headers.first(name: "x-strangler-shadow")
      case .body: break
      case .end:
        guard let answer = origin.answer(to: shadow) else { return }
        if answer.delay == 0 { return write(answer, to: context) }
        let context = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.value.eventLoop.assumeIsolated().scheduleTask(in: .microseconds(answer.delay)) {
          self.write(answer, to: context.value)
        }
      }
    }

    private func write(_ answer: Answer, to context: ChannelHandlerContext) {
      let body = ByteBuffer(string: answer.body)
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

  /// Members of an answer to one and the same question that nobody who is right answers alike
  /// twice: a random id, a clock, a field that now and then is null, absent or of another type, a
  /// list without an order, and a value that wobbles.
  fileprivate mutating func noisyMembers(at time: Date) -> String {
    var members = [
      #""request":"\#(String(next(), radix: 16))""#, #""at":\#(Int(time.timeIntervalSince1970))"#,
      #""stock":\#(below(20) == 0 ? 4 : 5)"#,
    ]
    switch below(10) {
    case 0: members.append(#""note":null"#)
    case 1: members.append(#""note":5"#)
    case 2: break
    default: members.append(#""note":"a gift""#)
    }
    let lines = ["tea", "pot", "cup"].shuffled(using: &self).map { #"{"article":"\#($0)"}"# }
    members.append(#""lines":[\#(lines.joined(separator: ","))]"#)
    return members.joined(separator: ",")
  }

  /// An answer's time: 8 ms in the median and 42 ms at p95, without the tail that a machine adds.
  fileprivate mutating func milliseconds() -> Double { 8 * exp(normal()) }
}
