// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  internal import PostgreSQLClient
  internal import Synchronization
  public import TransactionalMessaging

  /// A transaction under way on a connection of its own; `PostgreSQLDatabase.transaction` begins
  /// and ends it.
  public final class PostgreSQLTransaction: Sendable {
    /// A statement that travels with COMMIT.
    struct CommitStatement: Sendable {
      let statement: SQLStatement
      /// What its refusal means.
      let meaning: @Sendable (MessageStoreError) -> MessageStoreError
    }

    /// Most statements that wait for COMMIT; with one more, all of them are sent.
    static let mostWaiting = 64

    private struct State {
      var isOver = false
      /// What is sent with COMMIT, in order.
      var waiting: [CommitStatement] = []
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
      guard !state.withLock(\.isOver) else { throw Self.hasEnded }
      return try await run(statement)
    }

    private static var hasEnded: MessageStoreError {
      MessageStoreError(
        .outsideTransaction,
        "the transaction has ended; use it only inside the closure that it was given to")
    }

    /// Undoes what the closure did when it throws, and nothing else of the transaction.
    @discardableResult
    public func savepoint<Value>(_ body: () async throws -> Value) async throws -> Value {
      let waiting = state.withLock(\.waiting)
      try await execute(SQLStatement("SAVEPOINT strangler"))
      do {
        let value = try await body()
        try await execute(SQLStatement("RELEASE SAVEPOINT strangler"))
        return value
      } catch {
        try await execute(SQLStatement("ROLLBACK TO SAVEPOINT strangler"))
        // What waited before and was sent inside is undone as well: it waits again.
        state.withLock { state in
          state.refusal = nil
          state.waiting = waiting
        }
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
        throw noted(MessageStoreError(error, database.address))
      }
    }

    private func noted(_ failure: MessageStoreError) -> MessageStoreError {
      state.withLock { $0.refusal = $0.refusal ?? failure }
      return failure
    }

    // MARK: - With COMMIT

    /// Takes a statement that runs with COMMIT, in the same round trip, behind those that came
    /// before.
    func runAtCommit(_ statement: CommitStatement) async throws {
      let isFull = try state.withLock { state in
        guard !state.isOver else { throw Self.hasEnded }
        state.waiting.append(statement)
        return state.waiting.count > Self.mostWaiting
      }
      if isFull { try await runWaiting() }
    }

    /// Runs a statement behind those that wait for COMMIT, all in one round trip.
    func executeBehindWaiting(_ statement: SQLStatement) async throws -> [SQLRow] {
      guard !state.withLock(\.isOver) else { throw Self.hasEnded }
      return try await runWaiting(and: statement)
    }

    @discardableResult
    private func runWaiting(and last: SQLStatement? = nil) async throws -> [SQLRow] {
      let waiting = state.withLock { state in
        defer { state.waiting = [] }
        return state.waiting
      }
      if waiting.isEmpty {
        guard let last else { return [] }
        return try await run(last)
      }
      let statements = waiting.map(\.statement) + (last.map { [$0] } ?? [])
      let outcome: PostgreSQLOutcome
      do {
        // Each may wait for a lock as long as any statement.
        outcome = try await connection.pipeline(
          statements.map { PostgreSQLStatement($0) },
          within: database.configuration.answering * statements.count + PostgreSQLDatabase.grace)
      } catch let error as PostgreSQLError {
        throw noted(MessageStoreError(error, database.address))
      }
      guard let refusal = outcome.refusal else {
        return outcome.rows.last?.map { SQLRow(row: $0) } ?? []
      }
      let failure = MessageStoreError(refusal, database.address)
      let place = outcome.rows.count
      throw noted(place < waiting.count ? waiting[place].meaning(failure) : failure)
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
      // Behind a statement that is refused the server takes no COMMIT.
      try await runWaiting(and: SQLStatement("COMMIT"))
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
