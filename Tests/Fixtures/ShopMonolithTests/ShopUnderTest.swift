// SPDX-License-Identifier: Apache-2.0
import FixtureTesting
import Foundation
import GRDB
import HummingbirdTesting
import Logging
import ShopSeed

@testable import ShopMonolith

/// A fresh, seeded shop whose clock stands still, one day after the last seeded order.
struct ShopUnderTest {
  static let now = Date(
    timeIntervalSince1970: TimeInterval(ShopSeed.firstOrderAt) + 1_000 * 14_400 + 86_400)

  /// Seeded once and copied for each test, which is much faster than seeding anew.
  private static let seeded = Result { try ShopDatabase.open(":memory:", seed: ShopSeed()) }

  let shop: ShopApplication

  init(gateway: any PaymentGateway = FakePaymentGateway()) throws {
    var configuration = ShopConfiguration()
    configuration.clock = ShopClock { Self.now }
    let database = try DatabaseQueue()
    try Self.seeded.get().backup(to: database)
    shop = ShopApplication(
      configuration: configuration, gateway: gateway, database: database, logger: Logger.silent)
  }

  var engine: ShopEngine { shop.engine }

  func client<Value: Sendable>(
    _ body: @Sendable (JSONClient) async throws -> Value
  ) async throws -> Value {
    try await shop.server(port: 0).test(.router) { try await body(JSONClient($0)) }
  }

  func count(_ table: String) async throws -> Int {
    try await engine.database.read { db in
      try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM \(table)") ?? 0
    }
  }

  /// Every row of the tables that a checkout writes, as one comparable text.
  func checkoutTables() async throws -> [String] {
    try await engine.database.read { db in
      try [
        "orders", "order_lines", "stock_levels", "stock_movements", "payments", "audit_log",
      ].flatMap { table in
        try Row.fetchAll(db, sql: "SELECT * FROM \(table)").map { "\(table) \($0)" }
      }
    }
  }
}

extension Logger {
  static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}
