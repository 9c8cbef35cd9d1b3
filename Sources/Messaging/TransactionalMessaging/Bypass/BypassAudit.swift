// SPDX-License-Identifier: Apache-2.0

/// Finds changes of watched tables whose transaction appended no event, by triggers that are made
/// on request.
///
/// A trigger of a watched table notes each change, and the event that is appended in the same
/// transaction takes its notes away: what stays is what nobody was told of.
package struct BypassAudit: Sendable {
  /// Number of the triggers and tables that this build makes.
  package static let version: Int64 = 1
  /// What triggers are named after.
  static let prefix = "strangler_bypass_"
  /// Tables of the outbox itself, which are written with events or beside them.
  private static let ownTables: Set<String> = [
    "aggregate_version", "bypass_schema", "bypass_table", "bypass_write", "inbox", "inbox_attempt",
    "inbox_hwm", "inbox_parked", "messaging_audit", "messaging_database", "messaging_schema",
    "outbox", "outbox_default", "parked", "relay_shard",
  ]

  private let database: any OperatorDatabase

  package init(_ database: any OperatorDatabase) { self.database = database }

  private var dialect: any BypassDialect {
    switch database.dialect {
    case .sqlite: SQLiteBypassStatements()
    case .postgreSQL: PostgreSQLBypassStatements()
    }
  }

  /// What there is of an audit.
  private struct Standing {
    /// Quoted name of the schema that the outbox is in; empty in SQLite.
    var schema: String
    /// Nil where none was ever made.
    var version: Int64?
  }

  // MARK: - Making

  /// Makes triggers for tables, or makes them anew; does nothing twice.
  ///
  /// - Parameters:
  ///   - tables: as SQL names them, such as `orders` or `sales.orders`.
  ///   - now: milliseconds since 1970.
  ///   - isDryRun: changes nothing.
  /// - Returns: the statements that ran or would run; one transaction.
  /// - Throws: `MessageStoreError`, with the code `unsupported` for what cannot be watched.
  package func install(_ tables: [String], now: Int64, isDryRun: Bool) async throws -> [String] {
    let dialect = dialect
    let standing = try await standing()
    let schema = standing.schema
    var isCurrent = false
    var watched: [WatchedTable] = []
    if standing.version == Self.version {
      let answers = try await database.run(
        [
          BoundStatement(dialect.watched(schema: schema)),
          BoundStatement(dialect.condition(schema: schema)),
        ], changes: false)
      watched = answers[0].map(WatchedTable.init)
      isCurrent = answers[1].first?.integer(0) == 1
    }
    var statements = standing.version == nil ? dialect.tables(schema: schema) : []
    if !isCurrent { statements += dialect.foundation(schema: schema) }
    for name in tables {
      let table = try await table(name)
      let isWatched = watched.contains {
        $0.table == table && $0.triggers == Int64(dialect.triggers.count)
      }
      if isCurrent, isWatched { continue }
      statements += dialect.unwatch(table, schema: schema)
      statements += dialect.watch(table, schema: schema)
      statements.append(dialect.register(table, schema: schema, at: now))
    }
    if statements.isEmpty { return [] }
    statements = dialect.preparation + statements
    if !isDryRun { try await change(statements) }
    return statements
  }

  /// Takes triggers away; with the last of them all that the audit has made.
  ///
  /// - Parameter tables: all where there are none.
  /// - Returns: the statements that ran or would run; none where nothing is watched.
  package func remove(_ tables: [String], isDryRun: Bool) async throws -> [String] {
    let dialect = dialect
    let standing = try await standing()
    guard standing.version != nil else { return [] }
    let watched = try await database.run(
      [BoundStatement(dialect.watched(schema: standing.schema))], changes: false
    )[0].map(WatchedTable.init)
    var chosen = watched
    if !tables.isEmpty {
      chosen = try tables.map { name in
        guard let table = watched.first(where: { $0.isNamed(name) }) else {
          throw MessageStoreError(
            .unsupported,
            "table \(name) is not watched; watched: \(watched.map(\.description).list)")
        }
        return table
      }
    }
    var statements = dialect.preparation
    for table in chosen {
      if table.isThere { statements += dialect.unwatch(table.table, schema: standing.schema) }
      statements.append(dialect.unregister(table.table, schema: standing.schema))
    }
    if chosen.count == watched.count { statements += dialect.removal(schema: standing.schema) }
    if !isDryRun { try await change(statements) }
    return statements
  }

  /// Forgets what was found before a time (milliseconds since 1970).
  ///
  /// - Returns: how many notes.
  package func prune(before time: Int64) async throws -> Int {
    let standing = try await installed()
    let forgotten = try await database.run(
      [
        BoundStatement(dialect.prune(schema: standing.schema), ["before": .integer(time)])
      ], changes: true)
    return forgotten[0].count
  }

  private func change(_ statements: [String]) async throws {
    _ = try await database.run(statements.map { BoundStatement(NamedStatement($0)) }, changes: true)
  }

  // MARK: - Looking

  /// What was found, and whether all of it can have been.
  ///
  /// - Parameter limit: kinds of changes that are listed; all are counted.
  /// - Throws: `MessageStoreError`, with the code `missingTables` where no audit was made.
  package func report(limit: Int) async throws -> BypassReport {
    let dialect = dialect
    let standing = try await installed()
    let schema = standing.schema
    let answers = try await database.run(
      [
        BoundStatement(dialect.watched(schema: schema)),
        BoundStatement(dialect.condition(schema: schema)),
        BoundStatement(dialect.findings(schema: schema), ["most": .integer(Int64(limit))]),
        BoundStatement(dialect.counts(schema: schema)),
      ], changes: false)
    return BypassReport(
      watched: answers[0].map(WatchedTable.init), triggers: dialect.triggers.count,
      seesEvents: answers[1].first?.integer(0) == 1, isFull: answers[1].first?.integer(1) == 1,
      findings: answers[2].map(BypassReport.Finding.init), counts: answers[3])
  }

  private func installed() async throws -> Standing {
    let standing = try await standing()
    guard standing.version != nil else {
      throw MessageStoreError(
        .missingTables,
        "no table is watched: \"strangler outbox bypass install --table NAME\" watches one")
    }
    return standing
  }

  /// - Throws: `MessageStoreError` with the code `missingTables`, `newerSchema` or `otherDatabase`.
  private func standing() async throws -> Standing {
    let row = try await database.run([BoundStatement(dialect.place)], changes: false)[0].first
    guard row?.integer(1) == 1 else {
      throw MessageStoreError(
        .missingTables, "there is no outbox here: \"strangler outbox init\" makes one")
    }
    var standing = Standing(schema: row?.text(0) ?? "")
    if let identity = dialect.identity {
      let isHere = try await database.run([BoundStatement(identity)], changes: false)[0].first
      guard isHere?.integer(0) == 1 else {
        throw MessageStoreError(
          .otherDatabase,
          """
          the message tables were made in another database, whose transaction numbers mean nothing \
          here; see "strangler outbox reseat", then install the audit anew
          """)
      }
    }
    guard row?.integer(2) == 1 else { return standing }
    let version = try await database.run(
      [BoundStatement(dialect.installedVersion(schema: standing.schema))], changes: false
    )[0].first?.integer(0)
    standing.version = version ?? 0
    guard version ?? 0 <= Self.version else {
      throw MessageStoreError(
        .newerSchema,
        "the audit has version \(version ?? 0), this build knows \(Self.version); update it")
    }
    return standing
  }

  private func table(_ name: String) async throws -> BypassTable {
    let row = try await database.run(
      [BoundStatement(dialect.table, ["table": .text(name)])], changes: false)[0].first
    guard let row, let table = row.text(1) else {
      throw MessageStoreError(.unsupported, "there is no table \(name)")
    }
    guard row.integer(2) == 1, !table.contains(":") else {
      throw MessageStoreError(
        .unsupported,
        "\(name) cannot be watched: it is no ordinary table, or has a colon in its name")
    }
    let found = BypassTable(schema: row.text(0) ?? "", name: table)
    guard !Self.ownTables.contains(table) else {
      throw MessageStoreError(
        .unsupported, "\(name) belongs to the outbox itself: watch the tables that events tell of")
    }
    return found
  }
}

