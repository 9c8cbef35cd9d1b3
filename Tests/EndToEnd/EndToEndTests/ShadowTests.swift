// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Testing

/// The recorded visit replayed against the real shop and the real orders service, one process each.
@Suite(.timeLimit(.minutes(5)))
struct ShadowTests {
  @Test func `a replay finds the planted differences and no others`() async throws {
    let planted = try Planted()
    try await BothSides.running { sides in
      let replay = try await sides.replay(["--path", "/orders/**", "--repeat", "12"])
      #expect(replay.errors.contains("13 requests that may change data were not sent"))
      #expect(replay.exitCode == 1, "\(replay.errors)")
      let report = try ShadowReport(replay.output)
      #expect(report.found("GET /orders/{id}") == planted.ofOrders)
      #expect(report.found("GET /orders") == planted.ofLists)
      #expect(report.endpoints.filter { $0.name.hasPrefix("GET ") }.count == 2)
      #expect(report.endpoints.allSatisfy { $0.outcomes["extracted-error"] == nil })
      let noise = report.endpoints.flatMap(\.paths).filter { $0.label == "noise-proposed" }
      #expect(Set(noise.map(\.path)) == planted.volatile)
    }
  }

  @Test func `a side compared with itself shows noise only`() async throws {
    try await BothSides.running { sides in
      let replay = try await sides.replay(
        ["--repeat", "2"], legacy: sides.legacy, extracted: sides.legacy)
      #expect(replay.exitCode == 0, "\(replay.errors)")
      let report = try ShadowReport(replay.output)
      #expect(!report.hasDifferences)
      #expect(report.comparisons == 2 * 141)
    }
  }

  @Test func `reports, pairs and approvals come from the evidence`() async throws {
    try await BothSides.running { sides in
      let replay = try await sides.replay([
        "--path", "/orders/{id}", "--repeat", "4", "--redact", "country",
      ])
      let first = try ShadowReport(replay.output)
      let order = try #require(first.endpoints.first { $0.name == "GET /orders/{id}" })
      let total = try #require(order.paths.first { $0.path == "total" })
      let pair = try #require(total.pairs.first)
      let diff = try await sides.shadow(["diff", "\(pair)"])
      #expect(diff.output.hasPrefix("pair \(pair): GET /orders/"))
      #expect(diff.output.contains("\n-   \"total\": "))
      #expect(diff.output.contains("\n+   \"total\": "))
      let page = try await sides.shadow(["report", "--format", "html"])
      #expect(page.output.hasPrefix("<!doctype html>"))
      #expect(page.output.contains("&quot;country&quot;: &quot;(redacted)&quot;"))
      #expect(!page.output.contains("<script"))
      #expect(try await sides.shadow(["report", "--fail-on-difference"]).exitCode == 1)
      for (path, kind) in [("total", "value"), ("cancelledReason", "presence")] {
        let approval = [
          "approve-noise", "--endpoint", order.name, "--path", path, "--kind", kind, "--actor",
          "ann", "--reason", "known",
        ]
        let refused = try await sides.shadow(approval)
        #expect(refused.exitCode == 1 && refused.errors.contains("--despite-evidence"))
        let approved = try await sides.shadow(approval + ["--despite-evidence"])
        #expect(approved.exitCode == 0, "\(approved.errors)")
      }
      let after = try await sides.shadow(["report", "--fail-on-difference"])
      #expect(after.exitCode == 0)
      #expect(after.output.contains("approved as noise by ann: known"))
      let again = try await sides.shadow([
        "approve-noise", "--endpoint", order.name, "--path", "total", "--reason", "x",
        "--despite-evidence",
      ])
      #expect(again.exitCode == 1 && again.errors.contains("is approved already"))
      let revoked = try await sides.shadow([
        "approve-noise", "--endpoint", order.name, "--path", "total", "--reason", "x", "--revoke",
      ])
      #expect(revoked.exitCode == 0)
      #expect(try await sides.shadow(["report", "--fail-on-difference"]).exitCode == 1)
    }
  }

  @Test func `what was recorded can be replayed`() async throws {
    try await BothSides.running { sides in
      let har = sides.path("own.har")
      let recorder = try Executable.strangler.start([
        "shadow", "record", "--upstream", sides.legacy, "--har", har,
      ])
      let address = try await recorder.text(after: "recording on ")
      for order in 1...5 {
        let answer = try await HTTPClient.shared.execute(
          HTTPClientRequest(url: "\(address)/orders/\(order)"), timeout: .seconds(20))
        #expect(answer.status == .ok)
        _ = try await answer.body.collect(upTo: 1 << 20)
      }
      recorder.signal(SIGTERM)
      #expect(await recorder.outcome().exitCode == 0)
      let replay = try await sides.replay([], har: har)
      #expect(try ShadowReport(replay.output).comparisons == 5)
      let second = try await Executable.strangler.run([
        "shadow", "record", "--upstream", sides.legacy, "--har", har,
      ])
      #expect(second.exitCode == 2)
      #expect(second.errors.contains("never replaces a file"))
    }
  }

