// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// Tables that move by orders to a running proxy, and commands that see the same.
@Suite("Data by the admin API", .timeLimit(.minutes(3)))
struct DataAdminTests {
  private static let order = #"{"actor": "ann", "reason": "ticket 12"}"#

  private struct Mapping: Decodable {
    struct Way: Decodable {
      let state: String
      let states: [String]
      let next: String?
    }

    struct Order: Decodable {
      let state: String
      let pauseMilliseconds: Double?
    }

    struct Decision: Decodable {
      let actor: String
      let action: String
      let reason: String
    }

    let way: Way
    let waiting: Int
    let order: Order?
    let history: [Decision]
  }

  private struct Verification: Decodable {
    struct Found: Decodable {
      let legacyRows: Int
      let newRows: Int
    }

    let state: String
    let found: Found?
  }

  private static func decode<Value: Decodable>(_ text: String) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(text.utf8))
  }

  /// Waits for the end of a comparison.
  private static func verified(_ stage: CutoverTests.Stage) async throws -> Verification {
    var seen: Verification = try decode(try await stage.ask("/data/orders/verify").body)
    while seen.state == "running" {
      seen = try decode(try await stage.ask("/data/orders/verify").body)
    }
    return seen
  }

  @Test func `a mapping moves there, back and there again, and commands see the same`()
    async throws
  {
    let orders = try await MovingOrders()
    try await CutoverTests.Stage.running(adding: orders.section) { stage in
      let config = ["--config", stage.configuration]
      func give(_ action: String, expecting status: Int) async throws -> String {
        let answer = try await stage.ask("/data/orders/\(action)", ordering: Self.order)
        #expect(answer.status == status, "\(action): \(answer.body)")
        return answer.body
      }
      let start: Mapping = try Self.decode(try await stage.ask("/data/orders").body)
      #expect(start.way.state == "legacy-primary" && start.way.states.count == 5)
      #expect(try await give("retreat", expecting: 409).contains("which is where it began"))
      _ = try await give("advance", expecting: 200)
      #expect(try await give("advance", expecting: 409).contains("run strangler data backfill"))
      let filled = try await Executable.strangler.run(["data", "backfill"] + config)
      #expect(filled.exitCode == 0, "\(filled.errors)")
      try await orders.legacy.run("UPDATE orders SET cents = 1 WHERE id = 5")
      #expect(try await give("verify", expecting: 202).contains(#""state" : "running""#))
      let equal = try await Self.verified(stage)
      #expect(equal.state == "equal" && equal.found?.legacyRows == 50)
      for _ in 0..<2 { _ = try await give("advance", expecting: 200) }
      try await orders.new.run("DELETE FROM purchases WHERE number = 6")
      let back: Mapping = try Self.decode(try await give("retreat", expecting: 200))
      #expect(back.way.state == "dual-write-new-reads" && back.order?.state == "done")
      #expect(back.order?.pauseMilliseconds ?? 0 > 0)
      #expect(back.history.first?.actor == "ann (127.0.0.1)")
      let again: Mapping = try Self.decode(try await give("advance", expecting: 200))
      #expect(again.way.state == "new-primary" && again.waiting == 0)
      let status = try await Executable.strangler.run(
        ["data", "status", "--history", "3"] + config)
      #expect(
        status.output.contains("ann (127.0.0.1): advance, dual-write-new-reads to new-primary"))
      let rows = (
        try await orders.legacy.rows("SELECT id, cents, note FROM orders ORDER BY id"),
        try await orders.new.rows("SELECT number, pence, memo FROM purchases ORDER BY number")
      )
      #expect(rows.0 == rows.1 && rows.0.count == 49)
      #expect(try await give("advance", expecting: 409).contains("strangler data retire"))
      let unknown = try await stage.ask("/data/odrers")
      #expect(unknown.status == 404 && unknown.body.contains("There are: orders."))
    }
  }

  @Test func `what differs is shown, and a store that is gone is said`() async throws {
    let orders = try await MovingOrders()
    try await CutoverTests.Stage.running(adding: orders.section) { stage in
      let early = try await stage.ask("/data/orders/verify", ordering: Self.order)
      #expect(early.status == 202)
      let unfit = try await Self.verified(stage)
      #expect(unfit.state == "failed")
      _ = try await stage.ask("/data/orders/advance", ordering: Self.order)
      let config = ["--config", stage.configuration]
      _ = try await Executable.strangler.run(["data", "backfill"] + config)
      try FileManager.default.removeItem(atPath: orders.legacy.place)
      var gone = try await stage.ask("/data")
      // The last look is handed out for a second.
      while gone.status == 200 { gone = try await stage.ask("/data") }
      #expect(gone.status == 503 && gone.body.contains("there is no file"), "\(gone.body)")
      let refused = try await stage.ask("/data/orders/advance", ordering: Self.order)
      #expect(refused.status == 503)
    }
  }

  @Test func `a proxy without a section data says so`() async throws {
    try await CutoverTests.Stage.running { stage in
      let answer = try await stage.ask("/data")
      #expect(answer.status == 409 && answer.body.contains("has no section data"))
    }
  }
}
