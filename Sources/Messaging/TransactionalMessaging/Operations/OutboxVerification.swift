// SPDX-License-Identifier: Apache-2.0

/// Something in an outbox's tables that must not be.
package struct OutboxFinding: Sendable, Equatable, Encodable {
  /// Stable name of the check.
  package var check: String
  /// What is wrong, where, and what to do.
  package var message: String
}

extension OutboxOperator {
  /// Findings that each check reports at most.
  package static let findingLimit: Int64 = 100

  struct Check: Sendable {
    var name: String
    var statement: NamedStatement
    /// Nil where the row is no finding.
    var message: @Sendable (OperatorRow) -> String?

    var bound: BoundStatement {
      BoundStatement(statement, ["most": .integer(OutboxOperator.findingLimit)])
    }
  }

  /// Looks for what must not be: versions that are missing, doubled or out of order, relays ahead
  /// of their database, parked aggregates without events. Reads the whole outbox.
  package func verify() async throws -> [OutboxFinding] {
    let checks = Self.checks + Self.places(dialect)
    return Self.findings(checks, try await run(checks.map(\.bound)))
  }

  static func findings(
    _ checks: [Check], _ answers: some Sequence<[OperatorRow]>
  ) -> [OutboxFinding] {
    zip(checks, answers).flatMap { check, rows in
      rows.compactMap { row in
        check.message(row).map { OutboxFinding(check: check.name, message: $0) }
      }
    }
  }

  /// Whether relays stand where they could be in this database; where they do not, nothing that
  /// they have stored says what is unsent.
  static func standing(_ dialect: OperatorDialect) -> [Check] {
    [cursors(dialect)] + (dialect == .postgreSQL ? [identity] : [])
  }

  private static func places(_ dialect: OperatorDialect) -> [Check] {
    [cursors(dialect)] + (dialect == .postgreSQL ? [partitions, identity] : [])
  }

  private static func aggregate(_ row: OperatorRow) -> String {
    "\(row.text(0) ?? "")/\(row.text(1) ?? "")"
  }

  private static let checks = [
    Check(name: "versions", statement: VerificationStatements.versions) { row in
      """
      \(aggregate(row)): the event with sequence \(row.text(2) ?? "") has version \
      \(row.text(3) ?? ""), the one before it \(row.text(4) ?? ""): consumers wait for what is \
      missing; was the outbox changed by hand?
      """
    },
    Check(name: "counters", statement: VerificationStatements.counters) { row in
      """
      \(aggregate(row)): its last event has version \(row.text(2) ?? ""), aggregate_version says \
      \(row.text(3) ?? "nothing"): something appends without the library
      """
    },
    Check(name: "parked", statement: VerificationStatements.parked) { row in
      """
      \(aggregate(row)) is parked in relay \(row.text(2) ?? "") from sequence \
      \(row.text(3) ?? "") on, and the outbox has no such event: it was deleted before it was sent
      """
    },
  ]

  private static func cursors(_ dialect: OperatorDialect) -> Check {
    Check(name: "cursors", statement: VerificationStatements.cursors(dialect)) { row in
      let remedy =
        dialect == .postgreSQL
        ? "run \"strangler outbox reseat\"" : "restore outbox and relay_shard from the same moment"
      return """
        relay \(row.text(0) ?? "") stands at sequence \(row.text(1) ?? ""), where the database has \
        not been yet: new events would be taken for sent; \(remedy)
        """
    }
  }

  // MARK: - What only PostgreSQL has

  private static let partitions = Check(
    name: "partitions", statement: VerificationStatements.strays
  ) { row in
    guard let count = row.integer(0), count > 0 else { return nil }
    return """
      \(count) rows or more are in outbox_default: nobody made their partition in time; \
      "strangler outbox relay" does so each hour where its user owns the table, and "strangler \
      outbox init" at once; "strangler outbox prune" gives the rows up in their time
      """
  }

  private static let identity = Check(
    name: "database", statement: VerificationStatements.identity
  ) { row in
    guard row.integer(0) != 1 else { return nil }
    return """
      the tables were made in another database: relays refuse them until "strangler outbox reseat"
      """
  }
}
