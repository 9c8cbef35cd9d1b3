// SPDX-License-Identifier: Apache-2.0

import GRDB
import Logging
import RoutingDecisions
import ShadowComparison
import ShadowEvidenceStore
import Synchronization
import Testing

@testable import ControlPlane
@testable import ProxyDataPlane

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@Suite("Evidence of live traffic", .timeLimit(.minutes(1)))
struct LiveEvidenceTests {
  /// Of a route that no turn has seen yet.
  static let anyService = ShadowedService(route: "new", text: "")
  static let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

  static func server(_ shadow: ShadowConfiguration?) throws -> ProxyServer {
    try ProxyServer(configuration: configuration(shadow), logger: silent)
  }

  /// `services`: of a route for everything, and of one for what lies below `/more`.
  private static func configuration(
    _ shadow: ShadowConfiguration?, services: [String] = ["orders"], port: Int = 9
  ) throws -> ProxyConfiguration {
    func upstream(_ name: String) -> UpstreamConfiguration {
      UpstreamConfiguration(
        name: name, target: .network([NetworkAddress(host: "127.0.0.1", port: port)]))
    }
    let paths = ["/**", "/more/**"]
    return ProxyConfiguration(
      upstreams: (["legacy"] + services).map(upstream),
      routes: try zip(services, paths).map { service, path in
        RouteConfiguration(
          name: path == "/**" ? "orders" : "more",
          match: RouteMatch(path: try PathTemplate(parsing: path)), legacy: "legacy",
          extracted: service, shadow: shadow)
      })
  }

  static func finding(
    _ extracted: String, of member: String = "total", endpoint: String = "GET /orders/{id}",
    by service: ShadowedService = anyService
  ) -> ShadowFinding {
    func answer(_ text: String) -> SideAnswer {
      .response(
        ComparedResponse(
          status: 200, headers: [.init(name: "content-type", value: "application/json")],
          body: Array("{\"\(member)\":\(text),\"email\":\"a@b\"}".utf8)))
    }
    let rules = ComparisonRules(redact: [PathPattern("**email")])
    let (legacy, other) = (answer("1"), answer(extracted))
    return ShadowFinding(
      service: service, endpoint: endpoint, method: "GET", target: "/orders/7", legacy: legacy,
      extracted: other,
      comparison: ResponseComparator(rules: rules).compare(legacy: legacy, extracted: other),
      times: AnswerTimes(legacy: 100, extracted: 200), rules: rules, isSafe: true, hasBudget: true)
  }