/// A table of the application.
package struct BypassTable: Sendable, Equatable {
  /// Empty in SQLite.
  package var schema: String
  package var name: String

  package init(schema: String, name: String) {
    self.schema = schema
    self.name = name
  }

  package var description: String { schema.isEmpty ? name : "\(schema).\(name)" }

  /// Quoted as SQL wants it.
  var quoted: String {
    [schema, name].filter { !$0.isEmpty }.map(Self.quote).joined(separator: ".")
  }

  static func quote(_ name: String) -> String {
    "\"" + name.replacing("\"", with: "\"\"") + "\""
  }

  static func literal(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }
}

/// A table that an audit has been made for.
struct WatchedTable {
  var table: BypassTable
  /// Milliseconds since 1970.
  var since: Int64
  /// Triggers that are there and take effect.
  var triggers: Int64
  var isThere: Bool

  init(_ row: OperatorRow) {
    table = BypassTable(schema: row.text(0) ?? "", name: row.text(1) ?? "")
    since = row.integer(2) ?? 0
    triggers = row.integer(3) ?? 0
    isThere = row.integer(4) == 1
  }

  var description: String { table.description }

  /// As SQL would find it: with its schema, or without.
  func isNamed(_ name: String) -> Bool { [table.name, description].contains(name) }
}

extension [String] {
  fileprivate var list: String { isEmpty ? "none" : joined(separator: ", ") }
}

/// How an audit is said to a database. Statements give the columns that `BypassAudit` reads.
protocol BypassDialect {
  /// The triggers of a table.
  var triggers: [String] { get }
  /// What comes before any change.
  var preparation: [String] { get }
  /// Quoted name of the schema, 1 where there is an outbox, 1 where there is an audit.
  var place: NamedStatement { get }
  /// 1 where this is the database that the tables were made in; nil where that cannot be told.
  var identity: NamedStatement? { get }
  /// Schema, name, and 1 where it can be watched, of the table that `:table` names.
  var table: NamedStatement { get }

  func installedVersion(schema: String) -> NamedStatement
  func tables(schema: String) -> [String]
  /// What is not a table's own.
  func foundation(schema: String) -> [String]
  func watch(_ table: BypassTable, schema: String) -> [String]
  func unwatch(_ table: BypassTable, schema: String) -> [String]
  func register(_ table: BypassTable, schema: String, at now: Int64) -> String
  func unregister(_ table: BypassTable, schema: String) -> String
  func removal(schema: String) -> [String]
  /// Schema, name, since when, how many triggers take effect, 1 where the table is there.
  func watched(schema: String) -> NamedStatement
  /// 1 where appended events are seen, 1 where nothing more is noted.
  func condition(schema: String) -> NamedStatement
  /// Schema, name, operation, statement, application, role, count, first and last time.
  func findings(schema: String) -> NamedStatement
  /// Schema, name, number of notes.
  func counts(schema: String) -> NamedStatement
  /// A row for each note that is forgotten.
  func prune(schema: String) -> NamedStatement
}
