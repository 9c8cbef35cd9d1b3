// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import TransactionalMessaging

  /// One event within one transaction of the consumer's database.
  struct PostgreSQLDelivery {
    let inbox: PostgreSQLInbox
    let event: ReceivedEvent
    let now: Int64
    let transaction: PostgreSQLTransaction
    /// Attempts that ended with their process.
    let deaths: Int

    private struct Known {
      var mark: Int64?
      var parkedAttempts: Int?
      var parkedState: ParkedEvent.State?
    }

    /// A delivery from the broker.
    func run(_ effects: (PostgreSQLTransaction) async throws -> Void) async throws -> InboxOutcome {
      let known = try await known()
      let decision = InboxDecision.decide(
        version: event.version, mark: known.mark, isParked: known.parkedState != nil,
        start: inbox.policy.start)
      switch decision {
      case .duplicate:
        return .duplicate
      case .parkedBefore:
        return .waiting
      case .park:
        try await keep(known, state: .waiting, attempts: 0, nextAt: 0, error: "")
        return .waiting
      case .apply:
        return try await apply(known, effects)
      }
    }

    /// A parked event whose turn has come; it may have been settled meanwhile, or have failed once
    /// more: then it is not due yet.
    func retry(
      after attempts: Int, _ effects: (PostgreSQLTransaction) async throws -> Void
    ) async throws -> InboxOutcome {
      let known = try await known()
      guard let state = known.parkedState, state != .dead else { return .duplicate }
      guard known.parkedAttempts == attempts else { return .waiting }
      let decision = InboxDecision.decide(
        version: event.version, mark: known.mark, isParked: false, start: inbox.policy.start)
      switch decision {
      case .duplicate:
        try await transaction.execute(NamedStatement(InboxStatements.unpark).bind(values))
        return .duplicate
      case .park, .parkedBefore:
        return .waiting
      case .apply:
        return try await apply(known, effects)
      }
    }

    /// Effects took so long that their connection was given up: an attempt, although its
    /// transaction is gone.
    struct Outlasted: Error, CustomStringConvertible {
      let cause: any Error
      var description: String { "the effects took longer than their connection: \(cause)" }
    }

    /// Counts an attempt in a transaction of its own.
    func count(_ failure: Outlasted) async throws -> InboxOutcome {
      let known = try await known()
      guard known.parkedState != .dead else { return .waiting }
      let decision = InboxDecision.decide(
        version: event.version, mark: known.mark, isParked: false, start: inbox.policy.start)
      switch decision {
      case .duplicate: return .duplicate
      case .park, .parkedBefore: return .waiting
      case .apply: return try await fail(known, failure)
      }
    }

    private func apply(
      _ known: Known, _ effects: (PostgreSQLTransaction) async throws -> Void
    ) async throws -> InboxOutcome {
      if let verdict = inbox.policy.verdict(deaths: deaths) {
        return try await fail(known, attempts: deaths, isDead: true, verdict)
      }
      let start = ContinuousClock.now
      do {
        try await transaction.savepoint {
          // No row when the id was seen before, under whatever version.
          let isNew = try await transaction.execute(PostgreSQLInboxStatements.seen.bind(values))
          if !isNew.isEmpty { try await effects(transaction) }
        }
      } catch let error where Self.belongsToEvent(error) {
        return try await fail(known, error)
      } catch let error as MessageStoreError where error.code == .unavailable {
        let limits = transaction.database.configuration
        let time = ContinuousClock.now - start
        guard time >= min(limits.answering, limits.idling) else { throw error }
        throw Outlasted(cause: error)
      }
      let rows = try await transaction.execute(PostgreSQLInboxStatements.applied.bind(values))
      return .applied(unblocks: rows.first?.flag(0) == true)
    }

    /// The database's own troubles are not the event's fault: they end the transaction, and the
    /// delivery comes again without a counted attempt. So do conflicts with other transactions. A
    /// statement that takes too long is the event's: it would take as long each time.
    static func belongsToEvent(_ error: any Error) -> Bool {
      guard let error = error as? MessageStoreError else { return !(error is CancellationError) }
      guard let state = error.sqlState else {
        return ![.unavailable, .busy].contains(error.code)
      }
      if state == "57014" { return true }
      // Connections, rolled back transactions, resources, operators, the system; a lock that is not
      // free, a database that only reads.
      let classes = ["08", "40", "53", "57", "58", "XX"]
      return !classes.contains(String(state.prefix(2))) && !["55P03", "25006"].contains(state)
    }

    private func fail(_ known: Known, _ error: any Error) async throws -> InboxOutcome {
      let attempts = (known.parkedAttempts ?? 0) + 1
      return try await fail(
        known, attempts: attempts, isDead: attempts >= inbox.policy.attempts,
        String(describing: error))
    }

    private func fail(
      _ known: Known, attempts: Int, isDead: Bool, _ text: String
    ) async throws -> InboxOutcome {
      var random = SystemRandomNumberGenerator()
      let nextAt = now + inbox.policy.retry.delay(afterAttempt: attempts, using: &random)
      try await keep(
        known, state: isDead ? .dead : .retrying, attempts: attempts,
        nextAt: isDead ? 0 : nextAt, error: text)
      if known.mark == nil, inbox.policy.start == .firstSeen {
        // From here on this aggregate has a beginning, or the event would never be due.
        var values = values
        values["version"] = .integer(event.version - 1)
        try await transaction.execute(NamedStatement(InboxStatements.setMark).bind(values))
      }
      return .failed(FailureFingerprint.bounded(text), nextAt: isDead ? nil : nextAt)
    }

    private func keep(
      _ known: Known, state: ParkedEvent.State, attempts: Int, nextAt: Int64, error: String
    ) async throws {
      if known.parkedState == nil {
        var answer = inbox.room.take(now: now)
        if answer == .unknown {
          let rows = try await transaction.execute(
            NamedStatement(InboxStatements.parkedCount).bind(values))
          inbox.room.learn(Int(rows.first?.integer(0) ?? 0), now: now)
          answer = inbox.room.take(now: now)
        }
        guard answer == .granted else {
          throw InboxFull(consumer: inbox.consumer, limit: inbox.policy.parkedEvents)
        }
      }
      let content = event.event
      let waiting: [String: SQLParameter] = [
        "type": .text(content.type), "payload": .bytes(content.payload),
        "occurredAt": .integer(content.occurredAt),
        "headers": .text(try HeaderText.encode(content.headers)),
        "schemaVersion": .integer(Int64(content.schemaVersion)),
        "tenant": SQLParameter(content.tenant),
        "payloadReference": SQLParameter(content.payloadReference),
        "attempts": .integer(Int64(attempts)), "nextAt": .integer(nextAt),
        "lastError": .text(FailureFingerprint.bounded(error)),
        "fingerprint": .text(error.isEmpty ? "" : FailureFingerprint.of(error)),
        "state": .text(state.rawValue),
      ]
      try await transaction.execute(
        NamedStatement(InboxStatements.park)
          .bind(waiting.merging(values, uniquingKeysWith: { first, _ in first })))
    }

    private var values: [String: SQLParameter] { inbox.values(event, now: now) }

    private func known() async throws -> Known {
      // By itself: what is read afterwards must be what the former holder of the lock has written.
      try await transaction.execute(PostgreSQLInboxStatements.lock.bind(values))
      guard
        let row = try await transaction.execute(PostgreSQLInboxStatements.known.bind(values)).first
      else { return Known() }
      return Known(
        mark: row.integer(0), parkedAttempts: row.integer(2).map { Int($0) },
        parkedState: try row.text(1).map(PostgreSQLParkedRows.state))
    }
  }
#endif
