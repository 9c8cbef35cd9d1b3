// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  internal import PostgreSQLClient
  internal import Synchronization
  public import TransactionalMessaging

  /// A transaction under way on a connection of its own; `PostgreSQLDatabase.transaction` begins
  /// and ends it.
  public final class PostgreSQLTransaction: Sendable {
    private struct State {
      var isOver = false
      /// What PostgreSQL refused: nothing in the transaction takes effect any more.
      var refusal: MessageStoreError?
      var afterCommit: [@Sendable () -> Void] = []
    }

    private let connection: PostgreSQLConnection
    let database: PostgreSQLDatabase
    private let state = Mutex(State())

    init(_ connection: PostgreSQLConnection, of database: PostgreSQLDatabase) {
      self.connection = connection
      self.database = database
    }

    /// Runs one statement.
    ///
    /// - Returns: its rows.
    /// - Throws: `MessageStoreError`; with the code `refused` nothing in this transaction takes
    ///   effect any more, unless the statement ran inside `savepoint`.
    @discardableResult
    public func query(
      _ sql: String, _ parameters: [SQLParameter] = []
    ) async throws -> [SQLRow] {
      try await execute(SQLStatement(sql, parameters))
    }

    /// Runs one statement.
    @discardableResult
    public func execute(_ statement: SQLStatement) async throws -> [SQLRow] {
      guard !state.withLock(\.isOver) else {
        throw MessageStoreError(
          .outsideTransaction,
          "the transaction has ended; use it only inside the closure that it was given to")
      }
      return try await run(statement)
    }

    /// Undoes what the closure did when it throws, and nothing else of the transaction.
    @discardableResult
    public func savepoint<Value>(_ body: () async throws -> Value) async throws -> Value {
      try await execute(SQLStatement("SAVEPOINT strangler"))
      do {
        let value = try await body()
        try await execute(SQLStatement("RELEASE SAVEPOINT strangler"))
        return value
      } catch {
        try await execute(SQLStatement("ROLLBACK TO SAVEPOINT strangler"))
        state.withLock { $0.refusal = nil }
        try await execute(SQLStatement("RELEASE SAVEPOINT strangler"))
        throw error
      }
    }

    /// Runs once the transaction is committed; never when it is not.
    public func afterCommit(_ body: @escaping @Sendable () -> Void) {
      state.withLock { $0.afterCommit.append(body) }
    }

    private func run(_ statement: SQLStatement) async throws -> [SQLRow] {
      do {
        let statement = PostgreSQLStatement(statement)
        let rows = try await connection.query(
          statement.sql, statement.parameters,
          within: database.configuration.answering + PostgreSQLDatabase.grace)
        return rows.map(SQLRow.init)
      } catch let error as PostgreSQLError {
        let failure = MessageStoreError(error, database.address)
        state.withLock { $0.refusal = $0.refusal ?? failure }
        throw failure
      }
    }

    // MARK: - For the database

    /// What waits for an aggregate's lock must see what its former holder has left, whatever the
    /// database's default is.
    func begin() async throws {
      _ = try await run(SQLStatement("BEGIN ISOLATION LEVEL READ COMMITTED"))
    }

    func commit() async throws {
      // PostgreSQL answers the COMMIT of an aborted transaction with a rollback and no error.
      let refusal = state.withLock { state in
        state.isOver = true
        return state.refusal
      }
      if let refusal { throw refusal }
      _ = try await run(SQLStatement("COMMIT"))
    }

    /// - Returns: false when the connection is of no use any more.
    func rollBack() async -> Bool {
      state.withLock { $0.isOver = true }
      return (try? await run(SQLStatement("ROLLBACK"))) != nil
    }

    func announceCommit() {
      for body in state.withLock({ $0.afterCommit }) { body() }
    }
  }
#endif
