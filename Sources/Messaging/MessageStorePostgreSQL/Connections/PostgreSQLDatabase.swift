// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  internal import PostgreSQLClient
  internal import Synchronization
  public import TransactionalMessaging

  /// A PostgreSQL database, reached over a few connections that callers share.
  ///
  /// Nothing is connected to before the first use; a connection that is lost is opened anew by
  /// whoever needs it next.
  public final class PostgreSQLDatabase: Sendable {
    /// Limits and times.
    public struct Configuration: Sendable {
      /// Most connections.
      public var connections = 8
      /// Most callers that wait for one; the next is refused.
      public var waiting = 1_024
      /// Longest wait for a connection that others use.
      public var patience = Duration.seconds(30)
      /// Longest time that connecting may take.
      public var connecting = Duration.seconds(5)
      /// Longest time that a statement may take in the server, which then refuses it; one that is
      /// not even refused ends its connection a few seconds later.
      public var answering = Duration.seconds(60)
      /// How long the server lets a transaction of ours wait for its next statement: it may lock
      /// an aggregate, and it holds back what the relay may give up.
      public var idling = Duration.seconds(60)
      /// Who connects, as `pg_stat_activity` shows it.
      public var name = "strangler"
      /// Settings of each session besides.
      var settings: [String: String] = [:]

      /// Creates a configuration with the defaults above.
      public init() {}

      /// For what reads or changes whole tables, such as making, pruning and reseating them: a
      /// statement may take an hour. Locks that others wait behind are asked for with a limit of
      /// their own.
      public static var operators: Configuration {
        var configuration = Configuration()
        configuration.connections = 2
        configuration.answering = .seconds(3_600)
        configuration.name = "strangler-outbox"
        return configuration
      }
    }

    /// How much longer than the server this side waits for a statement: a refusal leaves a
    /// connection that goes on, silence does not.
    static let grace = Duration.seconds(5)

    typealias Line = ConnectionLine<PooledConnection>

    private struct State {
      var line: Line
      var nextCaller: UInt64 = 0
      var waiters: [UInt64: (CheckedContinuation<Line.Turn, any Error>, timer: Task<Void, Never>)] =
        [:]
      var isClosed = false
    }

    let address: PostgreSQLAddress
    let configuration: Configuration
    private let prepare: @Sendable (PostgreSQLTransaction) async throws -> Void
    private let state: Mutex<State>

    /// Names a database such as `postgresql://shop@db.internal/shop?sslmode=verify-full`.
    ///
    /// - Throws: `MessageStoreError` with the code `invalidAddress`: the password must come from
    ///   `PGPASSFILE` or `PGPASSWORD`.
    public convenience init(
      _ address: String, configuration: Configuration = Configuration()
    ) throws {
      try self.init(address, configuration: configuration) { _ in }
    }

    /// - Parameter prepare: looks at each new connection before it is used.
    init(
      _ address: String, configuration: Configuration,
      prepare: @escaping @Sendable (PostgreSQLTransaction) async throws -> Void
    ) throws {
      do {
        self.address = try PostgreSQLAddress(address)
      } catch {
        throw MessageStoreError(.invalidAddress, error.message, cause: error)
      }
      self.configuration = configuration
      self.prepare = prepare
      state = Mutex(
        State(line: Line(connections: configuration.connections, waiting: configuration.waiting)))
    }

    deinit { close() }

    /// Ends what is idle and lets nobody wait any longer; transactions under way go on.
    public func close() {
      let (idle, waiters) = state.withLock { state in
        state.isClosed = true
        for caller in state.waiters.keys { state.line.leave(caller) }
        defer { state.waiters = [:] }
        return (state.line.drain(), Array(state.waiters.values))
      }
      for pooled in idle { pooled.connection.close() }
      for (continuation, timer) in waiters {
        timer.cancel()
        continuation.resume(throwing: isClosed)
      }
    }

    /// Runs one statement by itself.
    ///
    /// - Throws: `MessageStoreError`.
    @discardableResult
    public func query(
      _ sql: String, _ parameters: [SQLParameter] = []
    ) async throws -> [SQLRow] {
      try await execute(SQLStatement(sql, parameters))
    }

    /// Runs one statement by itself.
    @discardableResult
    public func execute(_ statement: SQLStatement) async throws -> [SQLRow] {
      let pooled = try await checkOut()
      do {
        let rows = try await PostgreSQLTransaction(pooled.connection, of: self).execute(statement)
        checkIn(pooled, isUsable: true)
        return rows
      } catch {
        checkIn(pooled, isUsable: (error as? MessageStoreError)?.sqlState != nil)
        throw error
      }
    }

    /// Runs a transaction at `READ COMMITTED`, which is committed when the closure returns and
    /// undone when it throws or the task is cancelled before.
    ///
    /// - Throws: what the closure throws, `CancellationError`, or `MessageStoreError`. With its
    ///   code `unavailable` the transaction may be committed nevertheless: the answer may be what
    ///   was lost.
    @discardableResult
    public func transaction<Value>(
      _ body: (PostgreSQLTransaction) async throws -> Value
    ) async throws -> Value {
      let pooled = try await checkOut()
      let transaction = PostgreSQLTransaction(pooled.connection, of: self)
      do {
        try await transaction.begin()
        let value = try await body(transaction)
        try Task.checkCancellation()
        try await transaction.commit()
        checkIn(pooled, isUsable: true)
        transaction.announceCommit()
        return value
      } catch {
        checkIn(pooled, isUsable: await transaction.rollBack())
        throw error
      }
    }

    // MARK: - Connections

    private func checkOut() async throws -> PooledConnection {
      switch try await turn() {
      case .take(let pooled):
        if !pooled.isLost { return pooled }
        pooled.connection.close()
      case .open: break
      }
      do {
        return try await open()
      } catch {
        pass(on: nil)
        throw error
      }
    }

    private func checkIn(_ pooled: PooledConnection, isUsable: Bool) {
      let isKept = isUsable && !pooled.isLost && !state.withLock(\.isClosed)
      if !isKept { pooled.connection.close() }
      pass(on: isKept ? pooled : nil)
    }

    private func pass(on pooled: PooledConnection?) {
      let next = state.withLock { state in
        state.line.giveBack(pooled).map { next in
          (state.waiters.removeValue(forKey: next.caller), next.turn)
        }
      }
      guard case ((let continuation, let timer)?, let turn)? = next else { return }
      timer.cancel()
      continuation.resume(returning: turn)
    }

    private func open() async throws -> PooledConnection {
      let loss = PooledConnection.Loss()
      do {
        let connection = try await PostgreSQLConnection.open(
          address, as: configuration.name, within: configuration.connecting
        ) { event in
          if case .closed = event { loss.note() }
        }
        let session = PostgreSQLTransaction(connection, of: self)
        try await session.execute(settings)
        try await prepare(session)
        return PooledConnection(connection: connection, loss: loss)
      } catch let error as PostgreSQLError {
        throw MessageStoreError(error, address)
      }
    }

    /// What was acknowledged must outlive the server, whatever the database's default is, and a
    /// statement that nobody waits for any more must not take effect much later.
    private var settings: SQLStatement {
      var settings = configuration.settings
      settings["default_transaction_isolation"] = "read committed"
      settings["statement_timeout"] = Self.milliseconds(configuration.answering)
      settings["idle_in_transaction_session_timeout"] = Self.milliseconds(configuration.idling)
      let names = settings.keys.sorted()
      let calls = names.indices.map { "set_config($\($0 * 2 + 1), $\($0 * 2 + 2), false)" }
      return SQLStatement(
        """
        SELECT \(calls.joined(separator: ", ")),
          CASE WHEN current_setting('synchronous_commit') <> 'remote_apply'
            THEN set_config('synchronous_commit', 'on', false) END
        """, names.flatMap { [.text($0), .text(settings[$0] ?? "")] })
    }

    /// At least one, since PostgreSQL takes none for no limit.
    private static func milliseconds(_ limit: Duration) -> String {
      let (seconds, attoseconds) = limit.components
      return "\(max(1, seconds * 1_000 + attoseconds / 1_000_000_000_000_000))ms"
    }

    // MARK: - Waiting

    private var isClosed: MessageStoreError {
      MessageStoreError(.unavailable, "\(address) was closed here")
    }

    private var isBusy: MessageStoreError {
      MessageStoreError(
        .busy,
        """
        all \(configuration.connections) connections to \(address) are in use, and \
        \(configuration.waiting) callers wait or have waited for \(configuration.patience)
        """)
    }

    private func turn() async throws -> Line.Turn {
      let caller = state.withLock { state in
        state.nextCaller += 1
        return state.nextCaller
      }
      return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
          let answer: Result<Line.Turn, any Error>? = state.withLock { state in
            if state.isClosed { return .failure(isClosed) }
            // The handler below may have run already: it leaves nothing behind to find.
            if Task.isCancelled { return .failure(CancellationError()) }
            switch state.line.ask(caller) {
            case .turn(let turn): return .success(turn)
            case .refused: return .failure(isBusy)
            case .wait:
              state.waiters[caller] = (continuation, timer(caller))
              return nil
            }
          }
          if let answer { continuation.resume(with: answer) }
        }
      } onCancel: {
        leave(caller, because: CancellationError())
      }
    }

    private func timer(_ caller: UInt64) -> Task<Void, Never> {
      Task { [weak self, patience = configuration.patience] in
        guard (try? await Task.sleep(for: patience)) != nil, let self else { return }
        leave(caller, because: isBusy)
      }
    }

    private func leave(_ caller: UInt64, because error: any Error) {
      let waiter = state.withLock { state in
        state.line.leave(caller)
        return state.waiters.removeValue(forKey: caller)
      }
      guard let (continuation, timer) = waiter else { return }
      timer.cancel()
      continuation.resume(throwing: error)
    }
  }

  /// A connection, and whether it is known to be lost.
  struct PooledConnection: Sendable {
    final class Loss: Sendable {
      private let isLost = Mutex(false)
      var isNoted: Bool { isLost.withLock { $0 } }
      func note() { isLost.withLock { $0 = true } }
    }

    let connection: PostgreSQLConnection
    let loss: Loss

    var isLost: Bool { loss.isNoted }
  }
#endif
