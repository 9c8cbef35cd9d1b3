// SPDX-License-Identifier: Apache-2.0

import GRDB
import SagaModel

/// What became of checkouts, held against what each service has done.
package struct CheckoutVerdict: Sendable {
  /// How sagas ended, by id.
  package private(set) var phases: [String: String] = [:]
  /// What must not be; empty where everything holds.
  package private(set) var findings: [String] = []

  package init<Shop: ShopDatabase>(of world: CheckoutWorld<Shop>) async throws {
    for row in try await world.shop.rows("SELECT id, phase FROM saga") { phases[row[0]] = row[1] }
    let effects = try await [
      "create-order": world.shop.rows("SELECT saga, what FROM effect ORDER BY n"),
      "reserve-stock": Self.rows(world.stock.database),
      "take-payment": Self.rows(world.payments.database),
      "confirm": Self.rows(world.mail.database),
    ].mapValues { rows in
      Dictionary(rows.map { ($0[0], [$0[1]]) }, uniquingKeysWith: +)
    }
    for (id, phase) in phases {
      for (step, effects) in effects { check(id, phase, step, effects[id] ?? []) }
    }
    try await checkSteps(world.shop)
  }

  private static func rows(_ database: some DatabaseReader) async throws -> [[String]] {
    try await database.read { db in
      try Row.fetchAll(db, sql: "SELECT saga, what FROM effect ORDER BY rowid")
        .map { [$0[0], $0[1]] }
    }
  }

  /// Each effect is there once; all of a completed saga, and none of a compensated one that is not
  /// undone.
  private mutating func check(_ id: String, _ phase: String, _ step: String, _ effects: [String]) {
    let expected: [[String]] =
      switch phase {
      case "completed": [["do"]]
      case "compensated": step == "confirm" ? [[]] : [[], ["do", "undo"]]
      default: []
      }
    if !expected.contains(effects) {
      findings.append("\(id) is \(phase), and \(step) has the effects \(effects)")
    }
  }

  /// No compensation of what cannot have run, none that is missing, and the last first.
  private mutating func checkSteps(_ shop: some ShopDatabase) async throws {
    let rows = try await shop.rows(
      """
      SELECT s.saga_id, s.position, s.direction, s.state, s.may_have_run, s.begun_at, g.phase
      FROM saga_step s JOIN saga g ON g.id = s.saga_id
      """)
    for (id, steps) in Dictionary(grouping: rows, by: { $0[0] }) {
      func positions(_ direction: String, _ isMeant: ([String]) -> Bool) -> [Int] {
        steps.filter { $0[2] == direction && isMeant($0) }.compactMap { Int($0[1]) }.sorted()
      }
      let undone = positions("undo") { _ in true }
      let mayHaveRun = positions("do") { row in
        row[3] == "done" || row[3] == "unknown" && row[4] == "1"
      }
      if steps[0][6] == "compensated", undone != mayHaveRun {
        findings.append("\(id): \(undone) were undone, \(mayHaveRun) may have run")
      }
      if steps[0][6] == "completed", !undone.isEmpty || mayHaveRun != [0, 1, 2, 3] {
        findings.append("\(id) is completed: \(mayHaveRun) were done, \(undone) undone")
      }
      let times = steps.filter { $0[2] == "undo" }
        .sorted { (Int($0[1]) ?? 0) > (Int($1[1]) ?? 0) }.compactMap { Int64($0[5]) }
      if times != times.sorted() { findings.append("\(id): undone in another order: \(times)") }
    }
  }
}
