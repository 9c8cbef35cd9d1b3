// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import NIOCore
import ProxyDataPlane
import ResiliencePolicies
import RoutingDecisions
import Testing

/// A proxy that keeps as much as it may answers at once, and serves again when there is room.
@Suite("Memory for what waits", .everyTransport, .timeLimit(.minutes(1)))
struct MemoryTests {
  private static let limit = 1 << 20

  /// One request at a time; the others wait in line with what they sent.
  private static func configuration(_ port: Int) throws -> ProxyConfiguration {
    var configuration = try ProxyConfiguration.all(to: port, limits: ProxyLimits(memory: limit))
      .policies(of: "legacy") {
        $0.bulkhead = BulkheadRules(inFlight: 1, queue: 100, wait: .seconds(50))
      }
    configuration.limits.http2.connectionWindow = 2 << 20
    return configuration
  }

  private static func origin(_ gate: Gate) -> Origin.Behaviour {
    { connection, requests in
      while let request = try await connection.message() {
        requests.add()
        await gate.wait()
        let text = "\(request.body.readableBytes)"
        try await connection.send(
          "HTTP/1.1 200 OK\r\ncontent-length: \(text.utf8.count)\r\n\r\n\(text)")
      }
    }
  }

  @Test func `new requests are answered 503 while too much waits`() async throws {
    let gate = Gate()
    let body = [UInt8](repeating: 1, count: HTTP2Limits().streamWindow)
    try await Origin.run(Self.origin(gate)) { origin in
      try await RunningProxy.run(Self.configuration(origin.port)) { proxy in
        let memory = proxy.server.counters.memory
        #expect(memory.limit == Self.limit)
        try await HTTP2Client.run(proxy.port) { client in
          // Whoever was answered has heard of the windows, too.
          try await client.answer(to: try client.call("*", method: "OPTIONS"))
          let first = try client.call("/first")
          try await client.send()
          while origin.requests.value == 0 { try await letOthersRun() }
          let uploads = try (0..<6).map { _ in try client.call("/", method: "POST", body: body) }
          try await client.send()
          while memory.current < Self.limit { try await letOthersRun() }
          try await Self.expectsRefusal(proxy)
          let late = try client.call("/late")
          try await client.answer(to: late)
          #expect(late.status == 503 && late.text.contains("\"reason\":\"memory\""))
          #expect(late.head["retry-after"] == "1")
          gate.open()
          try await client.wait { first.isDone && uploads.allSatisfy(\.isDone) }
          for upload in uploads { #expect(upload.text == "\(body.count)") }
        }
        while memory.current > 0 { try await letOthersRun() }
        #expect(memory.peak >= Self.limit)
        try await Loopback.connect(proxy.port) { client in
          try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
          #expect(try await client.message()?.text == "0")
        }
        let refused = proxy.server.counters.snapshot().rejections.first { $0.reason == "memory" }
        #expect(refused?.count == 2)
      }
    }
  }

  /// What the client has not read stays small in memory, and others do not suffer from it: the
  /// answers that they get meanwhile are the clock by which the flood would have been taken.
  @Test(arguments: ["OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"])
  func `who asks without end and reads nothing is not read either`(_ request: String) async throws {
    let flood = ByteBuffer(string: String(repeating: request, count: 200_000))
    try await Origin.run(Origin.saying("well")) { origin in
      var configuration = try ProxyConfiguration.all(to: origin.port)
      configuration.workers = 1
      try await RunningProxy.run(configuration) { proxy in
        let memory = proxy.server.counters.memory
        try await Loopback.connect(
          proxy.port,
          prepare: { channel in
            try channel.syncOptions?.setOption(.autoRead, value: false)
            try channel.syncOptions?.setOption(.socketOption(.so_rcvbuf), value: 4096)
          }
        ) { client in
          let sender = client.sender
          async let sent: Void? = try? sender.send(flood)
          try await Loopback.connect(proxy.port) { other in
            for _ in 0..<300 {
              try await other.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
              #expect(try await other.message()?.text == "well")
            }
          }
          #expect(memory.peak < 2 << 20)
          try await client.reset()
          await sent
        }
        while memory.current > 0 { try await letOthersRun() }
      }
    }
  }

  @Test func `who asks for much and reads late gets every answer`() async throws {
    let count = 3_000
    try await Origin.run(Origin.saying("well")) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          let asked = String(
            repeating: "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            count: count / 2)
          try await client.send(asked)
          for number in 0..<count {
            let answer = try #require(try await client.message())
            #expect(answer.text == (number.isMultiple(of: 2) ? "" : "well"))
          }
        }
      }
    }
  }

  private static func expectsRefusal(_ proxy: RunningProxy) async throws {
    try await Loopback.connect(proxy.port) { client in
      try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
      let answer = try #require(try await client.message())
      #expect(answer.status == 503 && answer.text.contains("\"reason\":\"memory\""))
      #expect(answer.value("retry-after") == "1")
    }
  }

  @Test func `what a slow reader leaves is counted, and forgotten with it`() async throws {
    let length = 32 << 20
    let large: Origin.Behaviour = { connection, _ in
      _ = try await connection.message()
      try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: \(length)\r\n\r\n")
      try await connection.send(ByteBuffer(repeating: 1, count: length))
    }
    try await Origin.run(large) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        let memory = proxy.server.counters.memory
        try await Loopback.connect(
          proxy.port,
          prepare: { channel in try channel.syncOptions?.setOption(.autoRead, value: false) }
        ) { client in
          try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
          while memory.current == 0 { try await letOthersRun() }
        }
        while memory.current > 0 { try await letOthersRun() }
        #expect(memory.peak < 2 << 20)
      }
    }
  }
}
