// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import MessageStoreSQLite
import MessagingConformance
import SchemaValidation
import Testing
import TransactionalMessaging

#if PostgreSQL
  import MessageStorePostgreSQL
  import ServerPrograms
#endif

/// Watching tables as operations do it, from the first trigger to the last.
@Suite("Bypass commands", .timeLimit(.minutes(2)))
struct BypassCommandTests {
  @Test func `a file of SQLite`() async throws {
    let scratch = try Scratch()
    let file = scratch.path + "/shop.sqlite"
    try await walk(file, scratch) { isAnnounced in
      let (outbox, queue) = (SQLiteOutbox(), try DatabaseQueue(path: file))
      try await queue.write { db in
        try db.execute(sql: "CREATE TABLE IF NOT EXISTS orders (id INTEGER, state TEXT)")
        try db.execute(sql: "INSERT INTO orders (id, state) VALUES (7, 'Ada')")
        if isAnnounced { try outbox.append(SampleEvents.event(1), in: db) }
      }
    }
  }

  #if PostgreSQL
    @Test func `a database of PostgreSQL`() async throws {
      let server = try await PostgreSQLProgram.start()
      let database = try PostgreSQLDatabase(server.address)
      let text = try await walk(server.address, try Scratch()) { isAnnounced in
        try await database.transaction { transaction in
          try await transaction.query("CREATE TABLE IF NOT EXISTS orders (id int, state text)")
          try await transaction.query("INSERT INTO orders (id, state) VALUES (7, 'Ada')")
          if isAnnounced {
            try await PostgreSQLOutbox().append(SampleEvents.event(1), in: transaction)
          }
        }
      }
      #expect(text.contains("1 times INSERT of public.orders by strangler as postgres, from "))
      #expect(text.contains("\n  INSERT INTO orders (id, state) VALUES (?, ?)\n"))
      database.close()
      await server.stop()
    }
  #endif

  private func run(_ arguments: String..., expecting code: Int32 = 0) async throws -> Outcome {
    let outcome = try await Executable.strangler.run(["outbox"] + arguments)
    #expect(outcome.exitCode == code, "\(arguments): \(outcome.output) \(outcome.errors)")
    return outcome
  }

  /// - Parameter change: changes the table, with an event or without.
  /// - Returns: the report for people.
  @discardableResult
  private func walk(
    _ database: String, _ scratch: Scratch, change: (_ isAnnounced: Bool) async throws -> Void
  ) async throws -> String {
    _ = try await run("bypass", "--database", database, expecting: 2)
    _ = try await run("init", "--database", database)
    let none = try await run("bypass", "--database", database, expecting: 2)
    #expect(none.errors.contains("no table is watched"))
    try await change(false)
    let install = ["bypass", "install", "--database", database, "--table"]
    let planned = try await Executable.strangler.run(
      ["outbox"] + install + ["orders", "--dry-run"])
    #expect(planned.output.contains("CREATE TRIGGER") && planned.output.hasSuffix("COMMIT;\n"))
    #expect(try await run("bypass", "--database", database, expecting: 2).output.isEmpty)
    let missing = try await Executable.strangler.run(["outbox"] + install + ["nowhere"])
    #expect(missing.exitCode == 2 && missing.errors.contains("there is no table nowhere"))
    let done = try await Executable.strangler.run(["outbox"] + install + ["orders"])
    #expect(done.output.hasPrefix("Done, "), "\(done.errors)")
    let again = try await Executable.strangler.run(["outbox"] + install + ["orders"])
    #expect(again.output == "They are watched already.\n")

    try await change(true)
    let clean = try await run("bypass", "--database", database)
    #expect(clean.output.contains("orders: watched since "))
    #expect(clean.output.contains("every change had its event"))
    try await change(false)
    let found = try await look(database, scratch)
    #expect(
      try await run("bypass", "prune", "--database", database, "--keep-days", "0").output
        == "Forgot 1 notes.\n")
    _ = try await run("bypass", "--database", database)
    _ = try await run("bypass", "remove", "--database", database, "--dry-run")
    #expect(
      try await run("bypass", "remove", "--database", database).output.hasPrefix("Done, "))
    #expect(
      try await run("bypass", "remove", "--database", database).output == "Nothing is watched.\n")
    return found
  }

  /// One change without an event, with the place of the sources that may have made it.
  private func look(_ database: String, _ scratch: Scratch) async throws -> String {
    try scratch.write(
      """
      import GRDB
      struct Order: Codable, PersistableRecord { static let databaseTableName = "orders" }
      struct OrderArchive {
        let database: DatabaseQueue
        func store(_ id: Int) throws {
          try database.write { db in
            try db.execute(sql: "INSERT INTO orders (id) VALUES (?)", arguments: [id])
          }
        }
      }
      """, to: "monolith/Sources/Shop/OrderArchive.swift")
    let sources = scratch.path + "/monolith"
    let text = try await run(
      "bypass", "--database", database, "--sources", sources, expecting: 1)
    #expect(text.output.contains("1 without an event"))
    #expect(text.output.contains("  Sources/Shop/OrderArchive.swift:7:"), "\(text.output)")
    #expect(!text.output.contains("Ada"))
    let json = try await run(
      "bypass", "report", "--database", database, "--sources", sources, "--format", "json",
      expecting: 1)
    let schema = try JSONSchema.fixture("outbox-bypass.schema.json")
    #expect(try schema.problems(in: json.output) == [])
    _ = try await run(
      "bypass", "--database", database, "--sources", scratch.path + "/none", expecting: 2)
    return text.output
  }
}
