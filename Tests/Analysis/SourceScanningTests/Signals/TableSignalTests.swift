// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Testing

struct TableRule: CustomTestStringConvertible {
  var rule: String
  var source: String
  var uses: [String]
  var testDescription: String { rule }

  init(_ rule: String, _ source: String, _ uses: [String]) {
    self.rule = rule
    self.source = source
    self.uses = uses
  }

  private static let order = """
    struct Order: Codable, FetchableRecord, PersistableRecord {
      static let databaseTableName = "orders"
    }

    """

  static let all: [TableRule] = [
    .init(
      "default table name of GRDB", "struct HTTPRequestLog: TableRecord {}",
      ["httpRequestLog maps HTTPRequestLog"]),
    .init(
      "reading and writing records",
      order + """
        struct Store {
          func load(_ db: Database) throws { _ = try Order.filter(id: 1).fetchAll(db) }
          func save(_ db: Database, _ order: Order) throws { try order.insert(db) }
          func wipe(_ db: Database) throws { try Order.filter(id: 1).deleteAll(db) }
        }
        """,
      [
        "orders maps Order", "orders reads Store Store.load", "orders writes Store Store.save",
        "orders writes Store Store.wipe",
      ]),
    .init(
      "result of a query is a record",
      order + """
        struct Store {
          func touch(_ db: Database) throws {
            for order in try Order.fetchAll(db) { try order.update(db) }
            guard let first = try Order.fetchOne(db) else { return }
            try first.delete(db)
          }
        }
        """,
      [
        "orders maps Order", "orders reads Store Store.touch", "orders writes Store Store.touch",
        "orders reads Store Store.touch", "orders writes Store Store.touch",
      ]),
    .init(
      "SQL in literals with a constant for the table",
      order + """
        struct Store { func f(_ db: Database) throws {
          try db.execute(sql: "UPDATE \\(Order.databaseTableName) SET a = ? WHERE id IN (SELECT order_id FROM lines)")
          try db.execute(sql: "INSERT INTO lines (a) VALUES (1)")
        } }
        """,
      [
        "orders maps Order", "lines reads Store Store.f", "orders writes Store Store.f",
        "lines writes Store Store.f",
      ]),
    .init(
      "what an argument says to be SQL counts, once and in lower case too",
      """
      struct Store { func f(_ db: Database) throws {
        try db.execute(sql: "delete from refunds")
        _ = try Row.fetchAll(db, sql: "-- open ones\\nSELECT * FROM invoices")
        _ = try SQLRequest<Row>(literal: "select * from \\(name("SELECT a FROM b")) join parts").fetchAll(db)
        _ = try Row.fetchAll(db, sql: "SELECT * FROM \\"bills\\"\\nWHERE a = 1")
        let text = "SELECT * FROM sure_of_nothing"
      } }
      """,
      [
        "refunds writes Store Store.f", "invoices reads Store Store.f", "parts reads Store Store.f",
        "bills reads Store Store.f",
      ]),
    .init(
      "prose is not SQL",
      "struct A { let a = \"Select an item from the list\"; let b = \"DELETE THIS\" }", []),
    .init(
      "migrations",
      """
      struct M { func run(_ db: Database) throws {
        try db.create(table: "orders") { t in t.column("id") }
        try db.alter(table: "orders") { t in t.add(column: "x") }
        try db.execute(sql: "CREATE TABLE IF NOT EXISTS audit (id INTEGER)")
      } }
      """,
      ["orders defines M M.run", "orders defines M M.run", "audit defines M M.run"]),
    .init(
      "a statement of a called function is one, where it stands",
      order + """
        struct Stock { func reserve(_ db: Database) throws { try db.execute(sql: "UPDATE stock SET n = 0") } }
        struct Audit { func log(_ db: Database) throws { try db.execute(sql: "INSERT INTO stock DEFAULT VALUES") } }
        struct Checkout {
          let queue: DatabaseQueue, stock: Stock
          func place(_ order: Order) throws {
            try queue.write { db in
              try order.insert(db)
              try stock.reserve(db)
            }
          }
        }
        """,
      [
        "orders maps Order", "stock writes Stock Stock.reserve", "stock writes Audit Audit.log",
        "orders writes Checkout Checkout.place*",
      ]),
    .init(
      "Fluent model and query",
      """
      import FluentKit
      final class Planet: Model { static let schema = "planets" }
      struct C {
        func all(_ db: any Database) async throws { _ = try await Planet.query(on: db).all() }
        func gone(_ db: any Database) async throws { try await Planet.query(on: db).delete() }
        func add(_ db: any Database, _ p: Planet) async throws { try await p.save(on: db) }
      }
      struct Migrate { func prepare(on database: any Database) async throws {
        try await database.schema(Planet.schema).id().create()
      } }
      """,
      [
        "planets maps Planet", "planets reads C C.all", "planets writes C C.gone",
        "planets writes C C.add", "planets defines Migrate Migrate.prepare",
      ]),
  ]
}

@Suite struct TableSignalTests {
  @Test(arguments: TableRule.all) func tables(rule: TableRule) {
    #expect(InlineSources(rule.source).model().tableLines == rule.uses)
  }

  @Test func `a name that may be a table and is left out is a finding`() {
    let model = InlineSources(
      "struct A { let a = \"SELECT * FROM orders\"; let b = \"SELECT * FROM carts\" }"
    ).model()
    #expect(model.tableUses.isEmpty)
    let finding = model.findings.first { $0.id == "table-not-sure" }
    #expect(
      finding?.message
        == "2 names that a single text mentions as SQL mentions tables were left out, "
        + "because it may be prose: orders and 1 more")
    #expect(finding?.locations.count == 2)
  }
}
