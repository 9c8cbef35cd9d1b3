// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Programs that others wrote, where this machine has them.
@Suite("HTTP/2 with clients of others", .everyTransport, .timeLimit(.minutes(2)))
struct RealClientTests {
  private static func path(_ program: String) -> String? {
    ["/usr/bin/", "/usr/local/bin/", "/opt/homebrew/bin/"].map { $0 + program }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  private static func run(_ path: String, _ arguments: [String]) async throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    let (ends, ended) = AsyncStream.makeStream(of: Void.self)
    process.terminationHandler = { _ in ended.finish() }
    try process.run()
    for await _ in ends {}
    return String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }

  @Test("curl, by prior knowledge", .enabled(if: path("curl") != nil))
  func curl() async throws {
    let curl = try #require(Self.path("curl"))
    let echo = Origin.answering { request in
      let text = "\(request.startLine)|\(request.text)"
      return "HTTP/1.1 200 OK\r\ncontent-length: \(text.utf8.count)\r\n\r\n\(text)"
    }
    try await Origin.run(echo) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        let common = [
          "-sS", "-m", "30", "--http2-prior-knowledge", "-w", " %{http_version} %{http_code}",
        ]
        let get = try await Self.run(curl, common + ["http://127.0.0.1:\(proxy.port)/a?b=1"])
        #expect(get == "GET /a?b=1 HTTP/1.1| 2 200")
        let post = try await Self.run(
          curl, common + ["-d", "x=1", "http://127.0.0.1:\(proxy.port)/a"])
        #expect(post == "POST /a HTTP/1.1|x=1 2 200")
      }
    }
  }

  @Test("h2load, many streams on many connections", .enabled(if: path("h2load") != nil))
  func load() async throws {
    let load = try #require(Self.path("h2load"))
    try await Origin.run(Origin.saying("ok")) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        let report = try await Self.run(
          load, ["-n", "400", "-c", "4", "-m", "10", "http://127.0.0.1:\(proxy.port)/a"])
        #expect(report.contains("400 succeeded, 0 failed, 0 errored"), "\(report)")
        #expect(origin.requests.value == 400)
      }
    }
  }
}
