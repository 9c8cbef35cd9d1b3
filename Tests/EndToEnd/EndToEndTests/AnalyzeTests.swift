// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@Suite struct AnalyzeTests {
  static let monolith = Repository.root.appending(path: "fixtures/shop-monolith")
    .path(percentEncoded: false)

  @Test func `a missing folder ends with 2 and names the folder`() async throws {
    let outcome = try await Executable.strangler.run(["analyze", "/nowhere/at/all"])
    #expect(outcome.exitCode == 2)
    #expect(outcome.errors.contains("/nowhere/at/all"))
    #expect(outcome.output == "")
  }

  @Test func `a folder without Swift files ends with 2 and says so`() async throws {
    let scratch = try Scratch()
    try scratch.write("no code", to: "README.txt")
    let outcome = try await Executable.strangler.run(["analyze", scratch.path])
    #expect(outcome.exitCode == 2)
    #expect(outcome.errors.contains("no Swift"))
  }

  @Test func `a file that does not parse is a finding and the rest is read`() async throws {
    let scratch = try Scratch()
    try scratch.write("struct Broken { func ( ] }\n", to: "Sources/A/Broken.swift")
    try scratch.write(Data([0xFF, 0xFE, 0x00]), to: "Sources/A/NotText.swift")
    try scratch.write(
      "struct Fine { let other: Other }\nstruct Other {}\n", to: "Sources/A/Fine.swift")
    let outcome = try await Executable.strangler.run(["analyze", scratch.path, "--format", "json"])
    #expect(outcome.exitCode == 0)
    let report = try AnalyzeReport(outcome.output)
    #expect(report.coverage.files >= 2)
    #expect(report.findings.contains { $0.id == "parse-failure" })
    #expect(
      report.findings.contains { $0.locations.contains { $0.file.hasSuffix("NotText.swift") } })
  }

  @Test func `the monolith is cut along its areas, twice with the same bytes`() async throws {
    let arguments = ["analyze", Self.monolith, "--format", "json"]
    let first = try await Executable.strangler.run(arguments)
    let second = try await Executable.strangler.run(arguments)
    #expect(first.exitCode == 0)
    #expect(first.output == second.output)
    let report = try AnalyzeReport(first.output)
    #expect(report.verdict.decision == "split")
    let orders = report.services.first { service in
      service.routes.contains { $0.path.hasPrefix("/orders") }
    }
    #expect(orders != nil)
    for id in ["god-type", "shared-table", "cross-service-transaction", "service-cycle"] {
      #expect(report.findings.contains { $0.id == id }, "no finding \(id)")
    }
    #expect(!report.cuts.isEmpty)
  }

  @Test func `text goes to standard output without colour when it is a pipe`() async throws {
    let outcome = try await Executable.strangler.run(["analyze", Self.monolith])
    #expect(outcome.exitCode == 0)
    #expect(!outcome.output.contains("\u{1B}["))
    #expect(outcome.errors == "")
  }
}

/// The part of the JSON contract that these tests rely on.
struct AnalyzeReport: Decodable {
  struct Verdict: Decodable { let decision: String }
  struct Route: Decodable { let path: String }
  struct Service: Decodable {
    let name: String
    let routes: [Route]
  }
  struct Place: Decodable { let file: String }
  struct Finding: Decodable {
    let id: String
    let locations: [Place]
  }
  struct Cut: Decodable { let file: String }
  struct Coverage: Decodable { let files: Int }

  let verdict: Verdict
  let services: [Service]
  let findings: [Finding]
  let cuts: [Cut]
  let coverage: Coverage

  init(_ json: String) throws {
    self = try JSONDecoder().decode(AnalyzeReport.self, from: Data(json.utf8))
  }
}

/// Where this checkout is.
enum Repository {
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
}
