// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Testing

/// Transactions are followed from where they are opened.
@Suite struct TransactionTests {
  private static let areas = """
    struct Order: PersistableRecord { static let databaseTableName = "orders" }
    struct Level: PersistableRecord { static let databaseTableName = "stock" }
    struct Orders { func save(_ order: Order, _ db: Database) throws { try order.insert(db) } }
    struct Stock { func take(_ level: Level, _ db: Database) throws { try level.update(db) } }

    """

  /// `opener function line: table access type line, …`, one a transaction.
  private func lines(_ source: String) -> [String] {
    let model = InlineSources(Self.areas + source).model()
    return model.transactions.map { transaction in
      let steps = transaction.steps.map { "\($0.table) \($0.access) \(model.name($0.type))" }
      return "\(model.name(transaction.opener)) \(transaction.function): "
        + steps.joined(separator: ", ")
    }
  }

  @Test func `writes that each area's own type makes belong to who opens the transaction`() {
    #expect(
      lines(
        """
        struct Checkout {
          let queue: DatabaseQueue, orders: Orders, stock: Stock
          func place(_ order: Order, _ level: Level) throws {
            try queue.write { db in
              try orders.save(order, db)
              try stock.take(level, db)
            }
          }
        }
        """) == ["Checkout Checkout.place: orders writes Orders, stock writes Stock"])
  }

  @Test func `a transaction is followed through requirements to what conforms`() {
    #expect(
      lines(
        """
        protocol Reserving { func reserve(_ level: Level, in db: Database) throws }
        extension Stock: Reserving {
          func reserve(_ level: Level, in db: Database) throws { try take(level, db) }
        }
        struct Checkout {
          let queue: DatabaseQueue, stock: any Reserving
          func place(_ order: Order, _ level: Level) throws {
            try queue.write { db in
              try order.insert(db)
              try stock.reserve(level, in: db)
            }
          }
        }
        """) == ["Checkout Checkout.place: stock writes Stock, orders writes Checkout"])
  }

  @Test func `a function of the tree that opens one for its closure counts as well`() {
    #expect(
      lines(
        """
        struct Unit {
          let queue: DatabaseQueue
          func perform(_ body: (Database) throws -> Void) throws {
            try queue.write { db in try body(db) }
          }
          func look(_ body: (Database) throws -> Void) throws { try queue.read(body) }
        }
        struct Checkout {
          let unit: Unit, orders: Orders, stock: Stock
          func place(_ order: Order, _ level: Level) throws {
            try unit.perform { db in
              try orders.save(order, db)
              try stock.take(level, db)
            }
            try unit.look { db in try orders.save(order, db) }
          }
        }
        """) == ["Checkout Checkout.place: orders writes Orders, stock writes Stock"])
  }

  @Test func `two transactions of one function are two, a savepoint is part of its own`() {
    #expect(
      lines(
        """
        struct Checkout {
          let queue: DatabaseQueue, orders: Orders, stock: Stock
          func place(_ order: Order, _ level: Level) throws {
            try queue.write { db in try orders.save(order, db) }
            try queue.write { db in
              try db.inSavepoint {
                try stock.take(level, db)
                return .commit
              }
            }
          }
        }
        """) == [
          "Checkout Checkout.place: orders writes Orders",
          "Checkout Checkout.place: stock writes Stock",
        ])
  }

  @Test func `a called function with a transaction of its own stays out`() {
    #expect(
      lines(
        """
        struct Log {
          let queue: DatabaseQueue
          func add(_ level: Level, _ db: Database) throws {
            try queue.write { db in try level.insert(db) }
          }
        }
        struct Checkout {
          let queue: DatabaseQueue, log: Log
          func place(_ order: Order, _ level: Level) throws {
            try queue.write { db in
              try order.insert(db)
              try log.add(level, db)
            }
          }
        }
        """) == [
          "Log Log.add: stock writes Log", "Checkout Checkout.place: orders writes Checkout",
        ]
    )
  }
}
