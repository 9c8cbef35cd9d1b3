// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  package import CutoverControl
  package import PostgreSQLClient

  /// A journal of cutovers in PostgreSQL, which several proxies share.
  ///
  /// Tables refuse to change or delete an entry and take one only behind the last; whoever changes
  /// them by other means is found out by the chain of hashes. Each entry is notified in the
  /// transaction that writes it. An append has returned only when the server has made it durable.
  package struct PostgreSQLCutoverJournal: SharedCutoverJournal {
    /// Most pieces of news that wait to be heard; they all say "look again".
    private static let longestNews = 16

    package let installation: String
    package let news: AsyncStream<JournalNews>
    private let told: AsyncStream<JournalNews>.Continuation
    let database: PostgreSQLReconnection

    /// A proxy's journal; tables are made where there are none. Nothing is connected to before the
    /// first use.
    ///
    /// - Parameter installation: whose journal it must be.
    package init(_ address: PostgreSQLAddress, installation: String) {
      self.installation = installation
      (news, told) = Self.makeNews()
      database = PostgreSQLReconnection(address, tell: Self.telling(told)) { connection in
        _ = try await Self.reporting(address) {
          try await Self.settings(of: connection)
          try await Self.migrate(connection, address)
          try await Self.claim(connection, address, for: installation)
          try await connection.query(
            "LISTEN \(PostgreSQLSchema.channel)", within: PostgreSQLReconnection.answering)
        }
      }
    }

    private init(_ address: PostgreSQLAddress, reading installation: String) {
      self.installation = installation
      (news, told) = Self.makeNews()
      database = PostgreSQLReconnection(address, tell: Self.telling(told)) { _ in }
    }

    private static func makeNews() -> (
      AsyncStream<JournalNews>, AsyncStream<JournalNews>.Continuation
    ) {
      AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(longestNews))
    }

    private static func telling(
      _ told: AsyncStream<JournalNews>.Continuation
    ) -> @Sendable (PostgreSQLReconnection.News) -> Void {
      { news in
        switch news {
        case .notified: told.yield(.appended)
        case .reachable: told.yield(.reachable)
        case .cutOff(let reason): told.yield(.cutOff(reason: reason))
        }
      }
    }

    /// Opens a journal to read it; makes nothing.
    ///
    /// - Parameter installation: whose journal it must be; nil takes the database's word.
    /// - Throws: `CutoverJournalError`.
    package static func reading(
      _ address: PostgreSQLAddress, installation: String?
    ) async throws -> PostgreSQLCutoverJournal {
      let owner = try await reporting(address) {
        let connection = try await PostgreSQLConnection.open(
          address, as: "strangler", within: PostgreSQLReconnection.connecting, onEvent: { _ in })
        defer { connection.close() }
        try await check(connection, address)
        return try await Self.owner(connection)
      }
      guard let owner else {
        throw CutoverJournalError(.missing, "there is no journal at \(address)")
      }
      if let installation, installation != owner { throw otherOwner(owner, installation, address) }
      return PostgreSQLCutoverJournal(address, reading: owner)
    }

    package func entries(after sequence: UInt64, limit: Int) async throws -> [JournalEntry] {
      let rows = try await Self.reporting(database.address) {
        try await database.current().query(
          """
          SELECT sequence, hash, bytes FROM (
            SELECT sequence, hash, bytes,
              sum(octet_length(bytes)) OVER (ORDER BY sequence) - octet_length(bytes) AS ahead
            FROM (
              SELECT sequence, hash, bytes FROM strangler_entry
              WHERE sequence > $1 ORDER BY sequence LIMIT $2
            ) AS entries
          ) AS page
          WHERE ahead = 0 OR ahead + octet_length(bytes) <= $3 ORDER BY sequence
          """,
          [
            .integer(Int64(clamping: sequence)), .integer(Int64(limit)),
            .integer(Int64(Self.pageBytes)),
          ],
          within: PostgreSQLReconnection.answering)
      }
      return try rows.map { row in
        try StoredEntry(
          sequence: row.integer(0) ?? 0, hash: row.text(1) ?? "", bytes: row.bytes(2) ?? []
        ).entry
      }
    }

    package func append(_ entry: JournalEntry) async throws {
      try await append(entry, lease: .null)
    }

    package func append(_ entry: JournalEntry, holding lease: Int64) async throws {
      try await append(entry, lease: .integer(lease))
    }

    private func append(_ entry: JournalEntry, lease: PostgreSQLValue) async throws {
      _ = try await Self.reporting(database.address) {
        try await database.current().query(
          """
          INSERT INTO strangler_entry (sequence, hash, previous, bytes, lease)
          VALUES ($1, $2, $3, $4, $5::bigint)
          """,
          [
            .integer(Int64(clamping: entry.sequence)), .text(entry.hash.description),
            .text(entry.previous.description), .bytes(entry.canonicalBytes), lease,
          ], within: PostgreSQLReconnection.answering)
      }
    }

    /// Ends the connection.
    package func close() async {
      await database.close()
      told.finish()
    }
  }

  // MARK: - Opening

  extension PostgreSQLCutoverJournal {
    /// An entry that was acknowledged must outlive the server; a statement that nobody waits for
    /// any more must not take effect much later; and a proxy that was stopped in the middle of a
    /// transaction must not hold the lease's row against the others.
    private static func settings(of connection: PostgreSQLConnection) async throws {
      try await connection.query(
        """
        SELECT set_config('statement_timeout', $1, false),
          set_config('idle_in_transaction_session_timeout', $1, false),
          set_config('tcp_keepalives_idle', '5', false),
          set_config('tcp_keepalives_interval', '2', false),
          set_config('tcp_keepalives_count', '3', false),
          CASE WHEN current_setting('synchronous_commit') <> 'remote_apply'
            THEN set_config('synchronous_commit', 'on', false) END
        """,
        [.text("\(PostgreSQLReconnection.answering.components.seconds * 1_000)")],
        within: PostgreSQLReconnection.answering)
    }

    private static func migrate(
      _ connection: PostgreSQLConnection, _ address: PostgreSQLAddress
    ) async throws {
      do {
        let step = try await check(connection, address)
        if step == PostgreSQLSchema.version { return }
      } catch let error as PostgreSQLError where error.isMissingTable {}
      try await connection.transaction(
        PostgreSQLSchema.statements, within: PostgreSQLReconnection.answering)
    }

    /// Refuses what a newer version made; returns the last step that was taken.
    @discardableResult
    private static func check(
      _ connection: PostgreSQLConnection, _ address: PostgreSQLAddress
    ) async throws -> Int64 {
      let rows = try await connection.query(
        "SELECT COALESCE(max(step), 0) FROM strangler_migration",
        within: PostgreSQLReconnection.answering)
      let step = rows.first?.integer(0) ?? 0
      if step > PostgreSQLSchema.version {
        throw CutoverJournalError(
          .newerFormat, "\(address) was written by a newer version of strangler; use that one")
      }
      return step
    }

    private static func owner(_ connection: PostgreSQLConnection) async throws -> String? {
      try await connection.query(
        "SELECT installation FROM strangler_journal", within: PostgreSQLReconnection.answering
      ).first?.text(0)
    }

    /// Whose journal it is; a new one is given to whoever came first.
    private static func claim(
      _ connection: PostgreSQLConnection, _ address: PostgreSQLAddress, for installation: String
    ) async throws {
      try await connection.query(
        "INSERT INTO strangler_journal VALUES (1, $1) ON CONFLICT DO NOTHING",
        [.text(installation)], within: PostgreSQLReconnection.answering)
      if let owner = try await owner(connection), owner != installation {
        throw otherOwner(owner, installation, address)
      }
    }

    private static func otherOwner(
      _ owner: String, _ installation: String, _ address: PostgreSQLAddress
    ) -> CutoverJournalError {
      CutoverJournalError(
        .otherInstallation,
        "\(address) is the journal of the installation \"\(owner)\", not of \"\(installation)\": "
          + "name another database, or correct proxy.journal.installation")
    }

    /// Errors of the connection become the journal's.
    static func reporting<Value>(
      _ address: PostgreSQLAddress, _ body: () async throws -> Value
    ) async throws -> Value {
      do {
        return try await body()
      } catch let error as PostgreSQLError {
        if error.isUniqueViolation {
          throw CutoverJournalError(
            .conflict, "another process wrote into \(address) meanwhile", cause: error)
        }
        if error.isLostLease {
          throw CutoverJournalError(.notLeading, "another proxy leads by now", cause: error)
        }
        if error.isMissingTable {
          throw CutoverJournalError(.missing, "there is no journal at \(address)", cause: error)
        }
        let code: CutoverJournalError.Code = error.code == .timedOut ? .timedOut : .unusable
        throw CutoverJournalError(code, "\(address) cannot be used", cause: error)
      }
    }
  }
#endif
