// SPDX-License-Identifier: Apache-2.0
import Foundation
import SchemaValidation
import Testing

/// Which code of the shop may go, as the command tells it.
@Suite("Retire command", .timeLimit(.minutes(3)))
struct RetireCommandTests {
  private static var shop: String {
    Repository.root.appending(path: "fixtures/shop-monolith").path(percentEncoded: false)
  }

  private let scratch: Scratch
  private let baseline: String

  init() async throws {
    scratch = try Scratch()
    baseline = scratch.path + "/boundaries.json"
    let written = try await Executable.strangler.run([
      "analyze", "check", Self.shop, "--write-baseline", baseline, "--no-git",
    ])
    #expect(written.exitCode == 0, "\(written.errors)")
  }

  /// Reports go to a service of their own by `sides`.
  private func configuration(_ sides: String) throws -> String {
    try scratch.write(
      """
      upstreams:
        legacy: { endpoints: [127.0.0.1:9001] }
        reporting: { endpoints: [127.0.0.1:9002] }
      routes:
        - { name: reports, match: { path: /reports/** }, \(sides) }
        - { name: old, match: { path: /old/** }, legacy: legacy, extracted: reporting }
        - { name: rest, match: { path: /** }, legacy: legacy }
      """, to: "strangler.yaml")
  }

  private func log(_ lines: [String]) throws -> String {
    try scratch.write(lines.map { $0 + "\n" }.joined(), to: "access.jsonl")
  }

  private func retire(
    _ service: String, in sources: String = shop, _ arguments: [String], expecting code: Int32
  ) async throws -> Outcome {
    let outcome = try await Executable.strangler.run(
      ["retire", service, "--sources", sources, "--baseline", baseline, "--no-git"] + arguments)
    #expect(outcome.exitCode == code, "\(outcome.output) \(outcome.errors)")
    return outcome
  }

  @Test func `where nobody knows who answers, the answer is no`() async throws {
    let config = try configuration("legacy: legacy, extracted: reporting, percent: 100")
    let outcome = try await retire("reporting", ["--config", config], expecting: 1)
    #expect(outcome.output.contains("nothing says since when the"))
    #expect(outcome.errors.hasPrefix("strangler: reporting is not ready to be retired: 4 of 4"))
    let json = try await retire(
      "orders", ["--config", config, "--format", "json"], expecting: 1)
    #expect(try JSONSchema.fixture("retirement.schema.json").problems(in: json.output) == [])
    #expect(json.output.contains("\"side\": \"legacy\""))
  }

  @Test func `the access log says when legacy answered last`() async throws {
    let moved = try configuration("legacy: reporting")
    let old = try log([
      #"{"time":"2026-01-01T00:00:00.000Z","route":"rest","side":"legacy","status":200}"#,
      #"{"time":"2026-01-02T00:00:00.000Z","route":"reports","side":"legacy","status":200}"#,
    ])
    let ready = try await retire(
      "reporting", ["--config", moved, "--access-log", old], expecting: 0)
    #expect(ready.output.hasPrefix("reporting may be retired: 2 files with "))
    #expect(ready.output.contains("Sources/ShopMonolith/Reporting/ReportController.swift"))
    #expect(ready.output.contains("ShopRoutes uses ReportController: "))
    let now = Date().formatted(.iso8601)
    let split = try configuration("legacy: legacy, extracted: reporting, percent: 100")
    let recent = try log([
      #"{"time":"2026-01-01T00:00:00.000Z","route":"rest","side":"legacy","status":200}"#,
      #"{"time":"\#(now)","route":"reports","side":"extracted","fallback":true,"status":200}"#,
    ])
    let refused = try await retire(
      "reporting", ["--config", split, "--access-log", recent], expecting: 1)
    #expect(refused.output.contains("legacy answered a request 0 days ago"))
  }

  @Test func `where its code is gone there is nothing to do`() async throws {
    let rest = scratch.path + "/rest"
    try FileManager.default.copyItem(atPath: Self.shop, toPath: rest)
    try FileManager.default.removeItem(atPath: rest + "/Sources/ShopMonolith/Reporting")
    for (file, mark) in [
      ("App/ShopRoutes", "ReportController("), ("Engine/ShopEngine", "reports:"),
    ] {
      let path = "\(rest)/Sources/ShopMonolith/\(file).swift"
      let lines = try String(contentsOfFile: path, encoding: .utf8).split(
        separator: "\n", omittingEmptySubsequences: false)
      try lines.filter { !$0.contains(mark) }.joined(separator: "\n").write(
        toFile: path, atomically: true, encoding: .utf8)
    }
    let outcome = try await retire("reporting", in: rest, [], expecting: 0)
    #expect(outcome.output.hasPrefix("Nothing of reporting is left in the monolith.\n"))
  }

  @Test func `what cannot be used ends with 2 and says why`() async throws {
    let near = try await retire("report", [], expecting: 2)
    #expect(near.errors.contains("no service is called report"))
    let empty = try log(["nothing"])
    let foreign = try await retire("reporting", ["--access-log", empty], expecting: 2)
    #expect(foreign.errors.contains("no line is one of the proxy's access log"))
    _ = try await retire("reporting", ["--quiet-days", "-1"], expecting: 2)
    _ = try await retire("reporting", ["--access-log", scratch.path + "/none"], expecting: 2)
    _ = try await retire("reporting", ["--journal", scratch.path + "/none"], expecting: 2)
  }
}
