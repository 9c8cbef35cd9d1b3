// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import NIOCore
import RoutingDecisions
import Testing

@Suite("HTTP/2 upstreams", .everyTransport, .timeLimit(.minutes(1)))
struct HTTP2UpstreamTests {
  private static func configuration(_ port: Int) throws -> ProxyConfiguration {
    var configuration = try ProxyConfiguration.all(to: port)
    configuration.upstreams[0].wireProtocol = .http2
    return configuration
  }

  private static let echo = HTTP2Origin.answering { request in
    let lines = request.fields.map { "\($0): \($1)" }.joined(separator: "\n")
    return .answer(
      [(":status", "200"), ("x-number", "\(request.number)")],
      body: Array((lines + "\n").utf8) + request.body,
      trailers: [])
  }

  @Test("A client of HTTP/1.1 is answered by an origin that speaks HTTP/2 only")
  func translation() async throws {
    try await Origin.run(Self.echo) { origin in
      try await RunningProxy.run(Self.configuration(origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          for number in 0..<3 {
            try await client.send(
              "POST /a?b HTTP/1.1\r\nHost: shop.test\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nhi")
            let answer = try #require(try await client.message())
            #expect(answer.status == 200 && answer.value("x-number") == "\(number)")
            #expect(answer.value("via") == "2.0 strangler")
            let lines = answer.text.split(separator: "\n")
            #expect(lines.contains(":method: POST") && lines.contains(":path: /a?b"))
            #expect(lines.contains(":authority: shop.test") && lines.contains("x-a: 1"))
            #expect(lines.contains("content-length: 2") && lines.contains("te: trailers"))
            #expect(!lines.contains { $0.hasPrefix("connection") || $0.hasPrefix("host") })
            #expect(answer.text.hasSuffix("hi"))
          }
        }
        #expect(origin.connections.value == 1)
      }
    }
  }

  @Test("Large bodies pass both ways")
  func largeBodies() async throws {
    let body = (0..<1_500_000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    let mirror = HTTP2Origin.answering {
      .answer([(":status", "200")], body: $0.body, trailers: [])
    }
    try await Origin.run(mirror) { origin in
      try await RunningProxy.run(Self.configuration(origin.port)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          let call = try client.call("/", method: "POST", body: body)
          try await client.answer(to: call)
          #expect(call.body == body && call.closeCode == 0)
        }
      }
    }
  }

  @Test("A gRPC call passes with its trailers, from HTTP/2 to HTTP/2")
  func grpc() async throws {
    let service = HTTP2Origin.answering { request in
      let isCall = request.value("content-type") == "application/grpc" && request.value("te") != nil
      return request.path == "/shop.Orders/Fail"
        ? .answer(
          [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "5")],
          body: nil, trailers: [])
        : .answer(
          [(":status", "200"), ("content-type", "application/grpc")], body: request.body,
          trailers: [("grpc-status", isCall ? "0" : "13"), ("grpc-message", "fine")])
    }
    try await Origin.run(service) { origin in
      try await RunningProxy.run(Self.configuration(origin.port)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          let fields = [("content-type", "application/grpc"), ("te", "trailers")]
          let message: [UInt8] = [0, 0, 0, 0, 3, 1, 2, 3]
          let call = try client.call("/shop.Orders/Get", method: "POST", fields, body: message)
          let failing = try client.call("/shop.Orders/Fail", method: "POST", fields, body: message)
          try await client.wait { call.isDone && failing.isDone }
          #expect(call.body == message && call.head["content-type"] == "application/grpc")
          #expect(call.trailers == ["grpc-status": "0", "grpc-message": "fine"])
          #expect(failing.head["grpc-status"] == "5" && failing.body.isEmpty)
        }
      }
    }
  }

  @Test("A refused stream is asked again, whatever its method")
  func refused() async throws {
    let origin = HTTP2Origin.answering { request in
      request.number == 0 ? .reset(HTTP2Code.refusedStream) : .text("second")
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(Self.configuration(origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          // Each new connection refuses its first stream; the third attempt is the last.
          try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
          let answer = try #require(try await client.message())
          #expect(answer.status == 502 && answer.text.contains("refused-stream"))
        }
        #expect(origin.requests.value == 3)
      }
    }
  }

  @Test("A connection that ends lets its request go to another one")
  func goAway() async throws {
    let seen = Origin.Counter()
    let origin = HTTP2Origin.answering { _ in
      seen.add()
      return seen.value == 1 ? .goAway : .text("second")
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(Self.configuration(origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
          #expect(try await client.message()?.text == "second")
        }
        #expect(origin.connections.value == 2)
      }
    }
  }

  @Test("An answer that is cut is no answer")
  func resetByOrigin() async throws {
    let origin = HTTP2Origin.answering { _ in .reset(HTTP2Code.internalError) }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(Self.configuration(origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
          let answer = try #require(try await client.message())
          #expect(answer.status == 502 && answer.text.contains("closed-before-response"))
        }
        #expect(origin.requests.value == 1)
      }
    }
  }

  @Test("An origin that does not speak HTTP/2 is an upstream that fails")
  func wrongProtocol() async throws {
    try await Origin.run(Origin.saying("plain")) { origin in
      try await RunningProxy.run(Self.configuration(origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
          #expect(try await client.message()?.status == 502)
        }
      }
    }
  }
}
