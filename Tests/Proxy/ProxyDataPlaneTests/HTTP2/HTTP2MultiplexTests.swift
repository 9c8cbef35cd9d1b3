// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import NIOCore
import ProxyDataPlane
import RoutingDecisions
import Synchronization
import Testing

@Suite("Exchanges that share a connection", .everyTransport, .timeLimit(.minutes(1)))
struct HTTP2MultiplexTests {
  private static func configuration(
    _ port: Int, _ change: (inout ProxyLimits) -> Void = { _ in }
  ) throws -> ProxyConfiguration {
    var limits = ProxyLimits()
    change(&limits)
    var configuration = try ProxyConfiguration.all(to: port, limits: limits)
    configuration.upstreams[0].wireProtocol = .http2
    return configuration
  }

  /// Replies once so many requests wait on one connection.
  private static func gathering(
    _ count: Int, _ replies: @escaping @Sendable ([OriginRequest]) -> [OriginReply?]
  ) -> Origin.Behaviour {
    HTTP2Origin.deciding { $0.count < count ? [] : replies($0) }
  }

  private static func echo(_ requests: [OriginRequest]) -> [OriginReply?] {
    requests.map { .text($0.path) }
  }

  @Test("Many go over one connection at a time, and each gets its own answer")
  func concurrent() async throws {
    try await Origin.run(Self.gathering(50, Self.echo)) { origin in
      try await RunningProxy.run(Self.configuration(origin.port)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          let calls = try (0..<50).map {
            try client.call("/\($0)", method: "POST", body: [UInt8](repeating: 1, count: 1000))
          }
          try await client.wait { calls.allSatisfy(\.isDone) }
          for (index, call) in calls.enumerated() { #expect(call.text == "/\(index)") }
        }
        #expect(proxy.server.counters.snapshot().upstreamsOpened == 1)
      }
      #expect(origin.connections.value == 1)
    }
  }

  @Test("A full connection is joined by another one")
  func further() async throws {
    let gate = Gate()
    let origin = HTTP2Origin.deciding { requests in
      await gate.wait()
      return Self.echo(requests)
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(Self.configuration(origin.port) { $0.upstreamStreams = 2 }) {
        proxy in
        try await HTTP2Client.run(proxy.port) { client in
          let calls = try (0..<4).map { try client.call("/\($0)") }
          try await client.send()
          while proxy.server.counters.snapshot().upstreamsOpened < 2 { try await letOthersRun() }
          gate.open()
          try await client.wait { calls.allSatisfy(\.isDone) }
          for (index, call) in calls.enumerated() { #expect(call.text == "/\(index)") }
        }
      }
      #expect(origin.connections.value == 2)
    }
  }

  @Test("An upstream that takes one stream at a time gets one at a time")
  func oneStream() async throws {
    var limits = HTTP2Limits()
    limits.concurrentStreams = 1
    let most = Mutex(0)
    let origin = HTTP2Origin.deciding(limits) { requests in
      most.withLock { $0 = max($0, requests.count) }
      return Self.echo(requests)
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(Self.configuration(origin.port) { $0.upstreamConnections = 1 }) {
        proxy in
        try await HTTP2Client.run(proxy.port) { client in
          let calls = try (0..<20).map { try client.call("/\($0)") }
          try await client.wait { calls.allSatisfy(\.isDone) }
          for (index, call) in calls.enumerated() { #expect(call.text == "/\(index)") }
        }
      }
      #expect(origin.connections.value == 1 && origin.requests.value == 20)
      #expect(most.withLock(\.self) == 1)
    }
  }

  @Test("A connection that ends finishes what it took, and the rest goes to another one")
  func goAway() async throws {
    let connections = Origin.Counter()
    let origin: Origin.Behaviour = { connection, requests in
      connections.add()
      let isFirst = connections.value == 1
      let behaviour =
        isFirst
        ? Self.gathering(5) {
          [.text("first \($0[0].path)"), .text("first \($0[1].path)"), .goAway, nil, nil]
        }
        : HTTP2Origin.answering { .text("second \($0.path)") }
      try await behaviour(connection, requests)
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(Self.configuration(origin.port)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          // Writes: only what was not looked at may be sent again.
          let calls = try (0..<5).map { try client.call("/\($0)", method: "POST", body: [1]) }
          try await client.wait { calls.allSatisfy(\.isDone) }
          let texts = calls.map(\.text).sorted()
          #expect(texts.filter { $0.hasPrefix("first ") }.count == 2)
          #expect(texts.filter { $0.hasPrefix("second ") }.count == 3)
          #expect(Set(texts.map { $0.suffix(2) }).count == 5)
        }
        // The first connection is of no further use.
        while proxy.server.counters.snapshot().upstreamsOpen > 1 { try await letOthersRun() }
      }
      #expect(origin.connections.value == 2)
    }
  }

  @Test("A stream that its upstream breaks off fails alone")
  func reset() async throws {
    let origin = Self.gathering(3) { requests in
      requests.map { $0.path == "/1" ? .reset(HTTP2Code.internalError) : .text($0.path) }
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(Self.configuration(origin.port)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          let calls = try (0..<3).map { try client.call("/\($0)", method: "POST", body: [1]) }
          try await client.wait { calls.allSatisfy(\.isDone) }
          #expect(calls[0].text == "/0" && calls[2].text == "/2")
          #expect(calls[1].status == 502 && calls[1].text.contains("closed-before-response"))
        }
      }
      #expect(origin.connections.value == 1)
    }
  }

