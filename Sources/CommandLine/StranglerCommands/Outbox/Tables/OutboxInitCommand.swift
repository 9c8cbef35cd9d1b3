// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation
internal import GRDB
internal import MessageStorePostgreSQL
internal import MessageStoreSQLite
internal import TransactionalMessaging

struct OutboxInitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Make the tables of outbox, relay and inbox, or bring them up to date.",
    discussion: """
      All or nothing, and nothing where they are up to date already: run it with each deployment.
      What --dry-run prints is all or nothing as well, for psql or sqlite3. In
      PostgreSQL it also makes the outbox's partitions for the days to come; where nobody does, rows
      go to the default partition and nothing is lost.

      EXAMPLES
        strangler outbox init --database postgresql://shop@db.internal/shop --dry-run > outbox.sql
        strangler outbox init --database postgresql://shop@db.internal/shop --payload json
        strangler outbox init --database shop.sqlite
      """)

  enum Payload: String, CaseIterable, ExpressibleByArgument { case bytes, json }
  enum Partition: String, CaseIterable, ExpressibleByArgument { case day, hour }

  @OptionGroup var place: OutboxPlace

  @Option(
    help: """
      Where the tables are made, the type of payloads in PostgreSQL: bytes (bytea, sent as they \
      are appended) or json (jsonb, as Debezium expects).
      """)
  var payload = Payload.bytes

  @Option(help: "Where the tables are made, what a partition in PostgreSQL holds: day or hour.")
  var partition = Partition.day

  @Flag(name: .customLong("dry-run"), help: "Print the SQL and change nothing.")
  var isDryRun = false

  func run() async throws {
    let text = try place.text()
    let statements = try await OutboxPlace.reporting {
      try await OutboxPlace.isPostgreSQL(text) ? postgreSQL(text) : sqlite(text)
    }
    if isDryRun {
      Terminal.standardOutput.write(
        Self.script(statements, isPostgreSQL: OutboxPlace.isPostgreSQL(text)))
    } else {
      Terminal.standardOutput.write(
        statements.isEmpty
          ? "The tables are up to date.\n" : "Done, \(statements.count) statements.\n")
    }
  }

  /// One transaction, which the database's own program gives up at the first error instead of going
  /// on with the rest.
  static func script(_ statements: [String], isPostgreSQL: Bool) -> String {
    if statements.isEmpty { return "" }
    let beginning =
      isPostgreSQL
      ? ["\\set ON_ERROR_STOP on\n", "BEGIN;\n", "SET LOCAL lock_timeout = '5s';\n"]
      : [".bail on\n", "BEGIN IMMEDIATE;\n"]
    return (beginning + statements.map { $0 + ";\n" } + ["COMMIT;\n"]).joined()
  }

  private func postgreSQL(_ text: String) async throws -> [String] {
    #if PostgreSQL
      let layout = PostgreSQLOutboxLayout(
        payload: payload == .json ? .json : .bytes, partition: partition == .hour ? .hour : .day)
      let database = try PostgreSQLDatabase(text, configuration: .operators)
      defer { database.close() }
      return try await isDryRun
        ? PostgreSQLMessageTables.pending(in: database, layout: layout)
        : PostgreSQLMessageTables.install(in: database, layout: layout)
    #else
      throw OutboxPlace.missingTrait
    #endif
  }

  private func sqlite(_ path: String) async throws -> [String] {
    // A file that is not there yet is made by what changes it, not by what looks.
    let isMissing = !FileManager.default.fileExists(atPath: path)
    let database = try isDryRun && isMissing ? DatabaseQueue() : OutboxPlace.open(path)
    let isDryRun = isDryRun
    return try await database.write { db in
      let pending = try SQLiteMessageTables.pending(in: db)
      if !isDryRun { try SQLiteMessageTables.install(in: db) }
      return pending
    }
  }
}
