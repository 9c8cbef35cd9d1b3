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
      /// Rows that had no partition of their own and were deleted, or would be.
      public var strays = 0
    }

    /// Rows that one transaction deletes.
    private static let rowsAtOnce: Int64 = 10_000

    /// Drops the partitions whose time ended before a moment (milliseconds since 1970), that every
    /// relay of this database has passed and none has parked, and deletes such rows of the default
    /// partition, where nobody had made theirs in time. Nothing is dropped while there is no
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
      outcome.strays = try await strays(in: database, before: time, isDryRun: isDryRun)
      return outcome
    }

    /// Few at a time: the relay reads meanwhile, and who appends does not wait.
    private static func strays(
      in database: PostgreSQLDatabase, before time: Int64, isDryRun: Bool
    ) async throws -> Int {
      let statement =
        isDryRun ? PostgreSQLPruningStatements.strays : PostgreSQLPruningStatements.deleteStrays
      var (total, last): (Int64, Int64) = (0, 0)
      while true {
        let values: [String: SQLParameter] = [
          "after": .integer(last), "before": .integer(time), "limit": .integer(rowsAtOnce),
        ]
        let row = try await database.transaction { transaction in
          _ = try await DatabaseIdentity.check(transaction)
          return try await transaction.execute(statement.bind(values)).first
        }
        let count = row?.integer(0) ?? 0
        total += count
        guard count == rowsAtOnce, let next = row?.integer(1) else { return Int(total) }
        last = next
      }
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
