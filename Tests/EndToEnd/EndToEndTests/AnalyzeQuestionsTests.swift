// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The commands around `strangler analyze`, as a person runs them.
@Suite(.timeLimit(.minutes(5))) struct AnalyzeQuestionsTests {
  private static func strangler(_ arguments: String...) async throws -> Outcome {
    try await Executable.strangler.run(arguments)
  }

  /// A copy of the monolith's sources that a test may change.
  private static func monolith(in scratch: Scratch) throws -> String {
    let copy = scratch.folder.appending(path: "monolith")
    try FileManager.default.copyItem(
      at: URL(filePath: AnalyzeTests.monolith + "/Sources"), to: copy)
    return copy.path(percentEncoded: false)
  }

  @Test func `explain, and an error that knows what was meant`() async throws {
    let answer = try await Self.strangler(
      "analyze", "explain", AnalyzeTests.monolith, "OrderService")
    #expect(answer.exitCode == 0, "\(answer.errors)")
    #expect(answer.output.contains("It keeps its place in ") && answer.output.contains(".swift:"))
    let wrong = try await Self.strangler(
      "analyze", "explain", AnalyzeTests.monolith, "OrderServise")
    #expect(wrong.exitCode == 2 && wrong.output == "")
    #expect(wrong.errors.contains("did you mean OrderService"))
  }

  @Test func `what-if shows differences, and refuses what is no move`() async throws {
    let answer = try await Self.strangler(
      "analyze", "what-if", AnalyzeTests.monolith, "--merge", "orders,shipping", "--format", "json")
    #expect(answer.exitCode == 0, "\(answer.errors)")
    #expect(answer.output.contains("\"schema\": \"strangler.what-if/1\""))
    let wrong = try await Self.strangler(
      "analyze", "what-if", AnalyzeTests.monolith, "--move", "OrderService")
    #expect(wrong.exitCode == 2 && wrong.errors.contains("expected TYPE:SERVICE"))
  }

  @Test func `graph writes edges`() async throws {
    let answer = try await Self.strangler(
      "analyze", "graph", AnalyzeTests.monolith, "--level", "file")
    #expect(answer.exitCode == 0)
    let lines = answer.output.split(separator: "\n")
    #expect(lines.count > 50 && lines.allSatisfy { $0.hasPrefix("depends ") })
  }

  @Test func `a check holds the borders, and fails on a new crossing and on a stale entry`()
    async throws
  {
    let scratch = try Scratch()
    let sources = try Self.monolith(in: scratch)
    let baseline = scratch.path + "/boundaries.json"
    let written = try await Self.strangler(
      "analyze", "check", sources, "--write-baseline", baseline)
    #expect(written.exitCode == 0, "\(written.errors)")
    let first = try Data(contentsOf: URL(filePath: baseline))
    let same = try await Self.strangler("analyze", "check", sources, "--baseline", baseline)
    #expect(same.exitCode == 0 && same.output.contains("The borders hold"))

    // Nobody in the carts asks for shipments; from now on somebody does.
    let extra = try #require(
      FileManager.default.subpathsOfDirectory(atPath: sources)
        .first { $0.hasSuffix("CartService.swift") })
    let file = sources + "/" + extra
    var text = try String(contentsOfFile: file, encoding: .utf8)
    text += "\nextension CartService { func late(_ shipping: ShippingService) {} }\n"
    try text.write(toFile: file, atomically: true, encoding: .utf8)
    let failing = try await Self.strangler(
      "analyze", "check", sources, "--baseline", baseline, "--format", "sarif")
    #expect(failing.exitCode == 1)
    #expect(failing.output.contains("\"ruleId\": \"new-crossing\""))
    #expect(failing.errors.contains("1 new crossing"))

    let again = scratch.path + "/again.json"
    _ = try await Self.strangler("analyze", "check", sources, "--write-baseline", again)
    #expect(try Data(contentsOf: URL(filePath: again)) != first)
    try String(decoding: first, as: UTF8.self)
      .replacing(
        "\"crossings\": [\n",
        with: "\"crossings\": [\n    {\"from\": \"A\", \"to\": \"B\","
          + " \"symbol\": \"gone\", \"kind\": \"call\", \"count\": 1},\n"
      )
      .write(toFile: baseline, atomically: true, encoding: .utf8)
    let stale = try await Self.strangler("analyze", "check", sources, "--baseline", baseline)
    #expect(stale.exitCode == 1 && stale.output.contains("A -> B: gone (call) is gone"))
  }

  @Test func `a file that is no baseline is named`() async throws {
    let scratch = try Scratch()
    let file = try scratch.write("{\"schema\": 7}", to: "b.json")
    let outcome = try await Self.strangler(
      "analyze", "check", AnalyzeTests.monolith, "--baseline", file)
    #expect(outcome.exitCode == 2 && outcome.errors.contains("b.json"))
    let neither = try await Self.strangler("analyze", "check", AnalyzeTests.monolith)
    #expect(neither.exitCode == 2)
  }

  /// Code that divides: an area with these routes, and two beside it.
  private static func write(
    _ name: String, _ routes: [String], beside others: [String] = [], to scratch: Scratch
  ) throws {
    let areas = [(name, routes), ("Order", ["/orders"] + others), ("Account", ["/accounts"])]
    for (name, routes) in areas {
      let registered = routes.map { "router.get(\"\($0)\") { _, _ in \"\" }" }
      try scratch.write(
        """
        struct \(name)Controller {
          let service: \(name)Service
          func addRoutes(to router: Router<BasicRequestContext>) {
            \(registered.joined(separator: "\n"))
          }
        }
        struct \(name)Service {
          let repository: \(name)Repository
          let rules: \(name)Rules
          func first() -> \(name) { rules.check(repository.first()) }
        }
        struct \(name)Rules { func check(_ row: \(name)) -> \(name) { row } }
        struct \(name)Repository {
          let row: \(name)
          func first() -> \(name) { row }
        }
        struct \(name) { let id: Int }
        """, to: "Sources/App/\(name)s/\(name).swift")
    }
  }

  @Test func `a route that the proxy would refuse becomes a comment that says why`() async throws {
    let scratch = try Scratch()
    // One route of another service below its path: then each is written by itself.
    try Self.write(
      "Odd", ["/odd//{id}", "/odd/{id}/{id}", "/odd/{id}", "/odd/**/x"], beside: ["/odd/list"],
      to: scratch)
    let file = scratch.path + "/strangler.yaml"
    let written = try await Self.strangler("init", scratch.path, "--output", file)
    #expect(written.exitCode == 0, "\(written.errors)")
    let valid = try await Self.strangler("routes", "validate", "--config", file)
    #expect(valid.exitCode == 0, "\(valid.output)\(valid.errors)")
    let text = try String(contentsOfFile: file, encoding: .utf8)
    #expect(text.contains("# left out, expected \"{name}\" for one whole segment"), "\(text)")
    #expect(text.contains("path: \"/odd/{id}/{id}\""), "\(text)")
  }

  @Test func `paths beyond ASCII are routed as clients send them`() async throws {
    let scratch = try Scratch()
    try Self.write(
      "Größe", ["/größe", "/größe/{größe}/50%/it's here", "/größe/**/x"], to: scratch)
    let file = scratch.path + "/strangler.yaml"
    let written = try await Self.strangler("init", scratch.path, "--output", file)
    #expect(written.exitCode == 0, "\(written.errors)")
    let routes = try await Self.strangler(
      "analyze", scratch.path, "--format", "routes", "--output", scratch.path + "/routes.yaml")
    #expect(routes.exitCode == 0, "\(routes.errors)")
    for config in [file, scratch.path + "/routes.yaml"] {
      let valid = try await Self.strangler("routes", "validate", "--config", config)
      #expect(valid.exitCode == 0, "\(valid.output)\(valid.errors)")
      let answer = try await Self.strangler(
        "routes", "explain", "--config", config, "GET /gr%C3%B6%C3%9Fe/7")
      #expect(answer.output.contains("grosse"), "\(answer.output)")
    }
  }

  @Test func `init writes a file that the proxy runs, and replaces nothing unasked`() async throws {
    let scratch = try Scratch()
    let file = scratch.path + "/strangler.yaml"
    let arguments = [
      "init", AnalyzeTests.monolith, "--output", file, "--listen", "127.0.0.1:0", "--admin",
      "127.0.0.1:0",
    ]
    let written = try await Executable.strangler.run(arguments)
    #expect(written.exitCode == 0, "\(written.errors)")
    let text = try String(contentsOfFile: file, encoding: .utf8)
    #expect(text.contains("percent: 0") && text.contains("# 1. "))
    #expect(text.contains("sources: "))
    let valid = try await Self.strangler("routes", "validate", "--config", file)
    #expect(valid.exitCode == 0, "\(valid.output)\(valid.errors)")
    let playbook = try String(
      contentsOfFile: scratch.path + "/strangler.playbook.md", encoding: .utf8)
    #expect(playbook.contains("strangler routes set orders 5") && playbook.contains("Way back"))

    let proxy = try Executable.strangler.start(["proxy", "--config", file])
    _ = try await proxy.text(after: "proxy listening on ")
    proxy.signal(SIGTERM)
    #expect(await proxy.outcome().exitCode == 0)

    let refused = try await Executable.strangler.run(arguments)
    #expect(refused.exitCode == 2 && refused.errors.contains("--force"))
    #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
    let forced = try await Executable.strangler.run(arguments + ["--force"])
    #expect(forced.exitCode == 0)
  }
}
