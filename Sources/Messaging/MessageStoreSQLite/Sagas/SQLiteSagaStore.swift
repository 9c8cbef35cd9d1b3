// SPDX-License-Identifier: Apache-2.0

import Foundation
public import GRDB
public import SagaModel
public import TransactionalMessaging

/// Sagas in a database of SQLite, beside the outbox of their commands.
///
/// ```swift
/// let sagas = SQLiteSagaStore(database, outbox: outbox)
/// try await database.write { db in
///   try cart.close(in: db)
///   try sagas.begin(checkout.begin(cart.id, Checkout(cart), now: now), in: db)
/// }
/// let answers = SQLiteInbox(consumer: "checkout").bound(to: database) { event, db in
///   try sagas.accept(event, in: db)
/// }
/// ```
public struct SQLiteSagaStore: SagaStore {
  /// Work in a transaction of SQLite.
  public typealias Write = @Sendable (SagaCall, String, Database) throws -> String

  /// Raised when a saga was begun or answered here.
  public let signal = WakeSignal()
  private let writer: any DatabaseWriter
  private let outbox: SQLiteOutbox

  /// Uses the database of the outbox; `SQLiteMessageTables.install` must have run on it.
  public init(_ writer: any DatabaseWriter, outbox: SQLiteOutbox = SQLiteOutbox()) {
    self.writer = writer
    self.outbox = outbox
  }

  // MARK: - In the caller's transaction

  /// Begins a saga inside the caller's own transaction.
  ///
  /// - Returns: false when a saga of this id was begun before.
  @discardableResult
  public func begin(_ saga: SagaRecord, in db: Database) throws -> Bool {
    guard db.isInsideTransaction else {
      throw MessageStoreError(
        .outsideTransaction,
        "saga \(saga.id) was begun outside of a transaction; use write { db in ... } around it")
    }
    let isNew = try !Self.rows(db, SagaStatements.begin, saga.values).isEmpty
    db.afterNextTransaction { [signal] _ in signal.raise() }
    return isNew
  }

  /// Takes a service's answer in: effects of the inbox that consumes the saga's answers. What comes
  /// too late or once more changes nothing.
  ///
  /// - Throws: `MalformedSagaMessage` for an event that is none, or GRDB's error.
  public func accept(_ received: ReceivedEvent, in db: Database) throws {
    let values = try SagaAnswer(received).values(now: received.event.occurredAt)
    try Self.execute(db, SagaStatements.arrive, values)
    try Self.execute(db, SagaStatements.wakeStuck, values)
    db.afterNextTransaction { [signal] _ in signal.raise() }
  }

  // MARK: - For orchestrators

  /// Takes an orchestrator's name and what it had.
  public func acquire(
    _ orchestrator: String, after former: SagaLease?, until: Int64
  ) async throws -> SagaLease {
    try await writer.write { db in
      var values: [String: SQLParameter] = ["owner": .text(orchestrator), "until": .integer(until)]
      values["epoch"] = former.map { .integer($0.epoch) }
      let row = try Self.rows(
        db, former == nil ? SagaStatements.acquire : SagaStatements.reacquire, values)
      return try SagaLease(orchestrator, row.first?.integer(0), after: former)
    }
  }

  /// Moves the end of a lease that nobody has taken over.
  public func renew(_ lease: SagaLease, until: Int64) async throws {
    try await writer.write { db in
      let values = Self.values(lease).merging(["until": .integer(until)]) { first, _ in first }
      guard try !Self.rows(db, SagaStatements.renew, values).isEmpty else {
        throw SagaFenced(lease: lease)
      }
    }
  }

  /// Ends a lease.
  public func release(_ lease: SagaLease) async throws {
    try await writer.write { db in
      _ = try Self.rows(
        db, SagaStatements.renew,
        Self.values(lease).merging(["until": .integer(0)]) { first, _ in first })
    }
  }

  /// Takes sagas that belong to nobody.
  public func claim(
    _ lease: SagaLease, _ identities: [SagaIdentity], orphans: Bool, now: Int64, limit: Int
  ) async throws -> [OpenSaga] {
    var values = Self.values(lease)
    values["known"] = .text(try Self.text(identities))
    values["now"] = .integer(now)
    values["limit"] = .integer(Int64(limit))
    let free = values
    return try await writer.write { db in
      var sagas = try Self.rows(db, SQLiteSagaStatements.claimFree, free)
      if orphans, sagas.count < limit {
        var rest = free
        rest["limit"] = .integer(Int64(limit - sagas.count))
        sagas += try Self.rows(db, SQLiteSagaStatements.claimOrphans, rest)
      }
      return try Self.open(db, sagas)
    }
  }

  /// Sagas whose time has come, or for which something has come in.
  public func due(_ lease: SagaLease, now: Int64, limit: Int) async throws -> [OpenSaga] {
    try await writer.read { db in
      let values = Self.values(lease).merging([
        "now": .integer(now), "limit": .integer(Int64(limit)),
      ]) { first, _ in first }
      return try Self.open(db, try Self.rows(db, SQLiteSagaStatements.due, values))
    }
  }

  /// Sagas of the lease, by id.
  public func load(_ ids: [String], _ lease: SagaLease) async throws -> [OpenSaga] {
    try await writer.read { db in
      let values = Self.values(lease).merging(["ids": .text(try Self.list(ids))]) { one, _ in one }
      return try Self.open(db, try Self.rows(db, SQLiteSagaStatements.load, values))
    }
  }

