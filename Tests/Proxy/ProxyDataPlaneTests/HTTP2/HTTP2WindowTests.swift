// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import NIOCore
import ProxyDataPlane
import ResiliencePolicies
import RoutingDecisions
import Testing

@Suite("HTTP/2 windows", .everyTransport, .timeLimit(.minutes(1)))
struct HTTP2WindowTests {
  /// One request at a time; the others wait in line with what they sent.
  private static func onePlace(_ port: Int) throws -> ProxyConfiguration {
    var configuration = try ProxyConfiguration.all(to: port)
    configuration.upstreams[0].policies.bulkhead = BulkheadRules(
      inFlight: 1, queue: 100, wait: .seconds(50))
    return configuration
  }

  @Test("Uploads that are taken back leave room for others")
  func abandonedUploads() async throws {
    let (gate, open) = AsyncStream.makeStream(of: Void.self)
    let origin: Origin.Behaviour = { connection, requests in
      while let request = try await connection.message() {
        requests.add()
        if request.startLine.contains("first") { for await _ in gate { break } }
        let count = "\(request.body.readableBytes)"
        try await connection.send(
          "HTTP/1.1 200 OK\r\ncontent-length: \(count.utf8.count)\r\n\r\n\(count)")
      }
    }
    let limits = HTTP2Limits()
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(Self.onePlace(origin.port)) { proxy in
        try await HTTP2Client.run(proxy.port) { client in
          try await client.wait { client.engine.mostStreams == 100 }
          let first = try client.call("/first")
          try await client.send()
          while origin.requests.value == 0 { try await Loopback.pause(milliseconds: 5) }
          // Together they fill the window of the connection twice over.
          let body = [UInt8](repeating: 1, count: limits.streamWindow)
          for _ in 0..<(2 * limits.connectionWindow / limits.streamWindow) {
            let call = try client.call("/upload", method: "POST", body: body)
            try await client.send()
            client.engine.reset(call, code: HTTP2Code.cancel)
            try await client.send()
          }
          open.yield()
          try await client.answer(to: first)
          let last = try client.call("/last", method: "POST", body: body + body)
          try await client.answer(to: last)
          #expect(last.text == "\(2 * limits.streamWindow)" && last.closeCode == 0)
        }
      }
    }
  }
}
