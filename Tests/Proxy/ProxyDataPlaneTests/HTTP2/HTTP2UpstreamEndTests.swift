// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import NIOCore
import ProxyDataPlane
import ResiliencePolicies
import RoutingDecisions
import Synchronization
import Testing

@Suite(
  "Streams and connections of HTTP/2 upstreams that end oddly", .everyTransport,
  .timeLimit(.minutes(1)))
struct HTTP2UpstreamEndTests {
  private static func configuration(
    _ port: Int, _ timeouts: ProxyTimeouts = ProxyTimeouts()
  ) throws -> ProxyConfiguration {
    var configuration = try ProxyConfiguration.all(to: port, timeouts: timeouts)
    configuration.upstreams[0].wireProtocol = .http2
    return configuration
  }

  private static func answer(_ path: String, _ proxy: RunningProxy) async throws -> ClientCall {
    try await HTTP2Client.run(proxy.port) { client in
      let call = try client.call(path)
      try await client.answer(to: call)
      return call
    }
  }

  @Test("An answer whose stream ends in a frame of its own is not taken for a client that gave up")
  func lateEnd() async throws {
    let codes = Mutex<[UInt32]>([])
    let origin = HTTP2Origin.deciding(onClosed: { code in codes.withLock { $0.append(code) } }) {
      $0.map { request in
        .unended([(":status", "200"), ("content-length", "4")], body: Array(request.path.utf8))
      }
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(Self.configuration(origin.port)) { proxy in
        for number in 1...3 {
          let call = try await Self.answer("/ab\(number)", proxy)
          #expect(call.text == "/ab\(number)")
        }
        // The third one ends with the connection.
        while codes.withLock(\.count) < 2 { try await letOthersRun() }
        #expect(codes.withLock { $0.prefix(2).allSatisfy { $0 == 0 } })
      }
      #expect(origin.connections.value == 1 && origin.requests.value == 3)
    }
  }

  @Test("A stream that is reset is not sent again at no cost")
  func resetIsNoClosedConnection() async throws {
    let origin = HTTP2Origin.answering { request in
      request.path == "/reset" ? .reset(HTTP2Code.internalError) : .text("good")
    }
    try await Origin.run(origin) { origin in
      let configuration = try Self.configuration(origin.port).policies(of: "legacy") {
        $0.retries.attempts = 0
      }
      try await RunningProxy.run(configuration) { proxy in
        let good = try await Self.answer("/good", proxy)
        #expect(good.text == "good")
        let reset = try await Self.answer("/reset", proxy)
        #expect(reset.status == 502)
      }
      #expect(origin.requests.value == 2)
    }
  }

  /// Behaves like `first` on its first connection, and answers on every other one.
  private static func firstConnection(_ first: @escaping Origin.Behaviour) -> Origin.Behaviour {
    let connections = Origin.Counter()
    return { connection, requests in
      connections.add()
      let behaviour = connections.value == 1 ? first : HTTP2Origin.answering { .text($0.path) }
      try await behaviour(connection, requests)
    }
  }

  @Test("A connection that leads nowhere any more gets no further exchange")
  func silent() async throws {
    let timeouts = ProxyTimeouts(
      connect: .seconds(1), responseHead: .milliseconds(2500), drain: .seconds(1))
    // Settings come, and then nothing.
    let origin = Self.firstConnection(HTTP2Origin.deciding { _ in [] })
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(Self.configuration(origin.port, timeouts)) { proxy in
        let lost = try await Self.answer("/lost", proxy)
        #expect(lost.status == 504)
        let found = try await Self.answer("/found", proxy)
        #expect(found.text == "/found")
      }
      #expect(origin.connections.value == 2)
    }
  }

  @Test("A connection on which the upstream never greets is given up")
  func mute() async throws {
    let timeouts = ProxyTimeouts(
      connect: .milliseconds(1500), responseHead: .seconds(50), drain: .seconds(1))
    let mute: Origin.Behaviour = { connection, _ in
      while try await connection.receive() { connection.received.clear() }
    }
    try await Origin.run(Self.firstConnection(mute)) { origin in
      try await RunningProxy.run(Self.configuration(origin.port, timeouts)) { proxy in
        let lost = try await Self.answer("/lost", proxy)
        #expect(lost.text == "/lost", "a read is sent again")
        let found = try await Self.answer("/found", proxy)
        #expect(found.text == "/found")
      }
      #expect(origin.connections.value == 2)
    }
  }
}
