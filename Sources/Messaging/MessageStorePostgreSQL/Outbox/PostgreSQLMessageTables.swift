// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  public import TransactionalMessaging

  /// Creates and upgrades the tables of outbox, relay and inbox.
  public enum PostgreSQLMessageTables {
    /// Brings the tables up to date in one transaction, and makes the outbox's partitions for the
    /// week or, where they are of an hour, the two days to come. Does nothing when they are.
    ///
    /// - Parameters:
    ///   - database: the one that the service's transactions change.
    ///   - layout: counts where there are no tables yet.
    /// - Returns: the statements that ran.
    /// - Throws: `MessageStoreError`, with the code `newerSchema` where a newer build made them.
    @discardableResult
    public static func install(
      in database: PostgreSQLDatabase, layout: PostgreSQLOutboxLayout = PostgreSQLOutboxLayout()
    ) async throws -> [String] {
      try await database.transaction { transaction in
        // Whoever appends waits behind this while it waits for a long transaction.
        try await transaction.query("SET LOCAL lock_timeout = '5s'")
        try await transaction.query(PostgreSQLMessagingSchema.lock)
        var done: [String] = []
        if try await !isThere("messaging_schema", transaction) {
          try await run([PostgreSQLMessagingSchema.versionTable], transaction, &done)
        }
        for migration in try await missing(layout, transaction) {
          try await run(migration.statements, transaction, &done)
          try await run(
            ["INSERT INTO messaging_schema (version) VALUES (\(migration.version))"], transaction,
            &done)
        }
        for partition in try await missingPartitions(transaction) {
          done += try await make(partition, transaction)
        }
        return done
      }
    }

    /// Makes the outbox's partitions for the time to come and changes nothing else: call it once an
    /// hour, from any number of processes. Rows for which nobody made one go to the default
    /// partition, and what should join later finds its place taken.
    ///
    /// - Returns: the statements that ran; none while all are there.
    /// - Throws: `MessageStoreError`; whoever makes partitions must own the outbox.
    @discardableResult
    public static func makePartitions(in database: PostgreSQLDatabase) async throws -> [String] {
      try await database.transaction { transaction in
        if try await missingPartitions(transaction).isEmpty { return [] }
        try await transaction.query("SET LOCAL lock_timeout = '5s'")
        try await transaction.query(PostgreSQLMessagingSchema.lock)
        var done: [String] = []
        for partition in try await missingPartitions(transaction) {
          done += try await make(partition, transaction)
        }
        return done
      }
    }

    /// What `install` would run, in order; changes nothing.
    public static func pending(
      in database: PostgreSQLDatabase, layout: PostgreSQLOutboxLayout = PostgreSQLOutboxLayout()
    ) async throws -> [String] {
      struct Undone: Error { let statements: [String] }
      do {
        // The answer hangs on tables that are only made on the way.
        return try await database.transaction { transaction in
          try await transaction.query("SET LOCAL lock_timeout = '5s'")
          try await transaction.query(PostgreSQLMessagingSchema.lock)
          var statements: [String] = []
          let isNew = try await !isThere("messaging_schema", transaction)
          if isNew { statements.append(PostgreSQLMessagingSchema.versionTable) }
          var migrations = PostgreSQLMessagingSchema.migrations(layout)
          if !isNew { migrations = try await missing(layout, transaction) }
          for migration in migrations {
            statements += migration.statements
            statements.append(
              "INSERT INTO messaging_schema (version) VALUES (\(migration.version))")
          }
          let width = isNew ? layout.partition : nil
          for partition in try await missingPartitions(transaction, width) {
            statements += partition.statements
          }
          throw Undone(statements: statements)
        }
      } catch let undone as Undone {
        return undone.statements
      }
    }

    private static func run(
      _ statements: [String], _ transaction: PostgreSQLTransaction, _ done: inout [String]
    ) async throws {
      for statement in statements {
        try await transaction.query(statement)
        done.append(statement)
      }
    }

    /// In the schema in which tables are made; those of another outbox, further down the
    /// `search_path`, are none of this one.
    private static func isThere(
      _ table: String, _ transaction: PostgreSQLTransaction
    ) async throws -> Bool {
      try await !transaction.query(
        """
        SELECT 1 FROM pg_class WHERE relname = $1
          AND relnamespace = to_regnamespace(quote_ident(current_schema()))
        """, [.text(table)]
      ).isEmpty
    }

    private static func missing(
      _ layout: PostgreSQLOutboxLayout, _ transaction: PostgreSQLTransaction
    ) async throws -> [PostgreSQLMessagingSchema.Migration] {
      let applied = try await transaction.query(
        "SELECT COALESCE(max(version), 0) FROM messaging_schema"
      ).first?.integer(0)
      try check(version: applied ?? 0)
      return PostgreSQLMessagingSchema.migrations(layout).filter { $0.version > applied ?? 0 }
    }

    static func check(version: Int64) throws {
      let newest = PostgreSQLMessagingSchema.newest
      guard version <= newest else {
        throw MessageStoreError(
          .newerSchema,
          "the message tables have version \(version), this build knows \(newest); update it")
      }
    }

    // MARK: - Partitions

    /// A partition whose time has rows elsewhere already cannot join; they stay where they are, and
    /// so do those that come until its time is over.
    ///
    /// - Parameter width: where there are no tables yet.
    private static func missingPartitions(
      _ transaction: PostgreSQLTransaction, _ width: PostgreSQLOutboxLayout.Partition? = nil
    ) async throws -> [OutboxPartition] {
      // The server's time decides where a row goes.
      let now = try await transaction.query(
        "SELECT (extract(epoch FROM now()) * 1000)::bigint"
      ).first?.integer(0)
      var chosen = width
      if chosen == nil {
        chosen = try await transaction.query("SELECT partition_width FROM messaging_database")
          .first?.text(0).flatMap { PostgreSQLOutboxLayout.Partition(rawValue: $0) }
      }
      var missing: [OutboxPartition] = []
      for partition in OutboxPartition.next(from: now ?? 0, chosen ?? .day) {
        if try await isThere(partition.table, transaction) { continue }
        if width == nil, try await !transaction.query(partition.occupied).isEmpty { continue }
        missing.append(partition)
      }
      return missing
    }

    /// None where a row of its time was appended elsewhere a moment ago.
    private static func make(
      _ partition: OutboxPartition, _ transaction: PostgreSQLTransaction
    ) async throws -> [String] {
      do {
        return try await transaction.savepoint {
          var done: [String] = []
          try await run(partition.statements, transaction, &done)
          return done
        }
      } catch let error as MessageStoreError where error.sqlState == "23514" {
        return []
      }
    }
  }
#endif
