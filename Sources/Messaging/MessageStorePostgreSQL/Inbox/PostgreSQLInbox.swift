// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  public import TransactionalMessaging

  /// Applies each event's effects exactly once, in the order of its aggregate.
  ///
  /// Effects, inbox row and high-water mark are one transaction of the consumer's own database.
  ///
  /// ```swift
  /// let inbox = PostgreSQLInbox(consumer: "shipping")
  /// let consumer = Consumer(
  ///   group: "shipping", broker: broker,
  ///   inbox: inbox.bound(to: database) { event, transaction in
  ///     try await transaction.query(
  ///       "INSERT INTO shipment (order_id) VALUES ($1)", [.text(event.event.aggregateID)])
  ///   })
  /// ```
  public struct PostgreSQLInbox: Sendable {
    /// Name of the consumer; each has marks of its own.
    public let consumer: String
    /// How failures are treated.
    public let policy: InboxPolicy
    let room: ParkedRoom
    private let attempts = AttemptWatch(owner: "\(UInt64.random(in: .min ... .max))")

    /// Creates an inbox; `PostgreSQLMessageTables.install` must have run on the consumer's
    /// database.
    public init(consumer: String, policy: InboxPolicy = InboxPolicy()) {
      self.consumer = consumer
      self.policy = policy
      room = ParkedRoom(limit: policy.parkedEvents)
    }

    /// Handles one delivery: effects once, failures kept. When it returns, acknowledge the
    /// delivery.
    ///
    /// Attempts that end the process are counted too; see `InboxPolicy.crashes`.
    ///
    /// - Parameters:
    ///   - event: the delivery.
    ///   - now: milliseconds since 1970.
    ///   - database: the consumer's own.
    ///   - effects: what the event changes; runs inside the transaction and must change nothing
    ///     elsewhere. When it throws, its changes are undone and the event is kept for later.
    /// - Throws: `InboxFull`, `CancellationError` or `MessageStoreError`; the delivery must then
    ///   come again.
    public func handle(
      _ event: ReceivedEvent, now: Int64, in database: PostgreSQLDatabase,
      effects: (PostgreSQLTransaction) async throws -> Void
    ) async throws -> InboxOutcome {
      try await delivering(event, now: now, in: database) { try await $0.run(effects) }
    }

    /// Counts an attempt and makes it, in one transaction with all that comes of it.
    fileprivate func delivering(
      _ event: ReceivedEvent, now: Int64, in database: PostgreSQLDatabase,
      _ body: (PostgreSQLDelivery) async throws -> InboxOutcome
    ) async throws -> InboxOutcome {
      try await attempts.run(marks(of: event, now: now, in: database)) { deaths in
        func transaction(
          _ body: (PostgreSQLDelivery) async throws -> InboxOutcome
        ) async throws -> InboxOutcome {
          try await database.transaction { transaction in
            let outcome = try await body(
              PostgreSQLDelivery(
                inbox: self, event: event, now: now, transaction: transaction, deaths: deaths))
            if case .applied = outcome { return outcome }
            try await transaction.execute(
              NamedStatement(InboxStatements.endAttempt).bind(values(event, now: now)))
            return outcome
          }
        }
        do {
          return try await transaction(body)
        } catch let failure as PostgreSQLDelivery.Outlasted {
          return try await transaction { try await $0.count(failure) }
        }
      }
    }

    /// Beginning and taking back are not cancelled with the delivery: a mark that stays counts as a
    /// death of the process.
    private func marks(
      of event: ReceivedEvent, now: Int64, in database: PostgreSQLDatabase
    ) -> AttemptWatch.Marks {
      let values = values(event, now: now).merging(
        ["owner": .text(attempts.owner)], uniquingKeysWith: { first, _ in first })
      return AttemptWatch.Marks(
        begin: { alone in
          let isAlone: [String: SQLParameter] = ["alone": .integer(alone ? 1 : 0)]
          let statement = PostgreSQLInboxStatements.beginAttempt.bind(
            values.merging(isAlone, uniquingKeysWith: { first, _ in first }))
          let rows = try await Task { try await database.execute(statement) }.value
          return rows.first?.integer(0).map { Int($0) }
        },
        settle: {
          try await database.transaction { transaction in
            _ = try await transaction.execute(PostgreSQLInboxStatements.lock.bind(values))
          }
        },
        abandon: {
          _ = await Task {
            for statement in InboxStatements.abandonAttempt {
              try await database.execute(NamedStatement(statement).bind(values))
            }
          }.result
        })
    }

    /// The inbox together with its database and effects, as `Consumer` takes it.
    public func bound(
      to database: PostgreSQLDatabase,
      effects: @Sendable @escaping (ReceivedEvent, PostgreSQLTransaction) async throws -> Void
    ) -> some EventInbox {
      BoundPostgreSQLInbox(inbox: self, database: database, effects: effects)
    }
  }

  private struct BoundPostgreSQLInbox: EventInbox {
    let inbox: PostgreSQLInbox
    let database: PostgreSQLDatabase
    let effects: @Sendable (ReceivedEvent, PostgreSQLTransaction) async throws -> Void

    var consumer: String { inbox.consumer }

    func receive(_ event: ReceivedEvent, now: Int64) async throws -> InboxOutcome {
      try await inbox.handle(event, now: now, in: database) { try await effects(event, $0) }
    }

    func retryParked(now: Int64, limit: Int) async throws -> (tried: Int, nextDue: Int64?) {
      let due = try PostgreSQLParkedRows.events(
        try await database.execute(
          NamedStatement(InboxStatements.due).bind([
            "consumer": .text(consumer), "now": .integer(now), "limit": .integer(Int64(limit)),
          ])))
      var refusal: MessageStoreError?
      let tried = try await ParkedRound.run(due, limit: limit) { aggregate, version, limit in
        var values = inbox.values(aggregate)
        values["version"] = .integer(version)
        values["now"] = .integer(now)
        values["limit"] = .integer(Int64(limit))
        return try PostgreSQLParkedRows.events(
          try await database.execute(NamedStatement(InboxStatements.behind).bind(values)))
      } attempt: { parked in
        let event = parked.received
        do {
          return try await inbox.delivering(event, now: now, in: database) { delivery in
            try await delivery.retry(after: parked.attempts) { try await effects(event, $0) }
          }
        } catch let error as MessageStoreError where error.sqlState != nil {
          // The others must not wait for what is refused again and again.
          refusal = refusal ?? error
          return .waiting
        }
      }
      if let refusal { throw refusal }
      let next = try await database.execute(
        NamedStatement(InboxStatements.nextDue).bind(["consumer": .text(consumer)]))
      return (tried, next.first?.integer(0))
    }
  }

  // MARK: - What an operator does

  extension PostgreSQLInbox {
    /// Events that wait, ordered by aggregate and version; at most `limit`.
    public func parked(
      in transaction: PostgreSQLTransaction, limit: Int = 1_000
    ) async throws -> [ParkedEvent] {
      try PostgreSQLParkedRows.events(
        try await transaction.execute(
          NamedStatement(InboxStatements.all).bind([
            "consumer": .text(consumer), "limit": .integer(Int64(limit)),
          ])))
    }

    /// Tries an aggregate's dead event again, with all its attempts, in order with what waits
    /// behind.
    ///
    /// - Returns: false when the aggregate has no dead event.
    @discardableResult
    public func replay(
      _ aggregate: AggregateKey, in transaction: PostgreSQLTransaction
    ) async throws -> Bool {
      let changed = try await transaction.execute(
        PostgreSQLInboxStatements.replay.bind(values(aggregate)))
      return !changed.isEmpty
    }

    /// Gives up an aggregate's next event without effects: the dead one at its head, or a missing
    /// version that will never come. What waits behind it goes on.
    ///
    /// - Returns: the version that was given up; nil when nothing is dead or waits behind a gap.
    ///   Nothing is given up then: the next event would count as a duplicate before it came.
    @discardableResult
    public func skip(
      _ aggregate: AggregateKey, in transaction: PostgreSQLTransaction
    ) async throws -> Int64? {
      var values = values(aggregate)
      try await transaction.execute(PostgreSQLInboxStatements.lock.bind(values))
      let mark = try await transaction.execute(NamedStatement(InboxStatements.mark).bind(values))
      let skipped = (mark.first?.integer(0) ?? 0) + 1
      values["version"] = .integer(skipped)
      let head = try await transaction.execute(
        NamedStatement(InboxStatements.parkedState).bind(values))
      if let head = head.first {
        guard head.text(0) == ParkedEvent.State.dead.rawValue else { return nil }
      } else {
        let isGap = try await transaction.execute(
          NamedStatement(InboxStatements.hasParkedBehind).bind(values))
        guard isGap.first?.flag(0) == true else { return nil }
      }
      try await transaction.execute(PostgreSQLInboxStatements.applied.bind(values))
      return skipped
    }

    /// Ids that `prune` forgets at once unless it is told otherwise.
    public static let pruningLimit = 10_000

    /// Forgets event ids seen before a time (milliseconds since 1970), at most `limit`, so that no
    /// statement takes long. Duplicates are recognised all the same, by the high-water marks, which
    /// stay.
    ///
    /// - Returns: how many rows were deleted; call it again, in a new transaction, while it is
    ///   `limit`.
    @discardableResult
    public func prune(
      seenBefore time: Int64, limit: Int = PostgreSQLInbox.pruningLimit,
      in transaction: PostgreSQLTransaction
    ) async throws -> Int {
      try await transaction.execute(
        NamedStatement(InboxStatements.pruneAttempts).bind([
          "consumer": .text(consumer), "before": .integer(time),
        ]))
      let rows = try await transaction.execute(
        PostgreSQLInboxStatements.prune.bind([
          "consumer": .text(consumer), "before": .integer(time), "limit": .integer(Int64(limit)),
        ]))
      return Int(rows.first?.integer(0) ?? 0)
    }

    func values(_ event: ReceivedEvent, now: Int64) -> [String: SQLParameter] {
      values(event.event.aggregate).merging(
        [
          "version": .integer(event.version), "id": .text(event.event.id), "now": .integer(now),
        ], uniquingKeysWith: { first, _ in first })
    }

    func values(_ aggregate: AggregateKey) -> [String: SQLParameter] {
      [
        "consumer": .text(consumer), "aggregateType": .text(aggregate.type),
        "aggregateID": .text(aggregate.id),
      ]
    }
  }
#endif
