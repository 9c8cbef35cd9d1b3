// SPDX-License-Identifier: Apache-2.0

import ProxyDataPlane
import RoutingDecisions
import Testing

@Suite("Trailers on the wire", .everyTransport, .timeLimit(.minutes(1)))
struct TrailerTests {
  /// Sends the trailers it got back behind its own answer.
  private static let echo = Origin.answering { request in
    let lines = request.trailers.map { $0 + "\r\n" }.joined()
    return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nx-te: \(request.value("te") ?? "none")"
      + "\r\n\r\n4\r\nbody\r\n0\r\n\(lines)Set-Cookie: a=b\r\n\r\n"
  }

  private static func request(_ fields: String, _ trailers: String) -> String {
    "POST / HTTP/1.1\r\nHost: a\r\n\(fields)Transfer-Encoding: chunked\r\n\r\n"
      + "3\r\nabc\r\n0\r\n\(trailers)\r\n"
  }

  @Test("Trailers pass both ways when the client takes them")
  func negotiated() async throws {
    try await Origin.run(Self.echo) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          let trailers = "X-Sum: 1\r\nHost: b\r\nX-End: 2\r\n"
          for _ in 0..<2 {
            try await client.send(Self.request("TE: trailers\r\n", trailers))
            let answer = try #require(try await client.message())
            #expect(answer.text == "body")
            #expect(answer.value("x-te") == "trailers")
            #expect(answer.trailers == ["X-Sum: 1", "X-End: 2"])
          }
          // Byte by byte: the section is read once it is whole.
          for byte in Self.request("TE: trailers\r\n", trailers).utf8 {
            try await client.send(String(UnicodeScalar(byte)))
          }
          #expect(try await client.message()?.trailers == ["X-Sum: 1", "X-End: 2"])
        }
      }
      #expect(origin.connections.value == 1)
    }
  }

  @Test("A stranger's internal fields are removed behind the body too, however they are spelt")
  func internalFields() async throws {
    try await Origin.run(Self.echo) { origin in
      var configuration = try ProxyConfiguration.all(to: origin.port)
      configuration.internalHeaders = ["X-User-Role"]
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port) { client in
          let trailers = "X-Sum: 1\r\nX-User-Role: admin\r\nx_user_role: admin\r\nX-End: 2\r\n"
          try await client.send(Self.request("TE: trailers\r\n", trailers))
          #expect(try await client.message()?.trailers == ["X-Sum: 1", "X-End: 2"])
        }
      }
    }
  }

  @Test("A client that did not ask for trailers gets none")
  func notNegotiated() async throws {
    try await Origin.run(Self.echo) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(Self.request("", "X-Sum: 1\r\n"))
          let answer = try #require(try await client.message())
          #expect(answer.text == "body")
          #expect(answer.value("x-te") == "none")
          #expect(answer.trailers == [])
        }
      }
    }
  }

  @Test("Trailers over the limit are 431, and the origin never gets the end of the request")
  func tooLarge() async throws {
    try await Origin.run(Self.echo) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          let large = "X: " + String(repeating: "x", count: 20 << 10) + "\r\n"
          try await client.send(Self.request("", large))
          let answer = try #require(try await client.message())
          #expect(answer.status == 431)
          #expect(answer.text.contains("trailers-too-large"))
        }
      }
      while origin.connections.value == 0 { try await letOthersRun() }
      #expect(origin.requests.value == 0)
    }
  }
}
