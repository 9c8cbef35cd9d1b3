// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  public import MessageContracts
  public import TransactionalMessaging

  /// Appends events to the outbox table inside the caller's own transaction, so that a business row
  /// and its event commit together or not at all.
  ///
  /// ```swift
  /// try await database.transaction { transaction in
  ///   try await transaction.query("INSERT INTO orders (id) VALUES ($1)", [.integer(42)])
  ///   try await outbox.appendAtCommit(
  ///     OutboxEvent(
  ///       id: UUID().uuidString.lowercased(), aggregateType: "order", aggregateID: "42",
  ///       type: "order-placed", occurredAt: now, payload: json),
  ///     in: transaction)
  /// }
  /// ```
  ///
  /// Over another driver, run what `PostgreSQLOutboxStatements.append` says, after
  /// `EventContracts.check` where there are contracts.
  public struct PostgreSQLOutbox: Sendable {
    /// Raised after each commit that appended events; give it to the relay of the same process.
    public let signal: WakeSignal
    /// Bounds of one event.
    public let limits: EventLimits
    /// What payloads are held to; nil where they are not looked at.
    public let contracts: EventContracts?
    /// Type of the column `payload`, as the tables were made.
    public let payload: PostgreSQLOutboxLayout.Payload

    /// Creates an outbox; it has no state besides its signal.
    public init(
      payload: PostgreSQLOutboxLayout.Payload = .bytes, limits: EventLimits = EventLimits(),
      contracts: EventContracts? = nil, signal: WakeSignal = WakeSignal()
    ) {
      self.payload = payload
      self.contracts = contracts
      self.limits = limits
      self.signal = signal
    }

    /// Appends an event and numbers it within its aggregate, which stays locked until the
    /// transaction ends: append late in it, or use `appendAtCommit`.
    ///
    /// - Throws: `MessageStoreError` with code `invalidEvent`, `brokenContract`, `duplicateEvent`
    ///   or the database's error. The transaction should then roll back.
    @discardableResult
    public func append(
      _ event: OutboxEvent, in transaction: PostgreSQLTransaction
    ) async throws -> AppendedEvent {
      let statement = try checked(event) {
        try PostgreSQLOutboxStatements.append(event, payload: payload, limits: limits)
      }
      // What `appendAtCommit` was given before comes before it.
      guard let row = try await transaction.executeBehindWaiting(statement).first else {
        throw Self.isUsed(event.id)
      }
      transaction.afterCommit { [signal] in signal.raise() }
      return AppendedEvent(
        sequence: try row.required("seq", row.integer(0)),
        version: try row.required("aggregateversion", row.integer(1)), event: event)
    }

    /// Appends an event together with COMMIT: both go to the server at once, which saves the wait
    /// for an answer, and the aggregate is locked no earlier. The event is checked now, and is
    /// appended after everything else that the transaction does, behind those that it was given
    /// before; a savepoint that is undone takes along what was given inside of it. Within the
    /// transaction the event cannot be read. Its numbers stay unknown; whoever needs them uses
    /// `append`. The sixty-fifth of one transaction takes all that wait to the server.
    ///
    /// The transaction throws what becomes known at its end: `duplicateEvent` where an event of
    /// this id was appended before, or the database's error. Then nothing is committed.
    ///
    /// - Throws: `MessageStoreError` with code `invalidEvent`, `brokenContract` or
    ///   `outsideTransaction`; with more than sixty-four, the others too.
    public func appendAtCommit(
      _ event: OutboxEvent, in transaction: PostgreSQLTransaction
    ) async throws {
      let statement = try checked(event) {
        try PostgreSQLOutboxStatements.appendOrFail(event, payload: payload, limits: limits)
      }
      try await transaction.runAtCommit(
        .init(statement: statement) { [id = event.id] refusal in
          refusal.sqlState == PostgreSQLOutboxStatements.usedID
            ? Self.isUsed(id, because: refusal) : refusal
        })
      transaction.afterCommit { [signal] in signal.raise() }
    }

    /// - Parameter refusal: of the server, where there was one.
    private static func isUsed(
      _ id: String, because refusal: MessageStoreError? = nil
    ) -> MessageStoreError {
      MessageStoreError(
        .duplicateEvent, "event \(id) was appended before; each event needs its own id",
        sqlState: refusal?.sqlState, cause: refusal)
    }

    private func checked(
      _ event: OutboxEvent, _ statement: () throws -> SQLStatement
    ) throws -> SQLStatement {
      let checked: SQLStatement
      do {
        checked = try statement()
      } catch {
        throw MessageStoreError(.invalidEvent, "event \(event.id): \(error)", cause: error)
      }
      do {
        try contracts?.check(event)
      } catch {
        throw MessageStoreError(.brokenContract, "event \(event.id): \(error)", cause: error)
      }
      return checked
    }
  }
#endif
