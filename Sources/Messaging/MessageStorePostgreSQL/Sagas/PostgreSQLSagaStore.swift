// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  public import SagaModel
  public import TransactionalMessaging

  /// Sagas in a PostgreSQL, beside the outbox of their commands.
  ///
  /// ```swift
  /// let sagas = PostgreSQLSagaStore(database, outbox: outbox)
  /// try await database.transaction { transaction in
  ///   try await cart.close(in: transaction)
  ///   try await sagas.begin(checkout.begin(cart.id, Checkout(cart), now: now), in: transaction)
  /// }
  /// let answers = PostgreSQLInbox(consumer: "checkout").bound(to: database) {
  ///   try await sagas.accept($0, in: $1)
  /// }
  /// ```
  public struct PostgreSQLSagaStore: SagaStore {
    /// Work in a transaction of PostgreSQL.
    public typealias Write =
      @Sendable (SagaCall, String, PostgreSQLTransaction) async throws -> String

    /// Raised when a saga was begun or answered here.
    public let signal = WakeSignal()
    private let database: PostgreSQLDatabase
    private let outbox: PostgreSQLOutbox

    /// Uses the database of the outbox; `PostgreSQLMessageTables.install` must have run on it.
    public init(_ database: PostgreSQLDatabase, outbox: PostgreSQLOutbox = PostgreSQLOutbox()) {
      self.database = database
      self.outbox = outbox
    }

    // MARK: - In the caller's transaction

    /// Begins a saga inside the caller's own transaction.
    ///
    /// - Returns: false when a saga of this id was begun before.
    @discardableResult
    public func begin(
      _ saga: SagaRecord, in transaction: PostgreSQLTransaction
    ) async throws -> Bool {
      let rows = try await transaction.execute(
        NamedStatement(SagaStatements.begin).bind(saga.values))
      transaction.afterCommit { [signal] in signal.raise() }
      return !rows.isEmpty
    }

    /// Takes a service's answer in: effects of the inbox that consumes the saga's answers. What
    /// comes too late or once more changes nothing.
    ///
    /// - Throws: `MalformedSagaMessage` for an event that is none, or the database's error.
    public func accept(
      _ received: ReceivedEvent, in transaction: PostgreSQLTransaction
    ) async throws {
      let values = try SagaAnswer(received).values(now: received.event.occurredAt)
      try await transaction.execute(NamedStatement(SagaStatements.arrive).bind(values))
      try await transaction.execute(NamedStatement(SagaStatements.wakeStuck).bind(values))
      transaction.afterCommit { [signal] in signal.raise() }
    }

    // MARK: - For orchestrators

    /// Takes an orchestrator's name and what it had.
    public func acquire(
      _ orchestrator: String, after former: SagaLease?, until: Int64
    ) async throws -> SagaLease {
      var values: [String: SQLParameter] = ["owner": .text(orchestrator), "until": .integer(until)]
      values["epoch"] = former.map { .integer($0.epoch) }
      let statement = former == nil ? SagaStatements.acquire : SagaStatements.reacquire
      let rows = try await database.execute(NamedStatement(statement).bind(values))
      return try SagaLease(orchestrator, rows.first?.integer(0), after: former)
    }

    /// Moves the end of a lease that nobody has taken over.
    public func renew(_ lease: SagaLease, until: Int64) async throws {
      var values = Self.values(lease)
      values["until"] = .integer(until)
      let rows = try await database.execute(NamedStatement(SagaStatements.renew).bind(values))
      if rows.isEmpty { throw SagaFenced(lease: lease) }
    }

    /// Ends a lease.
    public func release(_ lease: SagaLease) async throws {
      var values = Self.values(lease)
      values["until"] = .integer(0)
      try await database.execute(NamedStatement(SagaStatements.renew).bind(values))
    }

    /// Takes sagas that belong to nobody.
    public func claim(
      _ lease: SagaLease, _ identities: [SagaIdentity], orphans: Bool, now: Int64, limit: Int
    ) async throws -> [OpenSaga] {
      var values = Self.values(lease)
      values["known"] = .text(try Self.text(identities))
      values["now"] = .integer(now)
      values["limit"] = .integer(Int64(limit))
      var sagas = try await database.execute(PostgreSQLSagaStatements.claimFree.bind(values))
      if orphans, sagas.count < limit {
        values["limit"] = .integer(Int64(limit - sagas.count))
        sagas += try await database.execute(PostgreSQLSagaStatements.claimOrphans.bind(values))
      }
      return try await open(sagas)
    }

    /// Sagas whose time has come, or for which something has come in.
    public func due(_ lease: SagaLease, now: Int64, limit: Int) async throws -> [OpenSaga] {
      var values = Self.values(lease)
      values["now"] = .integer(now)
      values["limit"] = .integer(Int64(limit))
      return try await open(
        try await database.execute(PostgreSQLSagaStatements.due.bind(values)))
    }

    /// Sagas of the lease, by id.
    public func load(_ ids: [String], _ lease: SagaLease) async throws -> [OpenSaga] {
      var values = Self.values(lease)
      values["ids"] = .text(try ContextText.encode(ids))
      return try await open(
        try await database.execute(PostgreSQLSagaStatements.load.bind(values)))
    }

    /// Stores what turns come to, in one transaction.
    public func commit(
      _ turns: [SagaTurn<PostgreSQLSagaStore>], _ lease: SagaLease
    ) async throws -> [SagaDecision?] {
      try await database.transaction { transaction in
        let held = try await hold(turns, lease, transaction)
        var decisions: [SagaDecision?] = []
        for turn in turns {
          guard held.contains(turn.record.id) else {
            decisions.append(nil)
            continue
          }
          decisions.append(try await decide(turn, transaction))
        }
        let made = decisions.compactMap { $0 }
        if !made.isEmpty { try await save(made, transaction) }
        return decisions
      }
    }

    /// How many sagas wait for definitions that are not here.
    public func unknown(
      to identities: [SagaIdentity]
    ) async throws -> [(identity: SagaIdentity, count: Int)] {
      try await database.execute(
        PostgreSQLSagaStatements.unknown.bind(["known": .text(try Self.text(identities))])
      ).map { row in
        (
          SagaIdentity(
            name: row.text(0) ?? "", version: Int(row.integer(1) ?? 0), shape: row.text(2) ?? ""),
          Int(row.integer(3) ?? 0)
        )
      }
    }

    /// Forgets sagas that ended before a time (milliseconds since 1970), and what services remember
    /// of commands that they answered before it.
    ///
    /// - Returns: how many sagas went; call it again while it is `limit`.
    @discardableResult
    public func prune(endedBefore time: Int64, limit: Int = 1_000) async throws -> Int {
      try await database.transaction { transaction in
        var values: [String: SQLParameter] = [
          "before": .integer(time), "limit": .integer(Int64(limit)),
        ]
        let ids = try await transaction.execute(NamedStatement(SagaStatements.ended).bind(values))
          .compactMap { $0.text(0) }
        values["ids"] = .text(try ContextText.encode(ids))
        for statement in PostgreSQLSagaStatements.prune {
          try await transaction.execute(statement.bind(values))
        }
        return ids.count
      }
    }

    // MARK: - One group

    private struct Held: Encodable {
      let id: String
      let revision: Int64
    }

    private func hold(
      _ turns: [SagaTurn<PostgreSQLSagaStore>], _ lease: SagaLease,
      _ transaction: PostgreSQLTransaction
    ) async throws -> Set<String> {
      var values = Self.values(lease)
      let held = turns.map { Held(id: $0.record.id, revision: $0.record.revision) }
      values["held"] = .text(try ContextText.encode(held))
      let rows = try await transaction.execute(PostgreSQLSagaStatements.hold.bind(values))
      return Set(rows.compactMap { $0.text(0) })
    }

    private func decide(
      _ turn: SagaTurn<PostgreSQLSagaStore>, _ transaction: PostgreSQLTransaction
    ) async throws -> SagaDecision {
      var result: Result<String, any Error>?
      if let (body, call) = turn.write {
        do {
          result = .success(
            try await transaction.savepoint {
              try await body(call, turn.record.context, transaction)
            })
        } catch let error where PostgreSQLDelivery.belongsToEvent(error) {
          result = .failure(error)
        }
      }
      var decision = turn.decide(result)
      while let command = decision.command {
        do {
          try await outbox.append(command, in: transaction)
          break
        } catch let error as MessageStoreError where error.sqlState == nil {
          guard error.code != .unavailable, error.code != .busy, let refused = decision.refused
          else { throw error }
          decision = refused(error)
        }
      }
      return decision
    }

    private func save(
      _ decisions: [SagaDecision], _ transaction: PostgreSQLTransaction
    ) async throws {
      let records = decisions.map(\.record)
      let steps = decisions.flatMap { decision in
        decision.changedSteps.map { $0.values(of: decision.record.id) }
      }
      try await transaction.execute(
        PostgreSQLSagaStatements.save.bind([
          "sagas": .text(try JSONRows.text(records.map(\.values))),
          "steps": .text(try JSONRows.text(steps)),
          "settled": .text(try ContextText.encode(decisions.flatMap(\.arrivals))),
          "ended": .text(
            try ContextText.encode(records.filter { $0.endedAt != nil }.map(\.id))),
        ]))
    }

    // MARK: - Rows

    private func open(_ sagas: [SQLRow]) async throws -> [OpenSaga] {
      if sagas.isEmpty { return [] }
      let ids: [String: SQLParameter] = [
        "ids": .text(try ContextText.encode(sagas.compactMap { $0.text(0) }))
      ]
      let steps = try await database.execute(PostgreSQLSagaStatements.steps.bind(ids))
      let arrivals = try await database.execute(PostgreSQLSagaStatements.arrivals.bind(ids))
      return try SagaRows.open(
        sagas: sagas.map(Self.row), steps: steps.map(Self.row), arrivals: arrivals.map(Self.row))
    }

    static func row(_ row: SQLRow) -> OperatorRow {
      OperatorRow((0..<row.count).map { SQLParameter(row.text($0)) })
    }

    private static func values(_ lease: SagaLease) -> [String: SQLParameter] {
      ["owner": .text(lease.orchestrator), "epoch": .integer(lease.epoch)]
    }

    private static func text(_ identities: [SagaIdentity]) throws -> String {
      try ContextText.encode(identities.map { [$0.name, "\($0.version)", $0.shape] })
    }
  }

  extension SagaWork where Store == PostgreSQLSagaStore {
    /// Work in the database that keeps the saga, in the transaction that says it is done: it takes
    /// effect exactly once. What it throws undoes it.
    ///
    /// - Parameter body: must be short, and change nothing elsewhere.
    public static func write(
      _ body:
        @escaping @Sendable (inout Context, SagaCall, PostgreSQLTransaction) async throws -> Void
    ) -> SagaWork {
      SagaWork(write: { call, text, transaction in
        var context = try ContextText.decode(Context.self, text)
        try await body(&context, call, transaction)
        return try ContextText.encode(context)
      })
    }
  }
#endif
