// SPDX-License-Identifier: Apache-2.0
import Foundation
import SchemaValidation
import Testing

/// What programs and shells may rely on, of every command of the analysis.
@Suite(.timeLimit(.minutes(10))) struct AnalyzeContractTests {
  private static func strangler(_ arguments: [String]) async throws -> Outcome {
    try await Executable.strangler.run(arguments)
  }

  @Test(arguments: [
    (["suggest"], "boundary-suggestion"), (["explain", "OrderService"], "explanation"),
    (["what-if", "--merge", "orders,shipping"], "what-if"), (["graph"], "graph"),
    (["graph", "--level", "file"], "graph"),
    (["ablation", "--services", "9", "--truth-folders"], "ablation"),
  ])
  func `JSON keeps its published schema, with a failure's message elsewhere`(
    arguments: [String], schema: String
  ) async throws {
    let command = ["analyze", arguments[0], AnalyzeTests.monolith] + arguments.dropFirst()
    let answer = try await Self.strangler(command + ["--format", "json", "--no-git"])
    #expect(answer.exitCode == 0 && answer.errors == "", "\(answer.errors)")
    let contract = try JSONSchema.fixture("\(schema).schema.json")
    #expect(try contract.problems(in: answer.output) == [])

    let missing = try await Self.strangler(
      ["analyze", arguments[0], "/nowhere"] + arguments.dropFirst() + ["--format", "json"])
    #expect(missing.exitCode == 2 && missing.output == "")
    #expect(
      missing.errors == "strangler: no such folder: /nowhere; give the path of a Swift "
        + "package or source folder\n")
  }

  @Test func `JSON of checks, divisions and measurements keeps its published schema`() async throws
  {
    let scratch = try Scratch()
    let baseline = scratch.path + "/b.json"
    let written = try await Self.strangler(
      ["analyze", "check", AnalyzeTests.monolith, "--write-baseline", baseline])
    #expect(written.exitCode == 0, "\(written.errors)")
    let text = try String(contentsOfFile: baseline, encoding: .utf8)
    #expect(try JSONSchema.fixture("boundary-baseline.schema.json").problems(in: text) == [])
    let check = try await Self.strangler([
      "analyze", "check", AnalyzeTests.monolith, "--baseline", baseline, "--format", "json",
    ])
    #expect(check.exitCode == 0)
    #expect(try JSONSchema.fixture("check.schema.json").problems(in: check.output) == [])

    let graph = try scratch.write("depends a b 3\ndepends b c\ndepends c a\n", to: "g.rsf")
    let clusters = try scratch.write("contain x a\ncontain x b\ncontain y c\n", to: "c.rsf")
    for (arguments, schema) in [
      (["cluster", "--graph", graph], "clustering"),
      (["metrics", "--graph", graph, "--clustering", clusters], "measurements"),
    ] {
      let answer = try await Self.strangler(
        ["analyze"] + arguments + ["--format", "json", "--quiet"])
      #expect(answer.exitCode == 0, "\(answer.errors)")
      let contract = try JSONSchema.fixture("\(schema).schema.json")
      #expect(try contract.problems(in: answer.output) == [])
    }
  }

  @Test func `a graph goes through pipes`() async throws {
    let scratch = try Scratch()
    let program = Executable.strangler.url.path(percentEncoded: false)
    let file = scratch.path + "/graph.rsf"
    let graph = try await Self.strangler(
      ["analyze", "graph", AnalyzeTests.monolith, "--no-git", "--output", file])
    #expect(graph.exitCode == 0)
    let direct = try await Self.strangler(["analyze", "cluster", "--graph", file])
    #expect(direct.output.hasPrefix("contain "))
    let piped = try await RunningProgram(
      URL(filePath: "/bin/sh"),
      [
        "-c", #""$0" analyze graph "$1" --no-git | "$0" analyze cluster --graph -"#, program,
        AnalyzeTests.monolith,
      ]
    ).outcome()
    #expect(piped.output == direct.output && piped.errors == "")

    let broken = try await RunningProgram(
      URL(filePath: "/bin/sh"),
      ["-c", #"echo depends a | "$0" analyze cluster --graph -"#, program]
    ).outcome()
    #expect(broken.exitCode == 2)
    #expect(broken.errors.hasPrefix("strangler: standard input, line 1: expected"))
    let twice = try await Self.strangler([
      "analyze", "metrics", "--graph", "-", "--clustering", "-",
    ])
    #expect(twice.exitCode == 2 && twice.errors.contains("only one of the files"))
  }

  @Test func `an index that was asked for and is not there is told of`() async throws {
    let scratch = try Scratch()
    try scratch.write("struct A { let b: B }\nstruct B {}\n", to: "code/A.swift")
    let code = scratch.path + "/code"
    let found = try await Self.strangler(["analyze", code, "--index", "--no-git"])
    #expect(found.exitCode == 0 && found.output.contains("warning index-not-found: no build has"))
    let store = scratch.path + "/store"
    let missing = try await Self.strangler(["analyze", code, "--index-store", store])
    #expect(missing.exitCode == 2 && missing.output == "" && missing.errors.contains(store))
    try FileManager.default.createDirectory(
      atPath: store + "/v5/units", withIntermediateDirectories: true)
    let empty = try await Self.strangler(["analyze", code, "--index-store", store, "--no-git"])
    #expect(empty.exitCode == 0 && empty.output.contains("warning index-covers-nothing: "))
  }
}
