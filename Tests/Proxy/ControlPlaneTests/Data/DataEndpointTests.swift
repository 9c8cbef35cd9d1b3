// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import Foundation
import HTTPTypes
import HummingbirdTesting
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct DataEndpointTests {
  private static let order = #"{"actor": "ann", "reason": "ticket 12"}"#
  private static let token: HTTPFields = [
    .authorization: "Bearer correct horse battery", .contentType: "application/json",
  ]

  private static func harness(
    _ mover: StillMover?, _ limits: DataOffice.Limits = .init(), hasToken: Bool = true
  ) throws -> AdminHarness {
    var harness = try AdminHarness()
    harness.data = mover.map { DataOffice($0, limits, unixMilliseconds: { 1_795_435_200_250 }) }
    if hasToken { harness.token = AdminToken("correct horse battery") }
    return harness
  }

  private static func mapping(_ answer: Answer) throws -> DataMappingStatus {
    try JSONDecoder().decode(DataMappingStatus.self, from: Data(answer.body.utf8))
  }

  private static func verification(_ answer: Answer) throws -> DataVerification {
    try JSONDecoder().decode(DataVerification.self, from: Data(answer.body.utf8))
  }

  @Test func aMappingIsShownMovedAndTakenBack() async throws {
    let mover = StillMover()
    try await Self.harness(mover).run { client in
      let shown = try await client.send(.get, "/data", Self.token)
      let overview = try JSONDecoder().decode(DataOverview.self, from: Data(shown.body.utf8))
      #expect(overview.mappings.map(\.name) == ["orders"])
      #expect(overview.mappings[0].waiting == 3 && overview.mappings[0].history.count == 1)
      let moved = try await client.send(
        .post, "/data/orders/advance", Self.token, body: Self.order)
      #expect(moved.status == 200)
      let after = try Self.mapping(moved)
      #expect(after.way.state == "dual-write-new-reads")
      #expect(after.order?.state == .done && after.order?.actor == "ann (127.0.0.1)")
      #expect(after.order?.pauseMilliseconds == 12.5)
      #expect(after.order?.startedAt == "2026-11-23T12:00:00.250Z")
      let back = try await client.send(
        .post, "/data/orders/retreat", Self.token, body: Self.order)
      #expect(try Self.mapping(back).way.state == "dual-write-legacy-reads")
      let given = mover.state.withLock(\.given)
      #expect(given.map(\.action) == [.advance, .retreat])
      #expect(given.map(\.reason) == ["ticket 12", "ticket 12"])
    }
  }

  @Test func aMappingIsPlannedAndCheckedWithoutAnOrder() async throws {
    let mover = StillMover()
    try await Self.harness(mover).run { client in
      let answer = try await client.send(.get, "/data/orders/plan", Self.token)
      let plan = try JSONDecoder().decode(DataMappingPlan.self, from: Data(answer.body.utf8))
      #expect(plan.table.chunks == 3 && plan.table.columns.map(\.name) == ["amount"])
      #expect(plan.warnings.count == 1 && plan.table.reverseWrites == nil)
      for (isDifferent, outcome) in [(false, "holds"), (true, "broken")] {
        mover.state.withLock { $0.isDifferent = isDifferent }
        let answer = try await client.send(.get, "/data/orders/check", Self.token)
        let check = try JSONDecoder().decode(DataMappingCheck.self, from: Data(answer.body.utf8))
        #expect(check.isUsable == !isDifferent && check.questions.map(\.outcome) == [outcome])
        #expect(check.findings.map(\.line) == (isDifferent ? [12] : []))
      }
      for path in ["plan", "check"] {
        let unknown = try await client.send(.get, "/data/order/\(path)", Self.token)
        #expect(unknown.status == 404, "\(unknown.body)")
      }
      mover.state.withLock { $0.failure = .unusable("store legacy is away") }
      let refused = try await client.send(.get, "/data/orders/plan", Self.token)
      #expect(refused.status == 503, "\(refused.body)")
      #expect(mover.state.withLock(\.given) == [])
    }
  }

  @Test func oneCheckIsMadeAtATime() async throws {
    let gate = StillMover.Gate()
    let mover = StillMover(gate: gate)
    let office = DataOffice(mover, unixMilliseconds: { 0 })
    async let first = office.check("orders")
    while mover.state.withLock(\.checks) == 0 { await Task.yield() }
    await #expect(throws: DataRefusal.busy("A check of orders is under way: ask again.")) {
      try await office.check("orders")
    }
    gate.open()
    #expect(try await first.isUsable)
    #expect(try await office.check("orders").isUsable)
  }

  @Test func everyOrderOfTheCommandsIsTaken() async throws {
    let mover = StillMover()
    try await Self.harness(mover).run { client in
      for action in ["backfill", "repair", "cutover"] {
        let done = try await client.send(
          .post, "/data/orders/\(action)", Self.token, body: Self.order)
        #expect(done.status == 200, "\(done.body)")
        #expect(try Self.mapping(done).order?.order.rawValue == action)
      }
      #expect(mover.state.withLock(\.position) == 3)
      // The last one has no way back, so the name is said twice.
      for (body, status) in [
        (Self.order, 400), (#"{"actor": "ann", "reason": "done", "confirm": "order"}"#, 409),
        (#"{"actor": "ann", "reason": "done", "confirm": true}"#, 400),
        (#"{"actor": "ann", "reason": "done", "confirm": ""}"#, 400),
      ] {
        let refused = try await client.send(.post, "/data/orders/retire", Self.token, body: body)
        #expect(refused.status == status, "\(refused.body)")
      }
      #expect(mover.state.withLock(\.position) == 3)
      let retired = try await client.send(
        .post, "/data/orders/retire", Self.token,
        body: #"{"actor": "ann", "reason": "done", "confirm": "orders"}"#)
      #expect(try Self.mapping(retired).way.state == "retired")
      #expect(
        mover.state.withLock(\.given).map(\.action) == [.backfill, .repair, .cutover, .retire])
    }
  }

  @Test func manyWhoLookShareOneLook() async throws {
    let mover = StillMover()
    try await Self.harness(mover).run { client in
      for _ in 0..<5 { #expect(try await client.send(.get, "/data", Self.token).status == 200) }
      #expect(mover.state.withLock(\.looks) == 1)
      _ = try await client.send(.post, "/data/orders/advance", Self.token, body: Self.order)
      #expect(mover.state.withLock(\.looks) == 2)
    }
  }

  @Test func whatIsMissingIsTheAnswer() async throws {
    let mover = StillMover()
    mover.state.withLock { $0.missing = ["5 rows differ", "changes were refused"] }
    try await Self.harness(mover).run { client in
      let refused = try await client.send(
        .post, "/data/orders/advance", Self.token, body: Self.order)
      #expect(refused.status == 409)
      #expect(
        refused.body.contains(
          "To advance orders, this is missing: 5 rows differ; changes were refused."))
      mover.state.withLock { ($0.missing, $0.turnedBack) = ([], "it took too long") }
      let turned = try await client.send(
        .post, "/data/orders/retreat", Self.token, body: Self.order)
      #expect(turned.status == 409)
      #expect(turned.body.contains("orders was turned back: it took too long."))
      let shown = try Self.mapping(try await client.send(.get, "/data/orders", Self.token))
      #expect(shown.order?.state == .turnedBack)
    }
  }

  @Test(arguments: [
    ("/data/odrers/advance", order, 404, "There is no mapping \\\"odrers\\\". There are: orders."),
    ("/data/odrers/verify", order, 404, "There is no mapping"),
    ("/data/orders/advance", #"{"reason": "x"}"#, 400, "actor: say who gives the order"),
    ("/data/orders/retreat", #"{"actor": "ann"}"#, 400, "reason: expected 1 to 500"),
    ("/data/orders/verify", "[]", 400, "The body is not a JSON object"),
  ])
  func mistakesAreAnswered(
    path: String, body: String, status: Int, detail: String
  ) async throws {
    let mover = StillMover()
    try await Self.harness(mover).run { client in
      let answer = try await client.send(.post, path, Self.token, body: body)
      #expect(answer.status == status && answer.body.contains(detail), "\(answer.body)")
      #expect(mover.state.withLock(\.given) == [])
    }
  }

  @Test func nobodyElseGivesOrders() async throws {
    let mover = StillMover()
    try await Self.harness(mover).run { client in
      var other = Self.token
      other[try #require(HTTPField.Name("Sec-Fetch-Site"))] = "cross-site"
      let form: HTTPFields = [
        .authorization: "Bearer correct horse battery",
        .contentType: "application/x-www-form-urlencoded",
      ]
      let json: HTTPFields = [.contentType: "application/json"]
      for (headers, status) in [(other, 403), (form, 415), (json, 401)] {
        for action in ["advance", "retreat", "verify"] {
          let answer = try await client.send(
            .post, "/data/orders/\(action)", headers, body: Self.order)
          #expect(answer.status == status, "\(action): \(answer.body)")
        }
      }
      #expect(try await client.send(.get, "/data").status == 401)
      #expect(mover.state.withLock(\.given) == [])
    }
  }

  @Test func withoutATokenNothingIsOrdered() async throws {
    let mover = StillMover()
    try await Self.harness(mover, hasToken: false).run { client in
      #expect(try await client.send(.get, "/data").status == 200)
      let answer = try await client.send(
        .post, "/data/orders/advance", Self.token, body: Self.order)
      #expect(answer.status == 409 && answer.body.contains("proxy.admin-token-file"))
      #expect(mover.state.withLock(\.given) == [])
    }
  }

  @Test func withoutASectionDataItSaysSo() async throws {
    try await Self.harness(nil).run { client in
      for (method, path) in [
        (HTTPRequest.Method.get, "/data"), (.get, "/data/orders"), (.get, "/data/orders/verify"),
        (.post, "/data/orders/advance"), (.post, "/data/orders/retreat"),
        (.post, "/data/orders/verify"),
      ] {
        let body = method == .post ? Self.order : nil
        let answer = try await client.send(method, path, Self.token, body: body)
        #expect(answer.status == 409, "\(path)")
        #expect(answer.body.contains("has no section data"), "\(path): \(answer.body)")
      }
    }
  }

  @Test func aStoreThatIsAwayIsNoFailureOfTheProxy() async throws {
    let mover = StillMover()
    mover.state.withLock { $0.failure = .unusable("a store cannot be read.") }
    try await Self.harness(mover).run { client in
      let away = try await client.send(.get, "/data", Self.token)
      #expect(away.status == 503 && away.body.contains("a store cannot be read."))
      mover.state.withLock { $0.failure = nil }
      #expect(try await client.send(.get, "/data", Self.token).status == 200)
    }
  }

  @Test func oneOrderIsUnderWayAtATimeAndGoesOnBehindTheAnswer() async throws {
    let gate = StillMover.Gate()
    let mover = StillMover(gate: gate)
    var limits = DataOffice.Limits()
    limits.patience = .zero
    try await Self.harness(mover, limits).run { client in
      let first = try await client.send(
        .post, "/data/orders/advance", Self.token, body: Self.order)
      #expect(first.status == 202)
      #expect(try Self.mapping(first).order?.state == .running)
      let second = try await client.send(
        .post, "/data/orders/retreat", Self.token, body: Self.order)
      #expect(second.status == 409 && second.body.contains("under way"), "\(second.body)")
      gate.open()
      var now = try Self.mapping(try await client.send(.get, "/data/orders", Self.token))
      while now.order?.state == .running {
        now = try Self.mapping(try await client.send(.get, "/data/orders", Self.token))
      }
      #expect(now.order?.state == .done && now.way.state == "dual-write-new-reads")
    }
  }

  @Test func aComparisonIsBegunWatchedAndRead() async throws {
    let gate = StillMover.Gate()
    let mover = StillMover(gate: gate)
    mover.state.withLock { $0.isDifferent = true }
    try await Self.harness(mover).run { client in
      let path = "/data/orders/verify"
      let none = try await client.send(.get, path, Self.token)
      #expect(none.status == 404 && none.body.contains("Nobody has compared orders"))
      let begun = try await client.send(.post, path, Self.token, body: Self.order)
      #expect(begun.status == 202)
      #expect(try Self.verification(begun).state == .running)
      let again = try await client.send(.post, path, Self.token, body: Self.order)
      #expect(again.status == 409 && again.body.contains("one is made at a time"))
      var seen = try Self.verification(try await client.send(.get, path, Self.token))
      while seen.rowsRead == 0 {
        seen = try Self.verification(try await client.send(.get, path, Self.token))
      }
      #expect(seen.state == .running && seen.rowsRead == 60 && seen.found == nil)
      gate.open()
      while seen.state == .running {
        seen = try Self.verification(try await client.send(.get, path, Self.token))
      }
      #expect(seen.state == .different && seen.rowsRead == 100 && seen.endedAt != nil)
      #expect(seen.found?.counts.differs == 1 && seen.found?.rows.first?.key == "id = 5")
      let mapping = try Self.mapping(try await client.send(.get, "/data/orders", Self.token))
      #expect(mapping.verification == seen)
    }
  }

  @Test func aComparisonThatTakesTooLongIsGivenUp() async throws {
    let gate = StillMover.Gate()
    var limits = DataOffice.Limits()
    limits.comparison = .zero
    try await Self.harness(StillMover(gate: gate), limits).run { client in
      let path = "/data/orders/verify"
      _ = try await client.send(.post, path, Self.token, body: Self.order)
      var seen = try Self.verification(try await client.send(.get, path, Self.token))
      while seen.state == .running {
        seen = try Self.verification(try await client.send(.get, path, Self.token))
      }
      #expect(seen.state == .failed && seen.failure?.contains("was given up") == true)
    }
  }
}
