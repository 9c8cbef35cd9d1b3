// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import CutoverScenario
import Foundation
import HTTPTypes
import Logging
import RoutingDecisions
import Testing

@Suite(.timeLimit(.minutes(3))) struct CutoverEndpointTests {
  private static let order = #"{"actor": "ann", "reason": "ticket 12"}"#
  private static let token: HTTPFields = [
    .authorization: "Bearer correct horse battery", .contentType: "application/json",
  ]

  private static func harness(_ bench: CutoverBench) throws -> AdminHarness {
    var harness = try AdminHarness(routing: bench.routing)
    harness.cutovers = bench.runner
    harness.token = AdminToken("correct horse battery")
    return harness
  }

  @Test func aCutoverIsStartedShownAndTakenBack() async throws {
    let bench = try await CutoverBench()
    try await Self.harness(bench).run { client in
      let started = try await client.send(
        .post, "/cutovers/orders/start", Self.token, body: Self.order)
      #expect(started.status == 200)
      let status = try JSONDecoder().decode(CutoverStatus.self, from: Data(started.body.utf8))
      #expect(status.phase == .underWay && status.percent == 10)
      let shown = try await client.send(.get, "/cutovers", Self.token)
      let overview = try JSONDecoder().decode(CutoverOverview.self, from: Data(shown.body.utf8))
      #expect(overview.cutovers.map(\.name) == ["basket", "orders"])
      #expect(overview.routes.first { $0.name == "orders" }?.percent == 10)
      #expect(overview.journal.sequence == 2)
      let back = try await client.send(
        .post, "/cutovers/orders/rollback", Self.token, body: Self.order)
      #expect(back.status == 200 && back.body.contains(#""phase" : "rolled-back""#))
      let taken = try JSONDecoder().decode(CutoverStatus.self, from: Data(back.body.utf8))
      let end = try #require(taken.end)
      #expect(end.entry == 3 && end.actor == "ann (127.0.0.1)" && end.reason == "ticket 12")
      #expect(end.at == "2026-11-23T12:00:00.000Z" && !end.isAutomatic)
      let history = try await client.send(.get, "/journal?after=1", Self.token)
      let page = try JSONDecoder().decode(JournalPage.self, from: Data(history.body.utf8))
      #expect(page.entries.map(\.actor) == ["ann (127.0.0.1)", "ann (127.0.0.1)"])
      #expect(page.entries.map(\.reason) == ["stage 1 of 3: 10 %; ticket 12", "ticket 12"])
      let verdict = try await client.send(.get, "/journal/verify", Self.token)
      #expect(verdict.body.contains(#""sound" : 3"#) && !verdict.body.contains("fault"))
    }
    #expect(bench.percent() == 0)
  }

  @Test(arguments: [
    ("/cutovers/odrers/start", order, 404, "There is no cutover \\\"odrers\\\""),
    (
      "/cutovers/orders/approve",
      #"{"stage": 2, "plan": "5f0c", "actor": "ann", "reason": "ticket 12"}"#, 409,
      "it is not under way"
    ),
    ("/cutovers/orders/approve", order, 400, "stage: expected the number of a stage, from 1"),
    (
      "/cutovers/orders/approve", #"{"stage": 0, "plan": "5f0c", "actor": "a", "reason": "b"}"#,
      400, "stage: expected"
    ),
    (
      "/cutovers/orders/approve", #"{"stage": 2, "actor": "a", "reason": "b"}"#, 400,
      "plan: expected"
    ),
    ("/cutovers/orders/start", #"{"reason": "x"}"#, 400, "actor: say who gives the order"),
    ("/cutovers/orders/start", #"{"actor": "ann"}"#, 400, "reason: expected 1 to 500"),
    (
      "/cutovers/orders/start", #"{"actor": "\u202enna", "reason": "x"}"#, 400,
      "actor: expected 1 to 100"
    ),
    ("/cutovers/orders/start", "nonsense", 400, "The body is not a JSON object"),
    ("/cutovers/orders/start", "[]", 400, "The body is not a JSON object"),
    (
      "/cutovers/orders/start", #"{"actor": "ann", "reason": "a", "re\u0061son": "b"}"#, 400,
      #"The member \"reason\" comes twice."#
    ),
    (
      "/kill-switch", #"{"on": true, "on": false, "actor": "ann", "reason": "a"}"#, 400,
      #"The member \"on\" comes twice."#
    ),
    ("/freeze", order, 400, "on: expected true or false"),
    ("/freeze", #"{"on": false, "actor": "a", "reason": "b"}"#, 409, "Nothing is frozen already"),
    ("/journal/revert", #"{"to": 99, "actor": "a", "reason": "b"}"#, 404, "no entry 99"),
    ("/journal/revert", #"{"to": -1, "actor": "a", "reason": "b"}"#, 400, "to: expected"),
  ])
  func badOrdersChangeNothing(
    path: String, body: String, status: Int, detail: String
  ) async throws {
    let bench = try await CutoverBench()
    try await Self.harness(bench).run { client in
      let answer = try await client.send(.post, path, Self.token, body: body)
      #expect(answer.status == status)
      #expect(answer.headers[.contentType] == "application/problem+json")
      #expect(answer.body.contains(detail), "\(answer.body)")
    }
    #expect(bench.journal.all.count == 1)
  }

  @Test func anApprovalIsOfOneStageOfOnePlan() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("orders", by: CutoverScenario.ann)
    let asked = await bench.seconds(
      until: { await $0.runner.status(of: "orders")?.isAwaitingApproval == true }, limit: 600)
    #expect(asked != nil)
    let plan = try #require(await bench.runner.status(of: "orders")?.plan)
    @Sendable func body(_ stage: Int, _ plan: String) -> String {
      #"{"stage": \#(stage), "plan": "\#(plan)", "actor": "ann", "reason": "fine"}"#
    }
    try await Self.harness(bench).run { client in
      let path = "/cutovers/orders/approve"
      let early = try await client.send(.post, path, Self.token, body: body(3, plan))
      #expect(early.status == 412)
      #expect(early.body.contains("stage 3 is approved, and stage 1 is under way by now"))
      let other = try await client.send(.post, path, Self.token, body: body(2, "0123456789abcdef"))
      #expect(other.status == 412)
      #expect(other.body.contains("a stage of run 0123456789abcdef is approved, and run \(plan)"))
      #expect(bench.percent() == 10)
      let approved = try await client.send(.post, path, Self.token, body: body(2, plan))
      #expect(approved.status == 200 && bench.percent() == 50)
      // Somebody else looked before that, and is late.
      let late = try await client.send(.post, path, Self.token, body: body(2, plan))
      #expect(late.status == 412)
      #expect(late.body.contains("stage 2 is approved, and stage 2 is under way by now"))
    }
    #expect(bench.percent() == 50)
  }

  @Test func aShareThatSkipsTheGatesNeedsToSaySo() async throws {
    let bench = try await CutoverBench()
    try await Self.harness(bench).run { client in
      let refused = try await client.send(
        .put, "/routes/orders", Self.token,
        body: #"{"percent": 50, "actor": "ann", "reason": "now"}"#)
      #expect(refused.status == 409 && refused.body.contains("would skip the gates"))
      let taken = try await client.send(
        .put, "/routes/orders", Self.token,
        body: #"{"percent": 50, "skip-gates": true, "actor": "ann", "reason": "now"}"#)
      #expect(taken.status == 200)
    }
    #expect(bench.percent() == 50)
  }

  @Test func nothingIsTakenWithoutTheTokenOrFromAnotherSite() async throws {
    let bench = try await CutoverBench()
    try await Self.harness(bench).run { client in
      let bare = try await client.send(
        .post, "/cutovers/orders/start", [.contentType: "application/json"], body: Self.order)
      #expect(bare.status == 401)
      var foreign = Self.token
      foreign[.origin] = "https://evil.example"
      let crossed = try await client.send(
        .post, "/cutovers/orders/start", foreign, body: Self.order)
      #expect(crossed.status == 403)
      var form = Self.token
      form[.contentType] = "text/plain"
      let posted = try await client.send(
        .post, "/cutovers/orders/start", form, body: Self.order)
      #expect(posted.status == 415)
      #expect(try await client.send(.get, "/cutovers").status == 401)
    }
    #expect(bench.percent() == 0)
  }

  @Test func aJournalWithoutATokenIsRefused() async throws {
    let bench = try await CutoverBench()
    let harness = try AdminHarness(routing: bench.routing)
    #expect(throws: AdminServerError.tokenMissingForJournal) {
      try AdminServer(
        configuration: AdminConfiguration(listen: NetworkAddress(host: "127.0.0.1", port: 0)),
        token: nil, routing: harness.routing, counters: harness.counters,
        readiness: harness.readiness, cutovers: bench.runner, logger: Logger(label: "admin"))
    }
  }

  @Test func withoutAJournalTheAnswerSaysWhatToDo() async throws {
    try await AdminHarness().run { client in
      let answer = try await client.send(.get, "/cutovers")
      #expect(answer.status == 409 && answer.body.contains("set proxy.journal"))
    }
  }

  @Test func metricsTellStageShareStateAndGates() async throws {
    let bench = try await CutoverBench()
    try await bench.runner.start("orders", by: CutoverScenario.ann)
    await bench.seconds(30)
    try await Self.harness(bench).run { client in
      let text = try await client.send(.get, "/metrics", Self.token).body
      for line in [
        #"strangler_cutover_state{cutover="orders",state="under-way"} 1"#,
        #"strangler_cutover_state{cutover="basket",state="ready"} 1"#,
        #"strangler_cutover_stage{cutover="orders"} 1.0"#,
        #"strangler_cutover_percent{cutover="orders"} 10.0"#,
        #"strangler_cutover_gate_threshold{cutover="orders",route="orders",gate="errors"} 100.0"#,
        #"strangler_cutover_gate_requests{cutover="orders",route="orders",gate="errors",side="extracted"} 300"#,
        "strangler_journal_entries 2", "strangler_kill_switch_on 0",
      ] {
        #expect(text.contains(line + "\n"), "\(line)")
      }
    }
  }
}
