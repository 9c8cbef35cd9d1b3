// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Options of the analysis that concern files and people, as somebody runs them.
@Suite(.timeLimit(.minutes(5))) struct AnalyzeOptionsTests {
  private static func strangler(_ arguments: String...) async throws -> Outcome {
    try await Executable.strangler.run(arguments)
  }

  private func git(_ arguments: String..., in folder: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["git", "-C", folder] + arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "git \(arguments)")
  }

  @Test func `teams and authors stand in the report, and what is ignored is left out`() async throws
  {
    let scratch = try Scratch()
    try scratch.write("struct Order { let line: Line }\nstruct Line {}\n", to: "code/Orders.swift")
    try scratch.write(
      "struct Old { let older: Older }\nstruct Older {}\n", to: "code/Gone/Old.swift")
    let config = try scratch.write(
      "analysis: { ignore: [Gone/**, Left/*.swift], teams: { checkout: [Ada, Grace] } }\n",
      to: "s.yaml")
    let code = scratch.path + "/code"
    try git("init", "-q", in: code)
    try git("add", ".", in: code)
    try git(
      "-c", "user.name=Ada", "-c", "user.email=a@b.c", "commit", "-q", "-m", "all", in: code)
    let outcome = try await Self.strangler(
      "analyze", code, "--config", config, "--format", "json", "--services", "1")
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    struct Report: Decodable {
      struct Service: Decodable {
        struct Author: Decodable, Equatable {
          let name: String
          let changes: Int
          let team: String?
        }
        let authors: [Author]
        let files: [String]
      }
      struct Finding: Decodable { let id, message: String }
      let services: [Service]
      let findings: [Finding]
    }
    let report = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
    #expect(report.services.flatMap(\.files) == ["Orders.swift"])
    #expect(
      report.services.first?.authors == [.init(name: "Ada", changes: 1, team: "checkout")])
    #expect(report.findings.contains { $0.id == "ignored-left-out" })
    let idle = report.findings.filter { $0.id == "ignore-without-match" }
    #expect(idle.count == 1 && idle.first?.message.contains("Left/*.swift") == true)

    let wrong = try scratch.write("analysis: { teem: {} }\n", to: "wrong.yaml")
    let refused = try await Self.strangler("analyze", code, "--config", wrong)
    #expect(refused.exitCode == 2 && refused.errors.contains("wrong.yaml:1"))
    let missing = try await Self.strangler("analyze", code, "--config", "/nowhere.yaml")
    #expect(missing.exitCode == 2 && missing.errors.contains("/nowhere.yaml"))
  }

  @Test func `names of files and folders are text on a terminal, in reports and in errors`()
    async throws
  {
    let scratch = try Scratch()
    let name = "A\u{1B}[2J\nFAKE\u{202E}"
    try scratch.write("struct A { let b: B }\nstruct B { func ( }\n", to: "code/\(name).swift")
    let outcome = try await Self.strangler("analyze", scratch.path + "/code", "--no-git")
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("A\\u{1B}[2J\\nFAKE\\u{202E}.swift"))
    let missing = try await Self.strangler("analyze", scratch.path + "/" + name)
    #expect(missing.exitCode == 2)
    #expect(missing.errors.contains("A\\u{1B}[2J\\nFAKE\\u{202E}"))
    let unknown = try await Self.strangler("analyze", ".", "--\(name)")
    #expect(unknown.exitCode == 2)
    for text in [outcome.output, missing.errors, unknown.errors] {
      #expect(!text.contains("\u{1B}") && !text.contains("\u{202E}"))
    }
    #expect(!(outcome.output + missing.errors).contains("\nFAKE"))
  }

  @Test func `a report never replaces the baseline beside it`() async throws {
    let scratch = try Scratch()
    let file = scratch.path + "/b.json"
    let link = scratch.path + "/./b.json"
    for option in ["--write-baseline", "--baseline"] {
      let outcome = try await Self.strangler(
        "analyze", "check", AnalyzeTests.monolith, option, file, "--output", link)
      #expect(outcome.exitCode == 2 && outcome.errors.contains("is the baseline"))
    }
    #expect(!FileManager.default.fileExists(atPath: file))
  }

  @Test func `a dash is standard output and no file`() async throws {
    let scratch = try Scratch()
    try scratch.write("struct A { let b: B }\nstruct B {}\n", to: "code/A.swift")
    let code = scratch.path + "/code"
    let report = try await Self.strangler("analyze", code, "--no-git", "--output", "-")
    #expect(report.exitCode == 0 && report.output.hasPrefix("Read 1 file"), "\(report.errors)")
    let baseline = try await Self.strangler(
      "analyze", "check", code, "--no-git", "--write-baseline", "-")
    #expect(baseline.exitCode == 0 && baseline.output.hasPrefix("{\n"), "\(baseline.errors)")
    #expect(try JSONSerialization.jsonObject(with: Data(baseline.output.utf8)) is [String: Any])
    let both = try await Self.strangler(
      "analyze", "check", code, "--write-baseline", "-", "--output", "r.txt")
    #expect(both.exitCode == 2 && both.errors.contains("the baseline goes to standard output"))
    let start = try await Self.strangler("init", code, "--output", "-")
    #expect(start.exitCode == 2 && start.errors.contains("two files are written"))
    #expect(!FileManager.default.fileExists(atPath: "-"))
  }

  @Test func `where nothing is divided there is nothing to move`() async throws {
    let scratch = try Scratch()
    try scratch.write("struct A { let b: B }\nstruct B {}\n", to: "code/A.swift")
    let file = scratch.path + "/new file.yaml"
    let outcome = try await Self.strangler(
      "init", scratch.path + "/code", "--no-git", "--output", file)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("nothing is to be moved, so everything goes to the monolith"))
    #expect(!outcome.output.contains("next:") && !outcome.output.contains("0 services"))
    let playbook = try String(
      contentsOfFile: scratch.path + "/new file.playbook.md", encoding: .utf8)
    #expect(playbook.contains("There is nothing to move") && !playbook.contains("## "))
  }

  @Test func `the place of a stale entry is where the baseline is`() async throws {
    let scratch = try Scratch()
    try scratch.write("struct A { let b: B }\nstruct B {}\n", to: "code/A.swift")
    let code = scratch.path + "/code"
    for (file, uri) in [
      (code + "/team/borders.json", "\"uri\": \"team/borders.json\""),
      (scratch.path + "/borders.json", "\"uri\": \"file://\(scratch.path)/borders.json\""),
    ] {
      try FileManager.default.createDirectory(
        atPath: code + "/team", withIntermediateDirectories: true)
      _ = try await Self.strangler("analyze", "check", code, "--no-git", "--write-baseline", file)
      try String(contentsOfFile: file, encoding: .utf8)
        .replacing(
          "\"crossings\": [",
          with: "\"crossings\": [{\"from\": \"A\", \"to\": \"B\", \"symbol\": \"gone\", "
            + "\"kind\": \"call\", \"count\": 1}"
        ).write(toFile: file, atomically: true, encoding: .utf8)
      let stale = try await Self.strangler(
        "analyze", "check", code, "--no-git", "--baseline", file, "--format", "sarif")
      #expect(stale.exitCode == 1 && stale.output.contains(uri), "\(stale.output)")
    }
  }
}
