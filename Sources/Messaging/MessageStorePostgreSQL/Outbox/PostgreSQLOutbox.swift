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
  ///   try await outbox.append(
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
    /// transaction ends: append late in it.
    ///
    /// - Throws: `MessageStoreError` with code `invalidEvent`, `brokenContract`, `duplicateEvent`
    ///   or the database's error. The transaction should then roll back.
    @discardableResult
    public func append(
      _ event: OutboxEvent, in transaction: PostgreSQLTransaction
    ) async throws -> AppendedEvent {
      let statement: SQLStatement
      do {
        statement = try PostgreSQLOutboxStatements.append(
          event, payload: payload, limits: limits)
      } catch {
        throw MessageStoreError(.invalidEvent, "event \(event.id): \(error)", cause: error)
      }
      do {
        try contracts?.check(event)
      } catch {
        throw MessageStoreError(.brokenContract, "event \(event.id): \(error)", cause: error)
      }
      guard let row = try await transaction.execute(statement).first else {
        throw MessageStoreError(
          .duplicateEvent, "event \(event.id) was appended before; each event needs its own id")
      }
      transaction.afterCommit { [signal] in signal.raise() }
      return AppendedEvent(
        sequence: try row.required("seq", row.integer(0)),
        version: try row.required("aggregateversion", row.integer(1)), event: event)
    }
  }
#endif
