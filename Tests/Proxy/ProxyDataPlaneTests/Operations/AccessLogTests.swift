// SPDX-License-Identifier: Apache-2.0

import Foundation
import ResiliencePolicies
import RoutingDecisions
import TLSEngine
import TestCertificates
import Testing

@testable import ProxyDataPlane

@Suite("Access log", .everyTransport, .timeLimit(.minutes(1)))
struct AccessLogTests {
  struct Line: Decodable {
    let time: String
    let client: String
    let status: Int
    let route: String?
    let side: String?
    let bucket: Int?
    let upstream: String?
    let reason: String?
    let duration_ms: Double
    let response_ms: Double?
    let bytes_received: Int
    let bytes_sent: Int
    let retries: Int
    let fallback: Bool
    let method: String?
    let target: String?
    let host: String?
    let user_agent: String?
    let request_id: String?
    let traceparent: String?
    let scheme: String?
    let `protocol`: String?
    let breaker: String?
  }

  /// Runs a proxy that logs to a file, and returns the lines once it has stopped.
  private func lines(
    _ configuration: ProxyConfiguration, sample: Double = 1, query: Bool = true,
    _ body: (RunningProxy, String) async throws -> Void
  ) async throws -> [Line] {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "strangler-log-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "access.log").path
    var configuration = configuration
    configuration.accessLog = AccessLogConfiguration(
      path: file, sample: sample, includesQuery: query)
    try await RunningProxy.run(configuration) { try await body($0, file) }
    return try Self.read(file)
  }

  private static func read(_ file: String) throws -> [Line] {
    let text = try String(contentsOfFile: file, encoding: .utf8)
    return try text.split(separator: "\n").map {
      try JSONDecoder().decode(Line.self, from: Data($0.utf8))
    }
  }

  @Test("Query strings are left out where the setting says so", arguments: [true, false])
  func query(_ isLogged: Bool) async throws {
    let logged = try await Origin.run(Origin.saying("ok")) { origin in
      try await lines(.all(to: origin.port), query: isLogged) { proxy, _ in
        try await Loopback.connect(proxy.port) { client in
          for target in ["/a?token=secret", "/b?", "http://h/c?x=/d"] {
            try await client.send("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await client.message()?.status == 200)
          }
        }
      }
    }
    let expected = isLogged ? ["/a?token=secret", "/b?", "/c?x=/d"] : ["/a", "/b", "/c"]
    #expect(logged.compactMap(\.target) == expected)
  }

  @Test("A line says who asked for what, who answered, and how long it took")
  func fields() async throws {
    try await Origin.run(Origin.saying("hello")) { origin in
      let lines = try await lines(.extracted(origin.port, legacy: 9)) { proxy, _ in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(
            "POST /orders?x=\"1\" HTTP/1.1\r\nHost: shop\r\nUser-Agent: tester\t\"1\"\u{e9}\r\n"
              + "X-Request-Id: r-1\r\nContent-Length: 3\r\n\r\nabc")
          #expect(try await client.message()?.text == "hello")
        }
      }
      let line = try #require(lines.first)
      #expect(lines.count == 1)
      #expect(line.route == "orders")
      #expect(line.side == "extracted")
      #expect(line.upstream == "orders")
      #expect((0..<10_000).contains(line.bucket ?? -1))
      #expect(line.status == 200)
      #expect(line.method == "POST")
      #expect(line.target == "/orders?x=\"1\"")
      #expect(line.host == "shop")
      #expect(line.user_agent == "tester\t\"1\"\u{e9}")
      #expect(line.request_id == "r-1")
      #expect(line.client == "127.0.0.1")
      #expect(line.scheme == "http" && line.protocol == "HTTP/1.1")
      #expect(line.breaker == nil)
      #expect(line.bytes_received == 3)
      #expect(line.bytes_sent == 5)
      #expect(line.retries == 0)
      #expect(!line.fallback)
      #expect(line.duration_ms >= line.response_ms ?? .infinity)
      let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
      let time = try Date(line.time, strategy: style)
      #expect(abs(time.timeIntervalSinceNow) < 3600)
    }
  }

