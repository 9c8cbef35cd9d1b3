// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import NIOCore
import ProxyDataPlane
import RoutingDecisions
import Testing

@Suite("Trailers of requests over HTTP/2", .everyTransport, .timeLimit(.minutes(1)))
struct HTTP2TrailerTests {
  /// Answers with the trailers that came.
  private static let echo = HTTP2Origin.answering { request in
    .text(
      request.trailers.joined(separator: "\n") + "\n"
        + String(decoding: request.body, as: UTF8.self))
  }

  private static let fields = [
    ("x-sum", "1"), ("host", "b"), ("x-user-role", "admin"), ("authorization", "a"), ("x-end", "2"),
  ]

  private static func configuration(_ port: Int, h2: Bool) throws -> ProxyConfiguration {
    var configuration = try ProxyConfiguration.all(to: port)
    configuration.internalHeaders = ["X-User-Role"]
    if h2 { configuration.upstreams[0].wireProtocol = .http2 }
    return configuration
  }

  @Test("From HTTP/1.1 they reach an HTTP/2 upstream, those that may pass", arguments: [3, 40_000])
  func toHTTP2(length: Int) async throws {
    let body = String(repeating: "x", count: length)
    let lines = Self.fields.map { "\($0): \($1)\r\n" }.joined()
    try await Origin.run(Self.echo) { origin in
      try await RunningProxy.run(Self.configuration(origin.port, h2: true)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          for _ in 0..<2 {
            try await client.send(
              "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "\(String(length, radix: 16))\r\n\(body)\r\n0\r\n\(lines)\r\n")
            #expect(try await client.message()?.text == "x-sum: 1\nx-end: 2\n\(body)")
          }
        }
      }
    }
  }

  @Test("From HTTP/2 they reach an HTTP/2 upstream", arguments: [0, 3, 40_000])
  func endToEnd(length: Int) async throws {
    let body = [UInt8](repeating: 120, count: length)
    try await Origin.run(Self.echo) { origin in
      try await RunningProxy.run(Self.configuration(origin.port, h2: true)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          let call = try client.call("/", method: "POST", body: body, trailers: Self.fields)
          try await client.answer(to: call)
          #expect(call.text == "x-sum: 1\nx-end: 2\n" + String(decoding: body, as: UTF8.self))
        }
      }
    }
  }

  @Test("From HTTP/2 they reach an HTTP/1.1 upstream behind the last chunk")
  func toHTTP1() async throws {
    let origin = Origin.answering { request in
      let text = request.trailers.joined(separator: "\n")
      return "HTTP/1.1 200 OK\r\ncontent-length: \(text.utf8.count)\r\n\r\n\(text)"
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(Self.configuration(origin.port, h2: false)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          let call = try client.call("/", method: "POST", body: [1], trailers: Self.fields)
          try await client.answer(to: call)
          #expect(call.text == "x-sum: 1\nx-end: 2")
          // A body with a length has no place for them.
          let sized = try client.call(
            "/", method: "POST", [("content-length", "1")], body: [1], trailers: Self.fields)
          try await client.answer(to: sized)
          #expect(sized.status == 200 && sized.text.isEmpty)
        }
      }
    }
  }

  @Test("More of them than the limit is 431")
  func tooLarge() async throws {
    let large = [("x", String(repeating: "x", count: 20 << 10))]
    try await Origin.run(Self.echo) { origin in
      try await RunningProxy.run(Self.configuration(origin.port, h2: true)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          let call = try client.call("/", method: "POST", body: [1], trailers: large)
          try await client.answer(to: call)
          #expect(call.status == 431 && call.text.contains("trailers-too-large"))
        }
      }
      #expect(origin.requests.value == 0)
    }
  }
}
