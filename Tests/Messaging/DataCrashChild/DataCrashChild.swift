// SPDX-License-Identifier: Apache-2.0

import DualWriteRouting
import Foundation
import GRDB

#if PostgreSQL
  import MessageStorePostgreSQL
  import TransactionalMessaging
#endif

/// A service that a test kills at any moment.
///
/// `data-crash-child LEGACY NEW FIRST` writes orders through a router for ever, the numbers from
/// FIRST on, and writes a line for each that was committed: `KEY COUNT`, where COUNT is how often
/// that order was written, or `KEY gone`. Each place is a file of SQLite or the address of a
/// PostgreSQL.
@main
struct DataCrashChild {
  private static let orders: Int64 = 40

  private let router: DualWriteRouter
  private let legacy: any Orders
  private let new: any Orders

  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 4, let first = Int64(arguments[3]) else {
      FileHandle.standardError.write(Data("usage: LEGACY NEW FIRST\n".utf8))
      exit(64)
    }
    let legacy = try open(arguments[1], SideTable("orders", "id", "cents", "note"))
    let new = try open(arguments[2], SideTable("purchases", "number", "pence", "memo"))
    var configuration = DualWriteRouter.Configuration()
    configuration.patience = .seconds(30)
    let router = DualWriteRouter(
      mapping: "orders", legacy: legacy.store, new: new.store, configuration: configuration)
    try await DataCrashChild(router: router, legacy: legacy, new: new).run(first: first)
  }

  private static func open(_ place: String, _ table: SideTable) throws -> any Orders {
    #if PostgreSQL
      if place.hasPrefix("postgresql://") {
        return PostgreSQLOrders(database: try PostgreSQLDatabase(place), table: table)
      }
    #endif
    var configuration = GRDB.Configuration()
    configuration.busyMode = .timeout(30)
    return SQLiteOrders(
      queue: try DatabaseQueue(path: place, configuration: configuration), table: table)
  }

  /// Adds, changes and deletes orders in turn, so that its parent knows what each came to.
  private func run(first: Int64) async throws {
    var round: Int64 = 0
    while true {
      for offset in 0..<Self.orders {
        let key = first + offset
        let isGone = (key + round) % 7 == 0
        let count = round + 1
        _ = try await router.write(
          legacy: isGone ? legacy.delete(key) : legacy.put(key, count),
          new: isGone ? new.delete(key) : new.put(key, count))
        Self.tell("\(key) \(isGone ? "gone" : "\(count)")")
      }
      round += 1
    }
  }

  private static func tell(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }
}

/// Orders of one side.
private protocol Orders: Sendable {
  var store: RoutedStore { get }
  func put(_ key: Int64, _ count: Int64) -> RoutedWork<Void>
  func delete(_ key: Int64) -> RoutedWork<Void>
}

/// How a side calls its table and columns.
private struct SideTable: Sendable {
  let put: String
  let delete: String

  init(_ table: String, _ key: String, _ amount: String, _ note: String) {
    put = """
      INSERT INTO \(table) (\(key), \(amount), \(note)) VALUES ($1, $2, $3)
      ON CONFLICT (\(key)) DO UPDATE SET \(amount) = excluded.\(amount), \(note) = excluded.\(note)
      """
    delete = "DELETE FROM \(table) WHERE \(key) = $1"
  }
}

private struct SQLiteOrders: Orders {
  let queue: DatabaseQueue
  let table: SideTable

  var store: RoutedStore { .sqlite(queue) }

  func put(_ key: Int64, _ count: Int64) -> RoutedWork<Void> {
    .sqlite(queue) { [table] db in
      try db.execute(sql: table.put, arguments: [key, count, "é \(count)"])
    }
  }

  func delete(_ key: Int64) -> RoutedWork<Void> {
    .sqlite(queue) { [table] db in try db.execute(sql: table.delete, arguments: [key]) }
  }
}

#if PostgreSQL
  private struct PostgreSQLOrders: Orders {
    let database: PostgreSQLDatabase
    let table: SideTable

    var store: RoutedStore { .postgreSQL(database) }

    func put(_ key: Int64, _ count: Int64) -> RoutedWork<Void> {
      .postgreSQL(database) { [table] transaction in
        try await transaction.query(
          table.put, [.integer(key), .integer(count), .text("é \(count)")])
      }
    }

    func delete(_ key: Int64) -> RoutedWork<Void> {
      .postgreSQL(database) { [table] transaction in
        try await transaction.query(table.delete, [.integer(key)])
      }
    }
  }
#endif
