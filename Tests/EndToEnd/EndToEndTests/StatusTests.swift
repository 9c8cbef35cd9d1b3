// SPDX-License-Identifier: Apache-2.0
import Foundation
import SchemaValidation
import Testing

/// How much of the shop is left, as `strangler status` tells it.
@Suite("Status", .timeLimit(.minutes(3)))
struct StatusTests {
  private struct Progress: Decodable {
    struct Count: Decodable {
      let unit: String
      let extracted: Double
      let underWay: Double
      let legacy: Double
      let unknown: Double
      let total: Double
      let share: Double?
    }

    struct Part: Decodable {
      let name: String
      let state: String
    }

    struct Unknown: Decodable {
      let what: String
      let how: String
    }

    struct Step: Decodable { let text: String }

    struct Measure: Decodable {
      let name: String
      let counts: [Count]
      let parts: [Part]
      let unknown: [Unknown]
      let next: Step?
    }

    let measures: [Measure]

    subscript(name: String) -> Measure? { measures.first { $0.name == name } }
  }

  private static var shop: String {
    Repository.root.appending(path: "fixtures/shop-monolith").path(percentEncoded: false)
  }

  private static func status(_ arguments: [String]) async throws -> Progress {
    let outcome = try await Executable.strangler.run(["status", "--format", "json"] + arguments)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try JSONSchema.fixture("status.schema.json").problems(in: outcome.output) == [])
    return try JSONDecoder().decode(Progress.self, from: Data(outcome.output.utf8))
  }

  @Test func `with nothing to look at, it says of each measure what would make it known`()
    async throws
  {
    let scratch = try Scratch()
    let file = try scratch.write("data: {}\n", to: "bare.yaml")
    let progress = try await Self.status(["--config", file])
    #expect(
      progress.measures.map(\.name) == ["code", "routes", "traffic", "tables", "events"])
    for measure in progress.measures {
      #expect(measure.counts.isEmpty && !measure.unknown.isEmpty && measure.next != nil)
    }
    let text = try await Executable.strangler.run(["status", "--config", file])
    #expect(text.output.hasPrefix("code     not known\n  not known: how much code there is"))
    #expect(text.output.contains("by: --sources PATH"))
    let missing = try await Executable.strangler.run(["status", "--config", "/nowhere.yaml"])
    #expect(missing.exitCode == 2 && missing.errors.contains("there is no file /nowhere.yaml"))
  }

  @Test func `the shop's code, analysed now or before, against a baseline`() async throws {
    let scratch = try Scratch()
    let baseline = scratch.path + "/boundaries.json"
    let written = try await Executable.strangler.run([
      "analyze", "check", Self.shop, "--write-baseline", baseline,
    ])
    #expect(written.exitCode == 0, "\(written.errors)")
    let saved = scratch.path + "/analysis.json"
    _ = try await Executable.strangler.run([
      "analyze", Self.shop, "--format", "json", "--output", saved,
    ])
    let config = try scratch.write(
      Programs.configuration(listen: "127.0.0.1:0", shop: "9", orders: "9")
        .replacing("percent: 0", with: "percent: 100"), to: "strangler.yaml")
    let whole = try await Self.status([
      "--config", config, "--sources", Self.shop, "--baseline", baseline,
    ])
    let code = try #require(whole["code"])
    #expect(code.counts.map(\.unit) == ["types", "lines"])
    let types = try #require(code.counts.first)
    // The routes of orders are answered elsewhere, and nothing has left the sources.
    #expect(types.extracted > 0 && types.legacy > 0 && types.total > 50)
    #expect(code.parts.contains { $0.state == "extracted" })
    #expect(code.next?.text.hasPrefix("delete ") == true)
    #expect(!code.unknown.contains { $0.how.hasPrefix("--baseline") })
    let fromSaved = try await Self.status(["--config", config, "--analysis", saved])
    let names = try #require(fromSaved["code"])
    #expect(names.counts.map(\.unit) == ["types"])
    #expect(abs(names.counts[0].total - types.total) < 0.1 * types.total)
    #expect(names.unknown.contains { $0.how == "--sources PATH" })
    #expect(fromSaved["tables"]?.parts.contains { $0.name == "orders" } == true)
    // Without the folder of the carts, their types are gone.
    let rest = scratch.path + "/rest"
    try FileManager.default.copyItem(atPath: Self.shop, toPath: rest)
    try FileManager.default.removeItem(atPath: rest + "/Sources/ShopMonolith/Carts")
    let later = try await Self.status([
      "--config", config, "--sources", rest, "--baseline", baseline,
    ])
    let now = try #require(later["code"]?.counts.first)
    #expect(now.extracted > types.extracted && now.legacy < types.legacy)
    for wrong in [["--baseline", baseline], ["--sources", rest, "--analysis", saved]] {
      let outcome = try await Executable.strangler.run(["status"] + wrong)
      #expect(outcome.exitCode == 2 && outcome.output == "")
    }
    let other = try await Executable.strangler.run([
      "status", "--analysis", baseline, "--config", config,
    ])
    #expect(other.exitCode == 2 && other.errors.contains("is no saved analysis"))
  }

  @Test func `routes, requests, tables and events of a system that moves`() async throws {
    let orders = try await MovingOrders()
    let scratch = try Scratch()
    let outbox = scratch.path + "/outbox.sqlite"
    let made = try await Executable.strangler.run(["outbox", "init", "--database", outbox])
    #expect(made.exitCode == 0, "\(made.errors)")
    let sections = orders.section + "outbox: { database: \(outbox) }\n"
    try await CutoverTests.Stage.running(adding: sections) { stage in
      let started = try await stage.strangler(["cutover", "start", "orders", "--reason", "t"])
      #expect(started.exitCode == 0, "\(started.errors)")
      try await stage.send(requests: 200)
      let config = ["--config", stage.configuration]
      let order = ["orders", "--reason", "why"]
      _ = try await Executable.strangler.run(["data", "advance"] + order + config)
      let live = try await stage.strangler(["status", "--format", "json"] + config)
      #expect(live.exitCode == 0, "\(live.errors)")
      let progress = try JSONDecoder().decode(Progress.self, from: Data(live.output.utf8))
      let routes = try #require(progress["routes"])
      #expect(routes.counts.map(\.unit) == ["routes", "routes by their users"])
      #expect(routes.counts[0].underWay == 1 && routes.counts[1].extracted == 0.5)
      #expect(routes.unknown.isEmpty)
      let requests = try #require(progress["traffic"]?.counts.first)
      #expect(requests.total == 200 && requests.extracted > 50 && requests.legacy > 50)
      #expect(progress["tables"]?.counts.first?.underWay == 1)
      #expect(progress["tables"]?.parts.first?.state == "dual-write-legacy-reads")
      #expect(progress["events"]?.counts.first?.unit == "events")
      #expect(
        progress["events"]?.unknown.contains { $0.how.hasPrefix("strangler outbox bypass") }
          == true)
      // From the file alone the shares in force are not known, nor who answers.
      let offline = try await Self.status(config)
      #expect(offline["traffic"]?.counts.isEmpty == true)
      #expect(offline["routes"]?.unknown.first?.how.hasPrefix("--admin ADDRESS") == true)
      // Nor where nobody answers, which is no failure.
      let away = try await Self.status(config + ["--admin", "127.0.0.1:9"])
      #expect(away["traffic"]?.unknown.first?.what.contains("cannot reach") == true)
      try FileManager.default.removeItem(atPath: orders.new.place)
      let gone = try await Self.status(config)
      #expect(gone["tables"]?.counts.first?.unknown == 1)
      let text = try await stage.strangler(["status"] + config)
      #expect(text.output.contains("next: take orders on from 50 %"), "\(text.output)")
      #expect(text.output.contains("by: strangler cutover status orders"))
      #expect(text.output.split(separator: "\n").allSatisfy { $0.count <= 100 })
    }
  }
}