  @Test("A client that leaves takes its own stream with it and no other")
  func abandoned() async throws {
    let origin = HTTP2Origin.deciding { requests in
      requests.map { $0.path == "/never" ? nil : .text($0.path) }
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(Self.configuration(origin.port)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          let never = try client.call("/never")
          try await client.send()
          while origin.requests.value == 0 { try await letOthersRun() }
          client.engine.reset(never, code: HTTP2Code.cancel)
          for number in 0..<3 {
            let call = try client.call("/\(number)")
            try await client.answer(to: call)
            #expect(call.text == "/\(number)")
          }
        }
      }
      #expect(origin.connections.value == 1)
    }
  }

  @Test("Answers that nobody takes fill their own windows, and hold no other answer up")
  func windows() async throws {
    let large = [UInt8](repeating: 1, count: 1 << 20)
    let origin = HTTP2Origin.answering { request in
      request.path == "/large"
        ? .answer([(":status", "200")], body: large, trailers: []) : .text("small")
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(Self.configuration(origin.port)) { proxy in
        try await HTTP2Client.run(proxy.port) { slow in
          // More of them than the connection to the upstream has room for.
          let calls = try (0..<10).map { _ in try slow.call("/large") }
          for call in calls { call.mostTaken = 0 }
          try await slow.wait { calls.reduce(0) { $0 + $1.body.count } >= 1 << 20 }
          try await HTTP2Client.run(proxy.port) { quick in
            for _ in 0..<5 {
              let call = try quick.call("/small")
              try await quick.answer(to: call)
              #expect(call.text == "small")
            }
          }
          // Once they are taken they go on.
          for call in calls {
            call.mostTaken = .max
            call.takeAll()
          }
          try await slow.wait { calls.allSatisfy(\.isDone) }
          #expect(calls.allSatisfy { $0.body == large })
        }
      }
      #expect(origin.connections.value == 1)
    }
  }

  @Test("A connection that nobody needs is closed")
  func idle() async throws {
    try await Origin.run(HTTP2Origin.answering { .text($0.path) }) { origin in
      var configuration = try Self.configuration(origin.port)
      configuration.timeouts.upstreamKeepAlive = .milliseconds(50)
      try await RunningProxy.run(configuration) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          try await client.answer(to: try client.call("/"))
          while proxy.server.counters.snapshot().upstreamsOpen > 0 { try await letOthersRun() }
          let again = try client.call("/again")
          try await client.answer(to: again)
          #expect(again.text == "/again")
        }
      }
      #expect(origin.connections.value == 2)
    }
  }
}