  static func withFile(_ body: (String) async throws -> Void) async throws {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("live-\(UInt64.random(in: 0 ... .max)).sqlite").path
    defer {
      for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) }
    }
    try await body(path)
  }

  @Test("What the lane files stands in the report of the file, with pairs and drops")
  func isWritten() async throws {
    try await Self.withFile { path in
      let server = try Self.server(ShadowConfiguration())
      let evidence = LiveEvidence(
        path: path, shadows: server.shadows, logger: Self.silent, unixMilliseconds: { 5_000 })
      await evidence.turn()
      #expect(evidence.file(Self.finding("1")).decision == .done)
      #expect(evidence.file(Self.finding("2")).decision == .askLegacyAgain)
      let difference = PathKind(path: ResponsePath("total"), kind: .value)
      let counted = evidence.file(
        [difference: .extracted], endpoint: "GET /orders/{id}", of: Self.anyService)
      #expect(counted?.odd == .extracted && counted?.telling == .extracted)
      let route = try #require(server.shadows.host.live.routes.first ?? nil)
      for _ in 1...3 { route.drop(.noSlot) }
      await evidence.turn()
      route.drop(.noSlot)
      await evidence.turn()

      let store = try ShadowEvidenceStore(path: path, creates: false)
      let runs = try await store.runs()
      #expect(runs.map(\.source) == [.live])
      #expect(runs.map(\.legacy) == ["legacy"] && runs.map(\.extracted) == ["orders"])
      let report = try await store.report()
      #expect(report.comparisons == 2 && report.reasks == 1)
      let drops = try #require(report.endpoints.first { $0.name == "(route orders)" })
      #expect(drops.drops == [.noSlot: 4])
      let endpoint = try #require(report.endpoints.first { $0.name == "GET /orders/{id}" })
      #expect(endpoint.outcomes == [.matched: 1, .mismatched: 1])
      let path = try #require(endpoint.paths.first)
      #expect(path.pathKind == difference && path.evidence.extractedOdd == 1)
      let number = try #require(path.pairs.first)
      let pair = try #require(try await store.pair(number))
      #expect(!pair.legacy.body.joined().contains("a@b"))
    }
  }

  @Test("Nothing that the rules hide stands anywhere in the file, whatever it is called")
  func redaction() async throws {
    let secret = "hunter2"
    try await Self.withFile { path in
      let server = try Self.server(ShadowConfiguration())
      let evidence = LiveEvidence(
        path: path, shadows: server.shadows, logger: Self.silent, unixMilliseconds: { 5_000 })
      await evidence.turn()
      let rules = ComparisonRules(
        headers: ["content-type", "location"],
        redact: ["**email", "byOwner", "query:key", "path:/reset/{token}"].map { PathPattern($0) })
      func answer(_ number: Int, _ type: String) -> SideAnswer {
        let hidden =
          "\"contact.email\":\"\(secret)\(number)\",\"a\":{\"Email\":\"\(secret)\(number)\"},"
          + "\"byOwner\":{\"\(secret)\(number)\":{\"\(secret)\":\(number)}}"
        let one = number == 1 ? ",\"only\":[{\"workEMail\":\"\(secret)\"}]" : ""
        return .response(
          ComparedResponse(
            status: 200,
            headers: [
              .init(name: "content-type", value: type),
              .init(name: "location", value: "http://a/reset/\(secret)\(number)?KEY=\(secret)"),
            ], body: Array("{\(hidden),\"total\":\(number)\(one)}".utf8)))
      }
      let target = "/reset/\(secret)?key=\(secret)&email=\(secret)"
      for type in ["application/json", "text/plain"] {
        let (legacy, extracted) = (answer(1, type), answer(2, type))
        _ = evidence.file(
          ShadowFinding(
            service: Self.anyService, endpoint: rules.endpoint(method: "GET", target: target),
            method: "GET",
            target: target, legacy: legacy, extracted: extracted,
            comparison: ResponseComparator(rules: rules).compare(
              legacy: legacy, extracted: extracted),
            times: AnswerTimes(legacy: 1, extracted: 2), rules: rules, isSafe: true,
            hasBudget: true))
      }
      await evidence.turn()
      let report = try await ShadowEvidenceStore(path: path, creates: false).report()
      #expect(report.endpoints.map(\.name) == ["GET /reset/{token}"])
      #expect(Set(report.endpoints.flatMap(\.paths).flatMap(\.pairs)).count == 2)
      let kept = try ["", "-wal"].map { try Data(contentsOf: URL(fileURLWithPath: path + $0)) }
      #expect(kept.allSatisfy { $0.firstRange(of: Data(secret.utf8)) == nil })
      #expect(kept.contains { $0.firstRange(of: Data("byOwner".utf8)) != nil })
    }
  }

  @Test("Another service in the place of one begins a run; one for a route more does not")
  func replacedService() async throws {
    try await Self.withFile { path in
      let server = try Self.server(ShadowConfiguration())
      func adopt(_ services: [String]) throws {
        let next = try Self.configuration(ShadowConfiguration(), services: services)
        let numbers = try RoutingTable(next).numbers
        server.shadows.host.live.adopt(next, numbers, lane: numbers)
      }
      let evidence = LiveEvidence(
        path: path, shadows: server.shadows, logger: Self.silent, unixMilliseconds: { 5_000 })
      await evidence.turn()
      _ = evidence.file(Self.finding("2"))
      try adopt(["orders", "more"])
      await evidence.turn()
      let store = try ShadowEvidenceStore(path: path, creates: false)
      #expect(try await store.runs().map(\.extracted) == ["more, orders"])
      _ = evidence.file(Self.finding("2"))
      try adopt(["orders2", "more"])
      await evidence.turn()
      _ = evidence.file(Self.finding("1"))
      await evidence.turn()
      let runs = try await store.runs()
      #expect(runs.map(\.extracted) == ["more, orders2", "more, orders"])
      #expect(runs.map(\.comparisons) == [1, 2])
      #expect(runs.map(\.endedAt) == [nil, 5_000])
      #expect(try await store.report(runs: [2]).endpoints.flatMap(\.paths).isEmpty)
    }
  }

  @Test("A quiet run says each minute that it goes on, so that nobody deletes it")
  func isKept() async throws {
    try await Self.withFile { path in
      let clock = Mutex<Int64>(0)
      let server = try Self.server(ShadowConfiguration())
      let evidence = LiveEvidence(
        path: path, shadows: server.shadows,
        retention: EvidenceRetention(age: 600_000, runs: 1, pairs: 9), logger: Self.silent,
        unixMilliseconds: { clock.withLock(\.self) })
      await evidence.turn()
      let store = try ShadowEvidenceStore(path: path, creates: false)
      for _ in 0..<30 {
        clock.withLock { $0 += LiveEvidence.pruneInterval }
        let replay = try await store.begin(
          .replay, legacy: "a", extracted: "b", at: clock.withLock(\.self))
        try await store.end(run: replay, at: clock.withLock(\.self))
        await evidence.turn()
      }
      #expect(try await store.runs().map(\.number) == [31, 1])
      _ = evidence.file(Self.finding("2"))
      await evidence.turn()
      #expect(try await store.report(runs: [1]).comparisons == 1)
    }
  }

  @Test("Another service in the same place has a run of its own, with none of the findings before")
  func otherService() async throws {
    try await Self.withFile { path in
      let server = try Self.server(ShadowConfiguration())
      let live = server.shadows.host.live
      let former = try #require(live.routes.first ?? nil).service
      let evidence = LiveEvidence(
        path: path, shadows: server.shadows, logger: Self.silent, unixMilliseconds: { 5_000 })
      await evidence.turn()
      _ = evidence.file(Self.finding("2", by: former))
      await evidence.turn()
      let next = try Self.configuration(ShadowConfiguration(), port: 10)
      let numbers = try RoutingTable(next).numbers
      live.adopt(next, numbers, lane: numbers)
      let latter = try #require(live.routes.first ?? nil).service
      #expect(latter.route == former.route && latter != former)
      _ = evidence.file(Self.finding("3", by: former))
      await evidence.turn()
      _ = evidence.file(Self.finding("1", by: latter))
      // The answer of the former service came late.
      #expect(evidence.file(Self.finding("4", by: former)).decision == .unfiled)
      let total = PathKind(path: ResponsePath("total"), kind: .value)
      let late = evidence.file([total: .extracted], endpoint: "GET /orders/{id}", of: former)
      #expect(late == nil)
      await evidence.turn()
      let store = try ShadowEvidenceStore(path: path, creates: false)
      let runs = try await store.runs().sorted { $0.number < $1.number }
      #expect(runs.map(\.endedAt) == [5_000, nil] && runs.map(\.comparisons) == [2, 1])
      let report = try await store.report(runs: [runs[1].number])
      #expect(report.endpoints.map(\.outcomes) == [[.matched: 1]])
    }
  }

  @Test("Approved noise counts from the next look on; no file is made while no route shadows")
  func approvals() async throws {
    try await Self.withFile { path in
      let idle = LiveEvidence(
        path: path, shadows: try Self.server(nil).shadows, logger: Self.silent,
        unixMilliseconds: { 0 })
      await idle.turn()
      #expect(!FileManager.default.fileExists(atPath: path))

      let server = try Self.server(ShadowConfiguration())
      let store = try ShadowEvidenceStore(path: path, creates: true)
      _ = try await store.approve(
        NoiseApproval(
          endpoint: "GET /orders/{id}",
          pathKind: PathKind(path: ResponsePath("total"), kind: .value), actor: "a", reason: "b",
          approvedAt: 1))
      let evidence = LiveEvidence(
        path: path, shadows: server.shadows, logger: Self.silent, unixMilliseconds: { 5_000 })
      await evidence.turn()
      #expect(evidence.file(Self.finding("2")).outcome == .ignored)
      #expect(evidence.file(Self.finding("2", of: "other")).decision == .askLegacyAgain)
      let (total, other) = (ResponsePath("total"), ResponsePath("other"))
      let triples = [PathKind(path: total, kind: .value), PathKind(path: other, kind: .value)]
      let counted = evidence.file(
        [triples[0]: .extracted, triples[1]: .legacy], endpoint: "GET /orders/{id}",
        of: Self.anyService)
      #expect(counted?.odd == .legacy && counted?.telling == .legacy)
      await evidence.turn()
      let endpoint = try await store.report().endpoints.first
      #expect(endpoint?.outcomes == [.ignored: 1, .mismatched: 1])
      // Whoever looks can still see that the word may be wrong.
      let approved = endpoint?.paths.first { $0.pathKind == triples[0] }
      #expect(approved?.evidence.extractedOdd == 1)
    }
  }

  @Test("A ruling concerns the routes whose answers it is about, and counts at once")
  func rulings() async throws {
    try await Self.withFile { path in
      let server = try Self.server(ShadowConfiguration())
      let service = try #require(server.shadows.host.live.routes.first ?? nil).service
      let evidence = LiveEvidence(
        path: path, shadows: server.shadows, logger: Self.silent, unixMilliseconds: { 5_000 })
      #expect(evidence.rulings == nil)
      await evidence.turn()
      let first = try #require(evidence.rulings)
      #expect(first == NoiseRulings([]))
      let store = try ShadowEvidenceStore(path: path, creates: false)
      var known = first
      let route = RouteMatch(path: try PathTemplate(parsing: "/orders/**"))
      for (endpoint, member) in [("GET /orders/{id}", "total"), ("GET /elsewhere", "a")] {
        _ = try await store.approve(
          NoiseApproval(
            endpoint: endpoint, pathKind: PathKind(path: ResponsePath(member), kind: .value),
            actor: "a", reason: "b", approvedAt: 1))
        if member == "total" { _ = evidence.file(Self.finding("2", by: service)) }
        await evidence.lookUpRulings()
        let rulings = try #require(evidence.rulings)
        #expect(rulings != known)
        let isSame = rulings.version(of: route) == known.version(of: route)
        #expect(isSame == (member != "total"))
        known = rulings
      }
    }
  }

  @Test("The next process knows by the version that something was ruled while none ran")
  func rulingsBetweenProcesses() async throws {
    try await Self.withFile { path in
      func start() async throws -> NoiseRulings? {
        let evidence = LiveEvidence(
          path: path, shadows: try Self.server(ShadowConfiguration()).shadows,
          logger: Self.silent, unixMilliseconds: { 5_000 })
        // Before the proxy serves, so before there is a run.
        await evidence.lookUpRulings()
        let rulings = evidence.rulings
        await evidence.turn()
        #expect(rulings != nil && evidence.rulings == rulings)
        return rulings
      }
      let nothing = try await start()
      #expect(try await start() == nothing)
      let store = try ShadowEvidenceStore(path: path, creates: false)
      let kind = PathKind(path: ResponsePath("total"), kind: .value)
      _ = try await store.approve(
        NoiseApproval(
          endpoint: "GET /a", pathKind: kind, actor: "a", reason: "b", approvedAt: 50_000))
      let something = try await start()
      #expect(something != nothing)
      _ = try await store.revoke(
        kind, endpoint: "GET /a", actor: "a", reason: "b", at: 60_000)
      #expect(try await start() == nothing)
    }
  }

  @Test("While the file cannot be written, findings of a former service are not its successor's")
  func replacedWhileBroken() async throws {
    try await Self.withFile { path in
      let server = try Self.server(ShadowConfiguration())
      let live = server.shadows.host.live
      let former = try #require(live.routes.first ?? nil).service
      let evidence = LiveEvidence(
        path: path, shadows: server.shadows, logger: Self.silent, unixMilliseconds: { 5_000 })
      await evidence.turn()
      _ = evidence.file(Self.finding("2", by: former))
      // As on a disk that is full, but not for ever.
      let file = try DatabaseQueue(path: path)
      try await file.write { db in
        try db.execute(
          sql: "CREATE TRIGGER full BEFORE UPDATE ON run BEGIN SELECT RAISE(ABORT, 'full'); END")
      }
      let next = try Self.configuration(ShadowConfiguration(), port: 10)
      let numbers = try RoutingTable(next).numbers
      live.adopt(next, numbers, lane: numbers)
      await evidence.turn()
      #expect(evidence.file(Self.finding("3", by: former)).decision == .unfiled)
      try await file.write { db in try db.execute(sql: "DROP TRIGGER full") }
      await evidence.turn()
      let store = try ShadowEvidenceStore(path: path, creates: false)
      let runs = try await store.runs().sorted { $0.number < $1.number }
      #expect(runs.map(\.comparisons) == [1, 0] && runs.map(\.endedAt) == [5_000, nil])
    }
  }

  @Test("What is found right after a change belongs to the new run, before the next turn")
  func rightAfterAChange() async throws {
    try await Self.withFile { path in
      let server = try Self.server(ShadowConfiguration())
      let live = server.shadows.host.live
      let former = try #require(live.routes.first ?? nil).service
      let evidence = LiveEvidence(
        path: path, shadows: server.shadows, logger: Self.silent, unixMilliseconds: { 5_000 })
      await evidence.turn()
      _ = evidence.file(Self.finding("2", by: former))
      let next = try Self.configuration(ShadowConfiguration(), port: 10)
      let numbers = try RoutingTable(next).numbers
      live.adopt(next, numbers, lane: numbers)
      let latter = try #require(live.routes.first ?? nil).service
      for _ in 0..<3 { #expect(evidence.file(Self.finding("1", by: latter)).decision != .unfiled) }
      #expect(evidence.file(Self.finding("4", by: former)).decision == .unfiled)
      await evidence.turn()
      let store = try ShadowEvidenceStore(path: path, creates: false)
      let runs = try await store.runs().sorted { $0.number < $1.number }
      #expect(runs.map(\.comparisons) == [1, 3] && runs.map(\.endedAt) == [5_000, nil])
    }
  }

  @Test("Other rules of comparison begin a run, another sample does not")
  func otherRules() async throws {
    try await Self.withFile { path in
      let server = try Self.server(ShadowConfiguration())
      let live = server.shadows.host.live
      let evidence = LiveEvidence(
        path: path, shadows: server.shadows, logger: Self.silent, unixMilliseconds: { 5_000 })
      await evidence.turn()
      let first = evidence.run
      func adopt(_ change: (inout ShadowConfiguration) -> Void) async throws {
        var shadow = try #require(live.routes.first ?? nil).configuration
        change(&shadow)
        let next = try Self.configuration(shadow)
        let numbers = try RoutingTable(next).numbers
        live.adopt(next, numbers, lane: numbers)
        await evidence.turn()
      }
      try await adopt { $0.inFlight += 1 }
      #expect(evidence.run == first)
      try await adopt { $0.rules.ignore.append(PathPattern("total")) }
      #expect(first != nil && evidence.run != first)
    }
  }

  @Test("A proxy that never serves writes no run; one that does ends its run, though cancelled")
  func servesFirst() async throws {
    try await Self.withFile { path in
      let server = try Self.server(ShadowConfiguration())
      let refused = BoundAddress()
      let idle = LiveEvidence(
        path: path, shadows: server.shadows, logger: Self.silent, unixMilliseconds: { 5_000 },
        serving: { _ = try await refused.value() })
      let waiting = Task { try await idle.run() }
      waiting.cancel()
      try await waiting.value
      refused.fail(AdminServerError.tokenMissingForJournal)
      await #expect(throws: AdminServerError.self) { try await idle.run() }
      #expect(!FileManager.default.fileExists(atPath: path) && idle.run == nil)

      let (serving, began) = AsyncStream.makeStream(of: Void.self)
      let evidence = LiveEvidence(
        path: path, shadows: server.shadows, logger: Self.silent, unixMilliseconds: { 5_000 },
        serving: { began.yield() })
      let running = Task { try await evidence.run() }
      for await _ in serving { break }
      running.cancel()
      try await running.value
      let runs = try await ShadowEvidenceStore(path: path, creates: false).runs()
      #expect(runs.map(\.endedAt) == [5_000] && runs.map(\.number) == [evidence.run])
    }
  }

  @Test("The numbers stand in the metrics, and nothing does while no route shadows")
  func metrics() throws {
    let server = try Self.server(ShadowConfiguration())
    let route = try #require(server.shadows.host.live.routes.first ?? nil)
    route.drop(.byteBudget)
    route.counts.change { tally in
      tally.outcomes[.mismatched] = 2
      (tally.undecided, tally.odd.extracted, tally.odd.legacy) = (3, 4, 5)
    }
    let text = ShadowMetrics.text(server.shadows.snapshot())
    for line in [
      "strangler_shadow_dropped_total{route=\"orders\",reason=\"byte-budget\"} 1",
      "strangler_shadow_comparisons_total{route=\"orders\",outcome=\"mismatched\"} 2",
      "strangler_shadow_undecided_total{route=\"orders\"} 3",
      "strangler_shadow_odd_total{route=\"orders\",side=\"extracted\"} 4",
      "strangler_shadow_odd_total{route=\"orders\",side=\"legacy\"} 5",
      "strangler_shadow_buffered_bytes_limit{route=\"orders\"} 67108864",
    ] {
      #expect(text.contains(line + "\n"))
    }
    #expect(ShadowMetrics.text(try Self.server(nil).shadows.snapshot()) == "")
  }
}
