// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  internal import CPostgreSQL

  /// What became of statements.
  package struct PostgreSQLOutcome: Sendable {
    /// Rows of each statement that ran, in order.
    package var rows: [[PostgreSQLRow]] = []
    /// Why the statement behind those was refused; none of the later ones ran.
    package var refusal: PostgreSQLError?
  }

  /// libpq's pipeline mode: what is sent is not answered before the next is sent, and behind a
  /// statement that was refused the server takes none until the pipeline's end
  /// (https://www.postgresql.org/docs/15/libpq-pipeline-mode.html).
  extension PostgreSQLLink {
    /// One message to the server that has an answer of its own.
    private enum Sent {
      /// Has no rows.
      case prepare(PostgreSQLStatement, [Oid])
      case statement
    }

    /// Runs statements of the transaction that is open, in one round trip.
    ///
    /// - Throws: with the code `refused` where nothing was sent; with any other the connection is
    ///   over. What the server refuses is in the outcome.
    func pipeline(
      _ statements: [PostgreSQLStatement], until deadline: ContinuousClock.Instant,
      _ limit: Duration
    ) throws(PostgreSQLError) -> PostgreSQLOutcome {
      // Outside of one, each statement would take effect by itself.
      guard PQtransactionStatus(connection) != PQTRANS_IDLE else {
        throw PostgreSQLError(
          .refused(sqlState: "25P01"), "the transaction was ended by a statement inside of it")
      }
      var parameters: [Parameters] = []
      for statement in statements { parameters.append(try Parameters(statement.parameters)) }
      if PQenterPipelineMode(connection) == 0 { throw failure }
      var sent: [Sent] = []
      for (statement, parameters) in zip(statements, parameters) {
        try add(statement, parameters, to: &sent)
      }
      if PQpipelineSync(connection) == 0 { throw failure }
      try flush(until: deadline, limit)
      var outcome = PostgreSQLOutcome()
      for message in sent { try take(message, into: &outcome, until: deadline, limit) }
      try takeEnd(until: deadline, limit)
      if PQexitPipelineMode(connection) == 0 { throw failure }
      if let refusal = outcome.refusal, PreparedStatements.isStale(refusal) { prepared.forget() }
      return outcome
    }

    private func add(
      _ statement: PostgreSQLStatement, _ parameters: Parameters, to sent: inout [Sent]
    ) throws(PostgreSQLError) {
      switch prepared.use(statement.sql, parameters.types) {
      case .directly: try send(statement.sql, parameters)
      case .prepare(let name):
        try prepare(statement.sql, name, parameters)
        sent.append(.prepare(statement, parameters.types))
        try send(prepared: name, parameters)
      case .execute(let name): try send(prepared: name, parameters)
      }
      sent.append(.statement)
    }

    /// Takes the answer to one message: a result, and then nothing.
    private func take(
      _ message: Sent, into outcome: inout PostgreSQLOutcome,
      until deadline: ContinuousClock.Instant, _ limit: Duration
    ) throws(PostgreSQLError) {
      var rows: [PostgreSQLRow]?
      while let result = try nextResult(until: deadline, limit) {
        // Frees it, unless its rows are kept.
        let kept = PostgreSQLResult(result)
        switch PQresultStatus(result) {
        case PGRES_TUPLES_OK: rows = kept.rows
        case PGRES_COMMAND_OK: rows = []
        case PGRES_PIPELINE_ABORTED: break
        default: outcome.refusal = outcome.refusal ?? Self.refusal(result)
        }
        if PQstatus(connection) == CONNECTION_BAD { throw failure }
      }
      switch message {
      case .prepare(let statement, let types):
        // The server has none of that name.
        if rows == nil { prepared.forget(statement.sql, types) }
      case .statement:
        if let rows { outcome.rows.append(rows) }
      }
    }

    private func takeEnd(
      until deadline: ContinuousClock.Instant, _ limit: Duration
    ) throws(PostgreSQLError) {
      guard let result = try nextResult(until: deadline, limit) else { throw failure }
      defer { PQclear(result) }
      guard PQresultStatus(result) == PGRES_PIPELINE_SYNC else { throw failure }
    }
  }
#endif
