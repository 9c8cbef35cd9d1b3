// SPDX-License-Identifier: Apache-2.0

/// Changes of watched tables that no event tells of.
package struct BypassReport: Sendable, Equatable, Encodable {
  /// A table that is watched, or was.
  package struct Table: Sendable, Equatable, Encodable {
    /// Whether changes of it are seen.
    package enum State: String, Sendable, Encodable {
      case watched
      /// Triggers are missing, or take no effect.
      case altered
      /// There is no such table.
      case missing
    }

    /// With its schema in PostgreSQL.
    package var name: String
    /// Milliseconds since 1970.
    package var since: Int64
    package var state: State
    /// Transactions in PostgreSQL; hours in SQLite.
    package var bypasses: Int64
  }

  /// Changes of one kind.
  package struct Finding: Sendable, Equatable, Encodable {
    package var table: String
    /// `INSERT`, `UPDATE`, `DELETE` or `TRUNCATE`.
    package var operation: String
    /// What the client sent, without its values; nil where that cannot be told.
    package var statement: String?
    /// What the client calls itself; nil where that cannot be told.
    package var application: String?
    /// Who was logged in; nil where that cannot be told.
    package var role: String?
    package var count: Int64
    /// Milliseconds since 1970.
    package var firstAt: Int64
    package var lastAt: Int64
    /// Where sources write to this table.
    package var places: [Place] = []
  }

  /// A place in the sources.
  package struct Place: Sendable, Equatable, Encodable {
    package var file: String
    package var line: Int
    package var column: Int
    /// The type, and the function where it is in one.
    package var symbol: String

    package init(file: String, line: Int, column: Int, symbol: String) {
      self.file = file
      self.line = line
      self.column = column
      self.symbol = symbol
    }
  }

  package let schema = "strangler.outbox-bypass/1"
  package var tables: [Table]
  /// The most frequent first.
  package var findings: [Finding]
  /// False where triggers of the outbox itself are missing: everything would look like a bypass.
  package var seesEvents: Bool
  /// Nothing more is noted until something is forgotten.
  package var isFull: Bool

  /// True where every watched table is seen and nothing was found.
  package var isClean: Bool { findings.isEmpty && isComplete }

  /// True where all that happens is seen.
  package var isComplete: Bool {
    seesEvents && !isFull && tables.allSatisfy { $0.state == .watched }
  }

  private enum CodingKeys: String, CodingKey {
    case schema, tables, findings, seesEvents, isFull, isClean
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(schema, forKey: .schema)
    try container.encode(tables, forKey: .tables)
    try container.encode(findings, forKey: .findings)
    try container.encode(seesEvents, forKey: .seesEvents)
    try container.encode(isFull, forKey: .isFull)
    try container.encode(isClean, forKey: .isClean)
  }
}

extension BypassReport {
  /// - Parameters:
  ///   - triggers: how many a table has.
  ///   - counts: rows of schema, table and number.
  init(
    watched: [WatchedTable], triggers: Int, seesEvents: Bool, isFull: Bool, findings: [Finding],
    counts: [OperatorRow]
  ) {
    let counts = Dictionary(
      counts.map { row in
        (
          BypassTable(schema: row.text(0) ?? "", name: row.text(1) ?? "").description,
          row.integer(2) ?? 0
        )
      }, uniquingKeysWith: +)
    tables = watched.map { watched in
      Table(
        name: watched.description, since: watched.since,
        state: !watched.isThere
          ? .missing : watched.triggers == Int64(triggers) ? .watched : .altered,
        bypasses: counts[watched.description] ?? 0)
    }
    self.findings = findings
    self.seesEvents = seesEvents
    self.isFull = isFull
  }
}

extension BypassReport.Finding {
  init(_ row: OperatorRow) {
    self.init(
      table: BypassTable(schema: row.text(0) ?? "", name: row.text(1) ?? "").description,
      operation: row.text(2) ?? "", statement: row.text(3), application: row.text(4),
      role: row.text(5), count: row.integer(6) ?? 0, firstAt: row.integer(7) ?? 0,
      lastAt: row.integer(8) ?? 0)
  }
}