  @Test func `a route's rules and its requests are taken from the configuration`() async throws {
    try await BothSides.running { sides in
      let file = try sides.write(
        """
        upstreams:
          legacy: { endpoints: [127.0.0.1:9001] }
          orders: { endpoints: [127.0.0.1:9002] }
        routes:
          - name: orders
            match: { path: /orders/** }
            legacy: legacy
            extracted: orders
            shadow:
              rules: { ignore: [servedAt, requestId, total, "**.total", cancelledReason] }
          - { name: rest, match: { path: /** }, legacy: legacy }

        """, to: "strangler.yaml")
      let replay = try await sides.replay(["--config", file, "--route", "orders"])
      #expect(replay.exitCode == 0, "\(replay.errors)")
      let report = try ShadowReport(replay.output)
      #expect(report.endpoints.allSatisfy { $0.name.contains("/orders") })
      #expect(report.endpoints.allSatisfy { $0.outcomes["mismatched"] == nil })
    }
  }

  @Test func `live traffic finds the planted differences, and users get legacy's answers`()
    async throws
  {
    let planted = try Planted()
    try await BothSides.running { sides in
      let proxy = try Executable.strangler.start([
        "proxy", "--config", try sides.shadowingConfiguration(), "--log-level", "error",
        "--evidence", sides.path("shadow.sqlite"),
      ])
      let address = try await proxy.text(after: "proxy listening on ")
      let admin = try await proxy.text(after: "admin listening on ")
      for request in 0..<240 {
        let path = "/orders/\(1 + request % 40)"
        let answer = try await Self.get("http://\(address)\(path)")
        // Ids and times differ in each answer, the total does not.
        let shop = try await Self.get(sides.legacy + path)
        #expect(answer["total"] == shop["total"])
      }
      while true {
        let text = try await Self.text("http://\(admin)/shadows")
        let routes = try JSONDecoder().decode([ShadowStatus].self, from: Data(text.utf8))
        if routes.first?.ended == 240 { break }
        try Task.checkCancellation()
      }
      proxy.signal(SIGTERM)
      #expect(await proxy.outcome().exitCode == 0)
      let report = try ShadowReport(try await sides.shadow(["report", "--format", "json"]).output)
      #expect(report.comparisons == 240)
      #expect(report.found("GET /orders/{id}") == planted.ofOrders)
    }
  }

  private static func text(_ url: String) async throws -> String {
    let answer = try await HTTPClient.shared.execute(
      HTTPClientRequest(url: url), timeout: .seconds(20))
    #expect(answer.status == .ok)
    return String(buffer: try await answer.body.collect(upTo: 1 << 20))
  }

  /// The members of an answer that are numbers or texts.
  private static func get(_ url: String) async throws -> [String: String] {
    let value = try JSONSerialization.jsonObject(with: Data(try await text(url).utf8))
    let members = try #require(value as? [String: Any])
    return members.mapValues { "\($0)" }
  }