  /// Stores what turns come to, in one transaction.
  public func commit(
    _ turns: [SagaTurn<SQLiteSagaStore>], _ lease: SagaLease
  ) async throws -> [SagaDecision?] {
    try await writer.write { db in
      try turns.map { turn in
        let held = Self.values(lease).merging([
          "id": .text(turn.record.id), "revision": .integer(turn.record.revision),
        ]) { first, _ in first }
        guard try !Self.rows(db, SQLiteSagaStatements.hold, held).isEmpty else { return nil }
        return try commit(turn, in: db)
      }
    }
  }

  /// How many sagas wait for definitions that are not here.
  public func unknown(
    to identities: [SagaIdentity]
  ) async throws -> [(identity: SagaIdentity, count: Int)] {
    try await writer.read { db in
      try Self.rows(
        db, SQLiteSagaStatements.unknown, ["known": .text(try Self.text(identities))]
      ).map { row in
        (
          SagaIdentity(
            name: row.text(0) ?? "", version: Int(row.integer(1) ?? 0), shape: row.text(2) ?? ""),
          Int(row.integer(3) ?? 0)
        )
      }
    }
  }

  /// Forgets sagas that ended before a time (milliseconds since 1970), and what services remember
  /// of commands that they answered before it.
  ///
  /// - Returns: how many sagas went; call it again while it is `limit`.
  @discardableResult
  public func prune(endedBefore time: Int64, limit: Int = 1_000) async throws -> Int {
    try await writer.write { db in
      var values: [String: SQLParameter] = [
        "before": .integer(time), "limit": .integer(Int64(limit)),
      ]
      let ids = try Self.rows(db, SagaStatements.ended, values).compactMap { $0.text(0) }
      values["ids"] = .text(try Self.list(ids))
      for statement in SQLiteSagaStatements.prune { try Self.execute(db, statement, values) }
      return ids.count
    }
  }

  // MARK: - One turn

  private func commit(
    _ turn: SagaTurn<SQLiteSagaStore>, in db: Database
  ) throws -> SagaDecision {
    var result: Result<String, any Error>?
    if let (body, call) = turn.write {
      let context = turn.record.context
      try db.inSavepoint {
        do {
          result = .success(try body(call, context, db))
          return .commit
        } catch let error where InboxTransaction.belongsToEvent(error) {
          result = .failure(error)
          return .rollback
        }
      }
    }
    var decision = turn.decide(result)
    while let command = decision.command {
      do {
        try outbox.append(command, in: db)
        break
      } catch let error as MessageStoreError {
        guard let refused = decision.refused else { throw error }
        decision = refused(error)
      }
    }
    try save(decision, in: db)
    return decision
  }

  private func save(_ decision: SagaDecision, in db: Database) throws {
    let record = decision.record
    try Self.execute(db, SQLiteSagaStatements.save, record.values)
    for step in decision.changedSteps {
      try Self.execute(db, SQLiteSagaStatements.saveStep, step.values(of: record.id))
    }
    for number in decision.arrivals {
      try Self.execute(db, SQLiteSagaStatements.settle, ["n": .integer(number)])
    }
    guard record.endedAt != nil else { return }
    try Self.execute(db, SQLiteSagaStatements.settleAll, ["id": .text(record.id)])
  }

  // MARK: - Rows

  private static func open(_ db: Database, _ sagas: [OperatorRow]) throws -> [OpenSaga] {
    if sagas.isEmpty { return [] }
    let ids: [String: SQLParameter] = ["ids": .text(try list(sagas.compactMap { $0.text(0) }))]
    return try SagaRows.open(
      sagas: sagas, steps: rows(db, SQLiteSagaStatements.steps, ids),
      arrivals: rows(db, SQLiteSagaStatements.arrivals, ids))
  }

  static func execute(_ db: Database, _ sql: String, _ values: [String: SQLParameter]) throws {
    _ = try rows(db, sql, values)
  }

  static func rows(
    _ db: Database, _ sql: String, _ values: [String: SQLParameter]
  ) throws -> [OperatorRow] {
    let statement = try db.cachedStatement(sql: sql)
    let arguments = StatementArguments(values.mapValues(SQLiteOperatorDatabase.value))
    return try Row.fetchAll(statement, arguments: arguments).map { row in
      OperatorRow(row.databaseValues.map(SQLiteOperatorDatabase.parameter))
    }
  }

  private static func values(_ lease: SagaLease) -> [String: SQLParameter] {
    ["owner": .text(lease.orchestrator), "epoch": .integer(lease.epoch)]
  }

  private static func text(_ identities: [SagaIdentity]) throws -> String {
    try ContextText.encode(identities.map { [$0.name, "\($0.version)", $0.shape] })
  }

  private static func list(_ ids: [String]) throws -> String { try ContextText.encode(ids) }
}

extension SagaWork where Store == SQLiteSagaStore {
  /// Work in the database that keeps the saga, in the transaction that says it is done: it takes
  /// effect exactly once. What it throws undoes it.
  ///
  /// - Parameter body: must be short, and change nothing elsewhere.
  public static func write(
    _ body: @escaping @Sendable (inout Context, SagaCall, Database) throws -> Void
  ) -> SagaWork {
    SagaWork(write: { call, text, db in
      var context = try ContextText.decode(Context.self, text)
      try body(&context, call, db)
      return try ContextText.encode(context)
    })
  }
}
