// SPDX-License-Identifier: Apache-2.0
internal import GRDB

/// The last step under traffic: the orders themselves move to the service, there, back and there
/// again, while users read and order.
extension DemoRun {
  /// In the order in which they are filled; an order comes before its lines.
  private static let mappings = ["orders", "order-lines"]
  /// How long users order on each side.
  private static let hold = Duration.seconds(2)
  /// How long the last changes may be on their way.
  private static let patience = Duration.seconds(15)

  /// What the moves came to.
  private struct Moves {
    var changes = 0
    /// The longest time that neither store took writes, and that users could not order.
    var pause = 0.0
    var closed = 0.0
  }

  mutating func moveData() async throws {
    narrator.section("Moving the data: the service begins anew with an empty store")
    try await emptyStore()
    let (users, orders) = (traffic.userLedger, traffic.orderLedger)
    traffic.set(phase: .rolledBack, mix: .shopping)
    for mapping in Self.mappings { _ = try await admin.moveData(mapping, .advance) }
    let followed = Task { [data, file = stage.configurationFile] in try await data.follow(file) }
    defer { followed.cancel() }
    narrator.line("strangler data backfill, while users order on legacy:")
    for line in try await data.backfill(stage.configurationFile) { narrator.line("  \(line)") }
    try await traffic.whileNoWrites {
      for mapping in Self.mappings {
        try await admin.dataIsCarriedOver(mapping, within: Self.patience)
        _ = try await admin.moveData(mapping, .advance)
      }
    }
    narrator.line("the new store follows, and could be read")
    var moves = Moves()
    try await change(to: 100, .advance, &moves)
    try await change(to: 0, .retreat, &moves)
    try await change(to: 100, .advance, &moves)
    try await judgeData(moves, users, orders)
  }

  /// Writes change sides and users with them: an order that is being placed is finished first.
  private func change(
    to percent: Int, _ direction: AdminClient.Direction, _ moves: inout Moves
  ) async throws {
    let clock = ContinuousClock()
    var (pause, closed) = (0.0, 0.0)
    try await traffic.whileNoWrites {
      let start = clock.now
      for mapping in Self.mappings {
        pause = max(pause, try await admin.moveData(mapping, direction))
      }
      try await admin.setPercent(percent, ofRoute: Self.route, reason: "the data moved")
      closed = (clock.now - start) / .milliseconds(1)
    }
    moves.changes += 1
    moves.pause = max(moves.pause, pause)
    moves.closed = max(moves.closed, closed)
    let before = traffic.orderLedger
    try await hold(Self.hold, "orders are written on the \(percent == 0 ? "legacy" : "new") side")
    let after = traffic.orderLedger
    let placed =
      percent == 0
      ? after.ordersOnLegacy - before.ordersOnLegacy
      : after.expectedEvents.count - before.expectedEvents.count
    narrator.line(
      "\(direction.rawValue.padded(to: 8))writes are on the \(percent == 0 ? "legacy" : "new") "
        + "side: paused for \(pause.rounded(toPlaces: 1)) ms; \(placed) orders placed there since")
  }

  private mutating func judgeData(
    _ moves: Moves, _ users: UserLedger, _ orders: OrderLedger
  ) async throws {
    let (usersNow, ordersNow) = (traffic.userLedger, traffic.orderLedger)
    let failed =
      usersNow.failedRequests + usersNow.wrongAnswers - users.failedRequests - users.wrongAnswers
    var (compared, equal) = (0, true)
    var apart: (rows: Int, all: Int) = (0, 0)
    try await traffic.whileNoWrites {
      for mapping in Self.mappings {
        try await admin.dataIsCarriedOver(mapping, within: Self.patience)
        let found = try await admin.verifyData(mapping)
        compared += found.legacyRows
        equal = equal && found.isEqual
      }
      apart = try await differences()
    }
    narrator.line(
      "verified by the stream of changes: \(compared) rows, \(equal ? "equal" : "different"); by "
        + "plain SQL over both files: \(apart.rows) of \(apart.all) rows differ")
    let legacy = ordersNow.ordersOnLegacy - orders.ordersOnLegacy
    let new = ordersNow.expectedEvents.count - orders.expectedEvents.count
    summary.demand(
      "orders' data moved there, back and there again",
      "\(moves.changes) changes of sides; writes paused for at most "
        + "\(moves.pause.rounded(toPlaces: 1)) ms, users' orders for "
        + "\(moves.closed.rounded(toPlaces: 1)) ms", moves.changes == 3)
    summary.demand(
      "orders placed meanwhile",
      "\(legacy) on legacy, \(new) on the new service; failed requests \(failed)",
      legacy > 0 && new > 0 && failed == 0)
    summary.demand(
      "differences between both stores", "\(apart.rows) of \(apart.all) rows",
      apart.rows == 0 && apart.all > 0 && equal)
  }

  // MARK: - Stores

  private static let compared = [
    (
      "orders",
      "id, customerId, status, placedAt, country, taxRate, discount, shippingFee, cancelledAt"
    ), ("order_lines", "id, orderId, sku, title, quantity, unitPrice"),
  ]

  /// What the service had was the seed; from here on it has what legacy hands over.
  private func emptyStore() async throws {
    let store = try Self.open(stage.stores.orders)
    try await store.write { db in
      for table in Self.compared.reversed() { try db.execute(sql: "DELETE FROM \(table.0)") }
    }
    try store.close()
  }

  /// Rows of both files that the other has not, by SQL that knows nothing of mappings.
  private func differences() async throws -> (rows: Int, all: Int) {
    let (legacy, new) = (try Self.open(stage.stores.shop), try Self.open(stage.stores.orders))
    var (apart, all) = (0, 0)
    for (table, columns) in Self.compared {
      let sql = "SELECT \(columns) FROM \(table)"
      let (one, other) = (try await Self.rows(legacy, sql), try await Self.rows(new, sql))
      apart += one.symmetricDifference(other).count
      all += one.count
    }
    try legacy.close()
    try new.close()
    return (apart, all)
  }

  private static func open(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    return try DatabaseQueue(path: path, configuration: configuration)
  }

  private static func rows(_ store: DatabaseQueue, _ sql: String) async throws -> Set<String> {
    try await store.read { db in
      Set(
        try Row.fetchAll(db, sql: sql).map { row in
          row.databaseValues.map(\.description).joined(separator: "|")
        })
    }
  }
}