  @Test func `what cannot be used ends with 2 and a sentence`() async throws {
    let scratch = try Scratch()
    let evidence = ["--evidence", scratch.path + "/s.sqlite"]
    let mixed = try scratch.write(
      #"""
      {"log":{"entries":[{"request":{"method":"GET","url":"http://a/1"}},
      {"request":{"method":"GET","url":"http://b/2"}}]}}
      """#, to: "mixed.har")
    let text = try scratch.write("no json", to: "text.har")
    let sides = ["--legacy", "http://127.0.0.1:1", "--extracted", "http://127.0.0.1:1"]
    for (arguments, sentence) in [
      (["replay", "--har", "/nowhere.har"] + sides, "/nowhere.har"),
      (["replay", "--har", text] + sides, "not JSON"),
      (["replay", "--har", mixed] + sides, "choose one with --origin"),
      (["replay", "--har", mixed, "--origin", "http://c"] + sides, "2 to other addresses"),
      (["replay", "--har", mixed, "--origin", "http://a"] + sides, "nothing was compared"),
      (["replay", "--har", mixed, "--include-writes"] + sides, "--sandbox"),
      (["replay", "--har", mixed, "--config", "x.yaml"] + sides, "--route: missing"),
      (["replay", "--har", mixed, "--origin", "http://a", "--path", "a"] + sides, "--path"),
      (["diff", "99"], "no pair 99"),
      (["report", "--run", "99"], "no run 99"),
      (["report", "--endpoint", "GET /zzz"], "nothing is known about"),
      (
        ["approve-noise", "--endpoint", "e", "--path", "p", "--reason", "r"],
        "was never seen to differ"
      ),
    ] {
      let outcome = try await Executable.strangler.run(["shadow"] + arguments + evidence)
      #expect(outcome.exitCode == 2, "\(arguments)")
      #expect(outcome.errors.contains(sentence), "\(arguments): \(outcome.errors)")
    }
    // Half a recording is no recording: nothing of it is replayed, and no evidence is made.
    let whole = try Data(
      contentsOf: Repository.root.appending(path: "fixtures/traffic/shop-visit.har"))
    let half = try scratch.write(whole.prefix(whole.count / 2), to: "half.har")
    let none = scratch.path + "/none.sqlite"
    let refused = try await Executable.strangler.run(
      ["shadow", "replay", "--har", half, "--evidence", none] + sides)
    #expect(refused.exitCode == 2 && refused.output == "")
    #expect(refused.errors.contains("half.har: not JSON: an unexpected end at byte"))
    #expect(!FileManager.default.fileExists(atPath: none))
    let missing = try await Executable.strangler.run([
      "shadow", "report", "--evidence", scratch.path + "/none.sqlite",
    ])
    #expect(missing.exitCode == 2)
    #expect(missing.errors.contains("there is no evidence at"))
  }
}

/// Shop and orders service on free ports, with evidence in a folder of their own.
struct BothSides {
  let legacy: String
  let extracted: String
  private let scratch: Scratch

  static func running(_ body: (BothSides) async throws -> Void) async throws {
    let shop = try Executable.shopMonolith.start(["--port", "0"])
    let orders = try Executable.ordersService.start(["--port", "0"])
    let result: Result<Void, any Error>
    do {
      try await body(
        BothSides(
          legacy: "http://127.0.0.1:" + (try await shop.port()),
          extracted: "http://127.0.0.1:" + (try await orders.port()), scratch: try Scratch()))
      result = .success(())
    } catch {
      result = .failure(error)
    }
    for program in [shop, orders] {
      program.signal(SIGKILL)
      _ = await program.outcome()
    }
    try result.get()
  }

  func path(_ name: String) -> String { scratch.path + "/" + name }

  func write(_ text: String, to name: String) throws -> String {
    try scratch.write(text, to: name)
  }

  /// Everything to legacy, and a copy of each order that is read.
  func shadowingConfiguration() throws -> String {
    func port(_ address: String) -> Substring { address.dropFirst("http://".count) }
    return try write(
      """
      proxy: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
      upstreams:
        legacy: { endpoints: ["\(port(legacy))"] }
        orders: { endpoints: ["\(port(extracted))"] }
      routes:
        - name: orders
          match: { path: /orders/** }
          legacy: legacy
          extracted: orders
          shadow: { mode: compare, ask-again-percent: 100 }
        - { name: rest, match: { path: /** }, legacy: legacy }

      """, to: "live.yaml")
  }

  func shadow(_ arguments: [String]) async throws -> Outcome {
    try await Executable.strangler.run(
      ["shadow"] + arguments + ["--evidence", path("shadow.sqlite")])
  }

  func replay(
    _ arguments: [String], har: String? = nil, legacy: String? = nil, extracted: String? = nil
  ) async throws -> Outcome {
    let har =
      har
      ?? Repository.root.appending(path: "fixtures/traffic/shop-visit.har")
      .path(percentEncoded: false)
    return try await shadow(
      [
        "replay", "--har", har, "--legacy", legacy ?? self.legacy, "--extracted",
        extracted ?? self.extracted, "--rate", "1000", "--format", "json", "--fail-on-difference",
      ] + arguments)
  }
}

/// The differences that the orders service has on purpose, as its fixture lists them.
private struct Planted: Decodable {
  struct Entry: Decodable {
    let kind: String
    let path: String
    let listPath: String?
  }

  let differences: [Entry]
  let volatile: Set<String>

  var ofOrders: Set<String> { Set(differences.map { "\($0.path) \($0.kind)" }) }
  var ofLists: Set<String> {
    Set(differences.compactMap { entry in entry.listPath.map { "\($0) \(entry.kind)" } })
  }

  init() throws {
    let file = Repository.root.appending(path: "fixtures/orders-service/differences.json")
    self = try JSONDecoder().decode(Planted.self, from: Data(contentsOf: file))
  }
}

/// The part of `/shadows` that these tests rely on.
private struct ShadowStatus: Decodable {
  let outcomes: [String: Int]
  let dropped: [String: Int]
  var ended: Int { outcomes.values.reduce(0, +) + dropped.values.reduce(0, +) }
}

/// The part of the JSON contract that these tests rely on.
private struct ShadowReport: Decodable {
  struct Path: Decodable {
    let path: String
    let kind: String
    let label: String
    let pairs: [Int]
  }

  struct Endpoint: Decodable {
    let name: String
    let outcomes: [String: Int]
    let paths: [Path]
  }

  let comparisons: Int
  let hasDifferences: Bool
  let endpoints: [Endpoint]

  init(_ json: String) throws {
    self = try JSONDecoder().decode(ShadowReport.self, from: Data(json.utf8))
  }

  /// Paths that are real or likely, with their kinds.
  func found(_ endpoint: String) -> Set<String> {
    Set(
      endpoints.filter { $0.name == endpoint }.flatMap(\.paths)
        .filter { ["real", "likely"].contains($0.label) }.map { "\($0.path) \($0.kind)" })
  }
}