  @Test("What the proxy answers itself is logged with its reason, a fallback as one")
  func ownAnswers() async throws {
    try await Origin.run(Origin.saying("legacy")) { origin in
      // Nobody listens on port 1.
      let lines = try await lines(.extracted(1, legacy: origin.port)) { proxy, _ in
        try await Loopback.connect(proxy.port) { client in
          try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
          #expect(try await client.message()?.text == "legacy")
          try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
          #expect(try await client.message()?.status == 502)
          try await client.send("GET / HTTP/1.1\nHost: a\r\n\r\n")
          #expect(try await client.message()?.status == 400)
        }
      }
      #expect(lines.map(\.status) == [200, 502, 400])
      #expect(lines.map(\.fallback) == [true, false, false])
      #expect(lines.map(\.side) == ["legacy", "extracted", nil])
      #expect(lines.map(\.reason) == [nil, "connect-failed", "bare-line-feed"])
      #expect(lines.last?.method == nil)
    }
  }

  @Test("A stream of HTTP/2 has its line, and says so")
  func streams() async throws {
    let world = try TLSWorld()
    let tls = try TLSClientContext(
      UpstreamTLS(ca: world.authority.file), protocols: [.http2], key: "client")
    try await Origin.run(Origin.saying("hello")) { origin in
      let configuration = try ProxyConfiguration.all(to: origin.port).listening(world.listener())
      let lines = try await lines(configuration) { proxy, _ in
        try await Loopback.connect(proxy.port, tls: tls) { connection in
          let client = try HTTP2Client(connection)
          let call = try client.call(
            "/a?b", method: "POST", [("user-agent", "tester"), ("content-length", "3")],
            body: [1, 2, 3])
          try await client.answer(to: call)
          let refused = try client.call("/a/../b")
          try await client.answer(to: refused)
        }
      }
      #expect(lines.map(\.status) == [200, 400])
      let line = try #require(lines.first)
      #expect(line.scheme == "https" && line.protocol == "HTTP/2")
      #expect(line.method == "POST" && line.target == "/a?b" && line.host == "shop.test")
      #expect(line.user_agent == "tester" && line.client == "127.0.0.1")
      #expect(line.bytes_received == 3 && line.bytes_sent == 5)
      #expect(lines.last?.reason == "ambiguous-path")
    }
  }

  @Test("A request that an open breaker kept away says so")
  func breaker() async throws {
    let configuration = try ProxyConfiguration.all(to: 1).policies(of: "legacy") {
      $0.breaker = .rules(BreakerRules(trip: .consecutive(failures: 1), open: .seconds(3600)))
    }
    let lines = try await lines(configuration) { proxy, _ in
      try await Loopback.connect(proxy.port) { client in
        for _ in 0..<2 {
          try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
          _ = try await client.message()
        }
      }
    }
    #expect(lines.map(\.reason) == ["connect-failed", "circuit-open"])
    #expect(lines.last?.breaker == "open")
  }

  @Test("A quarter is a quarter")
  func sample() async throws {
    try await Origin.run(Origin.saying("")) { origin in
      let lines = try await lines(.all(to: origin.port), sample: 0.25) { proxy, _ in
        try await Loopback.connect(proxy.port) { client in
          for _ in 0..<40 {
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await client.message()
          }
        }
      }
      #expect(lines.count == 10)
    }
  }

  @Test("After a rename the next lines go to a file of the old name")
  func reopen() async throws {
    try await Origin.run(Origin.saying("")) { origin in
      let lines = try await lines(.all(to: origin.port)) { proxy, file in
        try await Loopback.connect(proxy.port) { client in
          for target in ["/before", "/after"] {
            try await client.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await client.message()
            if target == "/before" {
              try FileManager.default.moveItem(atPath: file, toPath: file + ".1")
              proxy.server.reopenAccessLog()
              // The file comes into being on the log's own thread.
              while !FileManager.default.fileExists(atPath: file) { try await letOthersRun() }
              #expect(try Self.read(file + ".1").map(\.target) == ["/before"])
            }
          }
        }
      }
      #expect(lines.map(\.target) == ["/after"])
    }
  }

  @Test("A file that cannot be written is named before anything is bound")
  func unwritable() throws {
    var configuration = try ProxyConfiguration.all(to: 9)
    configuration.accessLog = AccessLogConfiguration(path: "/nowhere/at/all/access.log")
    let error = #expect(throws: ProxyServerError.self) {
      try ProxyServer(configuration: configuration)
    }
    #expect(error?.code == .accessLogFailed)
    #expect(error?.message.contains("/nowhere/at/all/access.log: No such file") == true)
  }

  @Test("A full queue costs lines, which are counted, and no time")
  func fullQueue() {
    let queue = ObservationQueue()
    let record = [UInt8](repeating: 120, count: 1000)
    var taken = 0
    while queue.offer(record) { taken += 1 }
    #expect(taken == ObservationQueue.limit / 1000)
    #expect(queue.take().count == taken)
    #expect(queue.offer(record))
  }
}
