// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyDataPlane
import RoutingDecisions
import Testing

/// Connections that always have something to read do not keep the others waiting.
@Suite("Floods", .everyTransport, .timeLimit(.minutes(1)))
struct FloodTests {
  /// More than any of these tests could ever move.
  private static let endless = 1 << 50
  private static let block = ByteBuffer(repeating: 0x61, count: 1 << 20)

  private static let origin: Origin.Behaviour = { connection, requests in
    while let request = try await head(of: connection) {
      if request.hasPrefix("GET /flood") {
        try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: \(endless)\r\n\r\n")
        while true {
          try await connection.send(block)
          requests.add()
        }
      } else if request.hasPrefix("POST /flood") {
        while try await connection.receive() {
          requests.add()
          connection.received.clear()
        }
      }
      try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
    }
  }

  /// Reads up to the end of a head, and leaves what follows.
  private static func head(of connection: WireConnection) async throws -> String? {
    while true {
      let text = String(buffer: connection.received)
      if let end = text.firstRange(of: "\r\n\r\n") {
        let head = String(text[..<end.lowerBound])
        connection.received.moveReaderIndex(forwardBy: head.utf8.count + 4)
        return head
      }
      if try await !connection.receive() { return nil }
    }
  }

  private static func configuration(_ port: Int) throws -> ProxyConfiguration {
    var configuration = try ProxyConfiguration.all(to: port)
    // All of it on one thread.
    configuration.workers = 1
    configuration.limits.requestBody = endless
    return configuration
  }

  private static func flood(_ method: String, _ port: Int) async throws {
    try await Loopback.connect(port) { client in
      if method == "GET" {
        try await client.send("GET /flood HTTP/1.1\r\nHost: a\r\n\r\n")
        while try await client.receive() { client.received.clear() }
      } else {
        try await client.send(
          "POST /flood HTTP/1.1\r\nHost: a\r\nContent-Length: \(endless)\r\n\r\n")
        while true {
          try Task.checkCancellation()
          try await client.send(block)
        }
      }
    }
  }

  @Test("Small requests are answered beside bodies that never end", arguments: ["GET", "POST"])
  func floods(method: String) async throws {
    try await Origin.run(Self.origin) { origin in
      try await RunningProxy.run(Self.configuration(origin.port)) { proxy in
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<3 { group.addTask { try? await Self.flood(method, proxy.port) } }
          while origin.requests.value < 100 { try await letOthersRun() }
          try await Loopback.connect(proxy.port) { client in
            for _ in 0..<50 {
              try await client.send("GET /small HTTP/1.1\r\nHost: a\r\n\r\n")
              #expect(try await client.message()?.text == "ok")
            }
          }
          let moved = origin.requests.value
          while origin.requests.value < moved + 10 { try await letOthersRun() }
          group.cancelAll()
        }
      }
    }
  }
}
