// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import TransactionalMessaging

  /// What becomes of tables that came here from another database, by a dump or a copy.
  public enum PostgreSQLReseat {
    /// Makes this database the one that the tables belong to: every relay begins anew with the rows
    /// that the outbox still holds, in their order.
    ///
    /// Which of them were published before cannot be told from transaction numbers of another
    /// database, so each one is published again; consumers know an event that they have applied.
    /// Give a sequence where it is known for certain that everything up to it was published.
    ///
    /// - Parameters:
    ///   - database: the one that has the tables now.
    ///   - sequence: everything up to it counts as published.
    ///   - actor: who does it; kept, as the reason is.
    ///   - reason: why.
    ///   - isForced: also where the tables belong to this database and no relay stands ahead of it,
    ///     where all that is gained is that everything is published once more.
    /// - Returns: how many rows will be published.
    /// - Throws: `MessageStoreError`, with the code `sameDatabase` where there is no need.
    @discardableResult
    public static func run(
      in database: PostgreSQLDatabase, after sequence: Int64 = 0, by actor: String,
      because reason: String, isForced: Bool = false
    ) async throws -> Int64 {
      try await database.transaction { transaction in
        try await transaction.query("SET LOCAL lock_timeout = '5s'")
        try await transaction.query(PostgreSQLMessagingSchema.lock)
        if !isForced { try await checkNeed(transaction) }
        for statement in PostgreSQLReseatStatements.statements {
          try await transaction.query(statement)
        }
        try await transaction.execute(
          PostgreSQLReseatStatements.audit.bind([
            "actor": .text(actor), "reason": .text(reason), "sequence": .integer(sequence),
          ]))
        // A snapshot of its own: what was appended meanwhile belongs to it or to the next window.
        try await transaction.execute(
          PostgreSQLReseatStatements.begin.bind(["sequence": .integer(sequence)]))
        let rows = try await transaction.execute(
          PostgreSQLReseatStatements.count.bind(["sequence": .integer(sequence)]))
        return try (rows.first).map { try $0.required("count", $0.integer(0)) } ?? 0
      }
    }

    private static func checkNeed(_ transaction: PostgreSQLTransaction) async throws {
      let rows = try await transaction.query(PostgreSQLReseatStatements.isSeated)
      guard rows.first?.flag(0) != true else {
        throw MessageStoreError(
          .sameDatabase,
          """
          the tables belong to this database and its relays stand where they can be: reseating \
          would only publish everything once more
          """)
      }
    }
  }
#endif
