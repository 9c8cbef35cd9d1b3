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
    /// - Returns: how many rows will be published.
    /// - Throws: `MessageStoreError`.
    @discardableResult
    public static func run(
      in database: PostgreSQLDatabase, after sequence: Int64 = 0
    ) async throws -> Int64 {
      try await database.transaction { transaction in
        try await transaction.query("SET LOCAL lock_timeout = '5s'")
        try await transaction.query(PostgreSQLMessagingSchema.lock)
        for statement in PostgreSQLReseatStatements.statements {
          try await transaction.query(statement)
        }
        // A snapshot of its own: what was appended meanwhile belongs to it or to the next window.
        try await transaction.execute(
          PostgreSQLReseatStatements.begin.bind(["sequence": .integer(sequence)]))
        let rows = try await transaction.execute(
          PostgreSQLReseatStatements.count.bind(["sequence": .integer(sequence)]))
        return try (rows.first).map { try $0.required("count", $0.integer(0)) } ?? 0
      }
    }
  }
#endif
