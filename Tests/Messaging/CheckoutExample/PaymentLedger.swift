// SPDX-License-Identifier: Apache-2.0

package import GRDB
import SagaModel
import TransactionalMessaging

/// A payment service that knows its keys, in a database of its own; it is called.
package struct PaymentLedger: Sendable {
  private struct Broken: Error {}

  package let database: DatabasePool

  package init(path: String) throws {
    database = try DatabasePool(path: path)
    try database.write { db in
      try db.execute(
        sql: """
          CREATE TABLE IF NOT EXISTS payment (
            saga TEXT PRIMARY KEY, taken INTEGER NOT NULL, given_back INTEGER NOT NULL) STRICT;
          CREATE TABLE IF NOT EXISTS effect (saga TEXT NOT NULL, what TEXT NOT NULL) STRICT;
          CREATE TABLE IF NOT EXISTS asked (key TEXT NOT NULL) STRICT;
          """)
    }
  }

  /// Takes a payment once for a saga, and never after it was given back.
  func take(_ order: String, _ amount: Int, _ call: SagaCall) async throws -> String {
    let fault = Fault.of(call.sagaID, call.step)
    let isFirst = try await note(call) == 1
    switch fault {
    case .refuses: throw SagaRefusal("the card is declined")
    case .fails where isFirst: throw Broken()
    case .silent:
      await Self.untilCancelled()
      throw Broken()
    case .none, .fails, .failsAfterwards, .late, .twice: break
    }
    for _ in 0..<(fault == .twice ? 2 : 1) { try await takeOnce(call) }
    if fault == .late, isFirst { await Self.untilCancelled() }
    if fault == .failsAfterwards, isFirst { throw Broken() }
    return "payment of \(amount) for \(order)"
  }

  private func takeOnce(_ call: SagaCall) async throws {
    try await Self.finishing { [database] in
      try await database.write { db in
        let state = try Row.fetchOne(
          db, sql: "SELECT taken, given_back FROM payment WHERE saga = ?",
          arguments: [call.sagaID])
        if state?["given_back"] == 1 { throw SagaRefusal("it was given back before it was taken") }
        if state != nil { return }
        try db.execute(
          sql: "INSERT INTO payment (saga, taken, given_back) VALUES (?, 1, 0)",
          arguments: [call.sagaID])
        try db.execute(
          sql: "INSERT INTO effect (saga, what) VALUES (?, 'do')", arguments: [call.sagaID])
      }
    }
  }

  /// Gives back what was taken, and sees to it that nothing is taken later.
  func giveBack(_ call: SagaCall) async throws {
    try await database.write { db in
      try db.execute(
        sql: "INSERT OR IGNORE INTO payment (saga, taken, given_back) VALUES (?, 0, 0)",
        arguments: [call.sagaID])
      try db.execute(
        sql: """
          INSERT INTO effect (saga, what)
          SELECT saga, 'undo' FROM payment WHERE saga = ? AND taken = 1 AND given_back = 0
          """, arguments: [call.sagaID])
      try db.execute(
        sql: "UPDATE payment SET given_back = 1 WHERE saga = ?", arguments: [call.sagaID])
    }
  }

  /// - Returns: how often the key was asked for.
  private func note(_ call: SagaCall) async throws -> Int {
    try await Self.finishing { [database] in
      try await database.write { db in
        try db.execute(sql: "INSERT INTO asked (key) VALUES (?)", arguments: [call.key])
        return try Int.fetchOne(
          db, sql: "SELECT COUNT(*) FROM asked WHERE key = ?", arguments: [call.key]) ?? 0
      }
    }
  }

  /// The service does not know that its caller has gone.
  private static func finishing<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value { try await Task { try await body() }.value }

  private static func untilCancelled() async {
    await WakeSignal().wait(after: 0)
  }
}
