// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import TransactionalMessaging

  /// How the outbox stays small: whole partitions are dropped, so nothing is deleted row by row.
  public enum PostgreSQLOutboxPruning {
    /// What became of the partitions whose time is over.
    public struct Outcome: Sendable, Equatable {
      /// Partitions that were dropped, or would be.
      public var dropped: [String] = []
      /// Partitions with events that a relay has not passed or has parked.
      public var needed: [String] = []
    }

    /// Drops the partitions whose time ended before a moment (milliseconds since 1970), that every
    /// relay of this database has passed and none has parked. Nothing is dropped while there is no
    /// relay, or one stands ahead of the database. Whoever appends waits for a moment; behind a
    /// long transaction this gives up.
    ///
    /// - Throws: `MessageStoreError`, with the code `otherDatabase` where the tables were copied
    ///   here from elsewhere; each partition is a transaction of its own.
    @discardableResult
    public static func run(
      in database: PostgreSQLDatabase, before time: Int64, isDryRun: Bool = false
    ) async throws -> Outcome {
      var outcome = Outcome()
      let ended = try await database.execute(
        PostgreSQLPruningStatements.ended.bind(["before": .integer(time)]))
      for row in ended {
        let partition = try row.required("partition", row.text(0))
        let isDropped = try await isDropped(partition, in: database, isDryRun: isDryRun)
        if isDropped {
          outcome.dropped.append(partition)
        } else {
          outcome.needed.append(partition)
        }
      }
      return outcome
    }

    private struct Kept: Error { var isNeeded: Bool }

    private static func isDropped(
      _ partition: String, in database: PostgreSQLDatabase, isDryRun: Bool
    ) async throws -> Bool {
      do {
        try await database.transaction { transaction in
          try await transaction.query("SET LOCAL lock_timeout = '5s'")
          try await transaction.query(PostgreSQLMessagingSchema.lock)
          // What relays have passed is told by snapshots, which mean nothing in another database.
          _ = try await DatabaseIdentity.check(transaction)
          if !isDryRun {
            // From here on nobody is left who could still commit a row into it.
            try await transaction.query(PostgreSQLPruningStatements.detach(partition))
          }
          let rows = try await transaction.query(PostgreSQLPruningStatements.isNeeded(partition))
          let isNeeded = rows.first?.flag(0) != false
          if isNeeded || isDryRun { throw Kept(isNeeded: isNeeded) }
          try await transaction.query(PostgreSQLPruningStatements.drop(partition))
        }
        return true
      } catch let kept as Kept {
        return !kept.isNeeded
      }
    }
  }
#endif
