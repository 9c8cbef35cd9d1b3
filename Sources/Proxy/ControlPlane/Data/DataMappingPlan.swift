// SPDX-License-Identifier: Apache-2.0

/// What would be copied of a mapping and what comes back, as `GET /data/{name}/plan` answers it.
package struct DataMappingPlan: Sendable, Equatable, Codable {
  package let table: DataTablePlan
  /// What somebody has to know before it runs, a sentence each.
  package let warnings: [String]

  package init(table: DataTablePlan, warnings: [String]) {
    (self.table, self.warnings) = (table, warnings)
  }
}

/// How one table is filled, by which SQL.
package struct DataTablePlan: Sendable, Equatable, Codable {
  package struct Column: Sendable, Equatable, Codable {
    package let name: String
    /// The rule that it is filled by.
    package let from: String
    /// Whether the reverse stream carries it.
    package let isReversed: Bool

    package init(name: String, from: String, isReversed: Bool) {
      (self.name, self.from, self.isReversed) = (name, from, isReversed)
    }
  }

  /// Rows of legacy that are copied.
  package struct Amount: Sendable, Equatable {
    /// Nil where counting took too long.
    package let rows: Int?
    /// `exactly`, `about`, `at least` or `unknown`.
    package let precision: String
    package let chunkRows: Int

    package init(rows: Int?, precision: String, chunkRows: Int) {
      (self.rows, self.precision, self.chunkRows) = (rows, precision, chunkRows)
    }
  }

  package struct Statements: Sendable, Equatable {
    package let reads: String
    package let writes: String
    package let changes: String
    package let reverseWrites: String?

    package init(reads: String, writes: String, changes: String, reverseWrites: String?) {
      (self.reads, self.writes) = (reads, writes)
      (self.changes, self.reverseWrites) = (changes, reverseWrites)
    }
  }

  package let mapping: String
  package let from: String
  package let to: String
  package let key: [String]
  /// Absent where counting took too long.
  package let rows: Int?
  /// `exactly`, `about`, `at least` or `unknown`.
  package let precision: String
  package let chunkRows: Int
  /// Absent where the rows were not counted.
  package let chunks: Int?
  package let columns: [Column]
  /// Legacy columns that nothing is made of.
  package let left: [String]
  /// Legacy columns that the reverse stream writes; empty without one.
  package let reverse: [String]
  package let reads: String
  /// By the backfill, which changes no row.
  package let writes: String
  /// By whoever carries changes over.
  package let changes: String
  /// Absent without a reverse stream.
  package let reverseWrites: String?

  package init(
    mapping: String, from: String, to: String, key: [String], amount: Amount, columns: [Column],
    left: [String], reverse: [String], statements: Statements
  ) {
    (self.mapping, self.from, self.to, self.key) = (mapping, from, to, key)
    (rows, precision, chunkRows) = (amount.rows, amount.precision, amount.chunkRows)
    chunks = amount.rows.map { ($0 + amount.chunkRows - 1) / amount.chunkRows }
    (self.columns, self.left, self.reverse) = (columns, left, reverse)
    (reads, writes) = (statements.reads, statements.writes)
    (changes, reverseWrites) = (statements.changes, statements.reverseWrites)
  }
}
