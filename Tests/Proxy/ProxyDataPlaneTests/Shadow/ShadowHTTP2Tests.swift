// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import NIOCore
import ProxyDataPlane
import RoutingDecisions
import ShadowComparison
import Testing

@Suite("Shadow: HTTP/2", .everyTransport, .timeLimit(.minutes(1)))
struct ShadowHTTP2Tests {
  private static let echo: Origin.Behaviour = Origin.answering { message in
    let size = String(message.body.readableBytes, radix: 16)
    return "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
      + "\(size)\r\n\(message.text)\r\n0\r\nx-end: 1\r\n\r\n"
  }

  private static let echo2 = HTTP2Origin.answering { request in
    .answer([(":status", "200")], body: request.body, trailers: [])
  }

  @Test("Streams of a client of HTTP/2 have shadows like requests of a connection")
  func clients() async throws {
    let body = [UInt8](repeating: 97, count: 100_000)
    for speaksHTTP2 in [false, true] {
      try await Origin.run(Self.echo) { old in
        try await Origin.run(speaksHTTP2 ? Self.echo2 : Self.echo) { new in
          var configuration = try ProxyConfiguration.shadowed(
            legacy: old.port, extracted: new.port, ShadowConfiguration(includesWrites: true),
            isSandbox: true)
          if speaksHTTP2 { configuration.upstreams[1].wireProtocol = .http2 }
          try await RunningProxy.run(configuration) { proxy in
            try await HTTP2Client.run(proxy.port) { client in
              let calls = try (0..<10).map { number in
                let fields = number.isMultiple(of: 2) ? [("content-length", "100000")] : []
                return try client.call("/\(number)", method: "POST", fields, body: body)
              }
              try await client.wait { calls.allSatisfy(\.isDone) }
              #expect(calls.allSatisfy { $0.body == body && $0.status == 200 })
            }
            try await proxy.waits { $0.outcomes == [.matched: 10] }
            #expect(proxy.shadow?.tally.drops == [:])
          }
        }
      }
    }
  }

  @Test("A shadow that fails each of its streams costs no stream of a client")
  func failingStreams() async throws {
    let failing = BadShadow.garbage.behaviour
    try await Origin.run(Origin.saying("old")) { old in
      try await Origin.run(failing) { new in
        var configuration = try ProxyConfiguration.shadowed(
          legacy: old.port, extracted: new.port, ShadowConfiguration())
        configuration.upstreams[1].wireProtocol = .http2
        try await RunningProxy.run(configuration) { proxy in
          try await HTTP2Client.run(proxy.port) { client in
            let calls = try (0..<50).map { try client.call("/\($0)") }
            try await client.wait { calls.allSatisfy(\.isDone) }
            #expect(calls.allSatisfy { $0.text == "old" })
          }
          try await proxy.shadowsEnd()
          #expect(proxy.shadow?.tally.ended == 50)
          #expect(proxy.shadow?.tally.outcomes[.matched] == nil)
        }
      }
    }
  }
}
