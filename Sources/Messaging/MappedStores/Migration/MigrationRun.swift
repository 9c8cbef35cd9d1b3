// SPDX-License-Identifier: Apache-2.0

package import DataMapping

/// Looks at both stores of a mapping, writes decisions, and brings the stores to what was decided.
package struct MigrationRun: Sendable {
  /// Who decides, and why.
  package struct Author: Sendable {
    package let actor: String
    package let reason: String
    /// Milliseconds since 1970.
    package let clock: @Sendable () -> Int64

    package init(actor: String, reason: String, clock: @escaping @Sendable () -> Int64) {
      self.actor = actor
      self.reason = reason
      self.clock = clock
    }
  }

  package struct Limits: Sendable {
    /// How long writes may pause before a change of sides is turned back.
    package var pause: Duration = .seconds(5)
    /// How long writers that are in the way are waited for at a time: whoever comes after them
    /// waits as long.
    package var patience: Duration = .milliseconds(100)
    /// How long it is tried to get past such writers.
    package var attempts: Duration = .seconds(30)

    package init() {}
  }

  /// What an order came to.
  package struct Outcome: Sendable {
    package let migration: Migration
    /// Why it was turned back; nil when it was carried out.
    package let turnedBack: String?
    /// How long neither side took writes.
    package let pause: Duration
  }

  /// How long is waited before something is tried again that others were in the way of.
  private static let pause = Duration.milliseconds(5)

  /// Why stores could not be brought to what was decided.
  struct Stuck: Error {
    let reason: String
  }

  package let check: MappingCheck
  package let statements: MappingStatements
  package let stores: MovingStores
  let tables: MigrationTables
  let limits: Limits

  /// Nil for a mapping with errors.
  package init?(_ check: MappingCheck, _ stores: MovingStores, _ limits: Limits = .init()) {
    guard let statements = MappingStatements(check) else { return nil }
    self.check = check
    self.statements = statements
    self.stores = stores
    self.limits = limits
    tables = MigrationTables(stores.new.writing.kind)
  }

  var name: String { check.mapping.name }

  // MARK: - Looking

  /// Where the mapping is; changes nothing.
  ///
  /// - Throws: `StoreFailure`, as all of these do.
  package func migration() async throws -> Migration {
    let store = stores.new.writing
    guard try await store.holds(tables.isThere) else { return Migration(of: name) }
    let rows = try await store.run([tables.find(name)])
    guard let migration = tables.migration(name, rows.first ?? []) else {
      throw StoreFailure(
        .unusable, "what \(MigrationTables.table) says of \(name) cannot be read")
    }
    return migration
  }

  /// The last decisions, newest first.
  package func history(limit: Int) async throws -> [MigrationEntry] {
    let store = stores.new.writing
    guard try await store.holds(tables.isThere) else { return [] }
    return tables.entries(name, try await store.run([tables.history(name, limit: limit)])[0])
  }

  package func facts() async throws -> MigrationFacts {
    let (legacy, new) = (try await look(.legacy), try await look(.new))
    return MigrationFacts(
      legacy: legacy.fence, new: new.fence, legacyWaiting: legacy.waiting, newWaiting: new.waiting)
  }

  /// What a side's own store says: its fence, and its notes, of which some were refused.
  private func look(
    _ side: Doubt.Side
  ) async throws -> (fence: Fence, waiting: Int, refused: Int) {
    let (fencing, store) = (FenceStatements(statements, side), stores[side].writing)
    guard try await store.holds(fencing.isThere) else { return (Fence(), 0, 0) }
    guard let fence = FenceStatements.fence(try await store.run([fencing.find])[0]) else {
      throw StoreFailure.unreadableFence(name, side)
    }
    if fence.role == .free { return (fence, 0, 0) }
    let counts = try await store.run([CarryStatements(statements, from: side).count])[0].first
    let numbers = (counts ?? []).map { $0.flatMap { Int($0) } ?? 0 }
    return (fence, numbers.first ?? 0, numbers.last ?? 0)
  }

  /// How many changes of the side that is written wait, and why some were refused.
  package func waiting(_ migration: Migration) async throws -> (count: Int, refused: [String]) {
    let side = migration.target.owner
    let seen = try await look(side)
    if seen.refused == 0 { return (seen.waiting, []) }
    let rows = try await stores[side].writing.run([
      CarryStatements(statements, from: side).refusals(limit: 5)
    ])
    let reasons = (rows.first ?? []).compactMap { $0.first ?? nil }
    let more = seen.refused - reasons.count
    return (seen.waiting, reasons + (more > 0 ? ["and \(more) more"] : []))
  }

  /// The tables whose triggers are gone, or switched off, though their fences mean something.
  package func unguarded() async throws -> [String] {
    try await unguardedSides().map { "\(check.place($0))" }
  }

  private func unguardedSides() async throws -> [Doubt.Side] {
    var sides: [Doubt.Side] = []
    for side in [Doubt.Side.legacy, .new] where try await look(side).fence.role != .free {
      let guarding = FenceStatements(statements, side)
      if try await !stores[side].writing.holds(guarding.areTriggersThere) { sides.append(side) }
    }
    return sides
  }

  /// Puts triggers back that are gone, or switched off.
  ///
  /// - Returns: the tables that got some.
  /// - Throws: `StoreFailure`, with the code `unusable`, where the mapping changed meanwhile.
  package func rearm(_ migration: Migration, _ author: Author) async throws -> [String] {
    let sides = try await unguardedSides()
    if sides.isEmpty { return [] }
    guard isSame(migration) else {
      throw StoreFailure(.unusable, "\(name): \(MigrationGate.changed)")
    }
    let tables = sides.map { "\(check.place($0))" }
    try await write(
      migration, over: migration, .repair,
      "triggers of \(tables.joined(separator: " and ")) put back", author)
    for side in sides {
      let schema = try await schemaName(side)
      do {
        try await pressOn(FenceStatements(statements, side).rearm(schema: schema), side)
      } catch let stuck as Stuck {
        throw StoreFailure(.locked, "\(name): \(stuck.reason)")
      }
    }
    return tables
  }

  private func schemaName(_ side: Doubt.Side) async throws -> String {
    let store = stores[side].writing
    return try await store.run([SQLText(store.kind).schemaName])[0].first?.first.flatMap { $0 }
      ?? "public"
  }

  // MARK: - Deciding

  /// Writes a decision and brings both stores there; where that takes too long, turns back.
  package func carryOut(
    _ decision: Migration, over seen: Migration, _ action: MigrationEntry.Action,
    evidence: String, _ author: Author
  ) async throws -> Outcome {
    let order = Order(
      run: self, decision: decision, seen: seen, action: action, evidence: evidence)
    return try await Self.carryOut([order], author)[0]
  }

  /// Brings both stores to what was decided before.
  package func goOn(_ decision: Migration, _ author: Author) async throws -> Outcome {
    try await Self.carryOut([Order(run: self, decision: decision)], author)[0]
  }

  func write(
    _ migration: Migration, over seen: Migration, _ action: MigrationEntry.Action,
    _ evidence: String, _ author: Author, with more: [StoreStatement] = []
  ) async throws {
    let entry = MigrationEntry(
      mapping: name, at: author.clock(), actor: author.actor, reason: author.reason,
      action: action, from: seen.state, to: migration.target, epoch: migration.epoch,
      evidence: evidence)
    _ = try await stores.new.writing.run(tables.write(migration, over: seen, entry) + more)
  }

  /// What keeps rows out of the new side that a backfill read before others wrote them; nothing
  /// where there was none.
  private func backfill(
    _ change: (String, StoreKind) -> StoreStatement
  ) async throws -> [StoreStatement] {
    let store = stores.new.writing
    let isThere = try await store.holds(SQLText(store.kind).isThere(BackfillPosition.table))
    return isThere ? [change(name, store.kind)] : []
  }

  // MARK: - Acting

  /// Notes that both stores are what was decided.
  func settle(_ decision: Migration, _ author: Author) async throws -> Migration {
    for side in [Doubt.Side.legacy, .new] where decision.target.role(of: side) == .free {
      try await removeTriggers(of: side, decision)
    }
    // Rows that were copied while nobody noted changes may have changed since.
    let begins = decision.state == .legacyPrimary && decision.target != .legacyPrimary
    try await write(
      decision.settled, over: decision, .settle, "", author,
      with: begins ? backfill(BackfillPosition.restart) : [])
    return decision.settled
  }

  func set(_ fence: Fence, over seen: Fence, _ side: Doubt.Side) async throws {
    let (fencing, store) = (FenceStatements(statements, side), stores[side].writing)
    let schema = try await schemaName(side)
    let isFree = seen.role == .free
    let hasLeftovers = isFree ? try await store.holds(fencing.hasTriggers) : false
    var change = fencing.set(
      fence, over: seen, schema: schema, hasLeftovers: hasLeftovers)
    switch (side, seen.role, fence.role) {
    case (.new, .follower, .free): change += try await backfill(BackfillPosition.restart)
    case (.new, _, .primary): change += try await backfill(BackfillPosition.overtake)
    default: break
    }
    try await pressOn(change, side)
  }

  /// Nothing asks a fence that is free any more.
  private func removeTriggers(of side: Doubt.Side, _ decision: Migration) async throws {
    let (fencing, store) = (FenceStatements(statements, side), stores[side].writing)
    guard try await store.holds(fencing.hasTriggers) else { return }
    do {
      try await pressOn(fencing.remove(epoch: decision.epoch), side)
    } catch let failure as StoreFailure where failure.code == .moved {
      throw StoreFailure(.moved, "\(name): somebody else decided something else meanwhile")
    }
  }

  /// Runs statements that writers are in the way of for a while.
  private func pressOn(_ change: [StoreStatement], _ side: Doubt.Side) async throws {
    let store = stores[side].writing
    let clock = ContinuousClock()
    let began = clock.now
    while true {
      do {
        _ = try await store.run(change, waiting: limits.patience)
        return
      } catch let failure as StoreFailure where failure.code == .locked {
        guard clock.now - began < limits.attempts else {
          throw Stuck(
            reason: "a transaction that writes \(side.title) did not end within "
              + "\(limits.attempts): \(failure)")
        }
        // Whoever waited behind this attempt goes first.
        try await Task.sleep(for: limits.patience)
      }
    }
  }

  /// What came of a batch that was carried over while writes pause.
  enum Carried {
    case some, othersInTheWay
    /// So many changes are left, which were refused or are held for a backfill.
    case stuck(Int)
    case all
  }

  func carry(from side: Doubt.Side) async throws -> Carried {
    guard let carrier = ChangeCarrier(check, from: side, stores) else { return .all }
    let batch: ChangeCarrier.Batch
    do {
      batch = try await carrier.batch()
    } catch let failure as StoreFailure where [.locked, .fenced].contains(failure.code) {
      // Neither side takes writes, so it is tried again for as long as that may last.
      try await Task.sleep(for: Self.pause)
      return .othersInTheWay
    }
    if batch.isOvertaken {
      try await Task.sleep(for: Self.pause)
      return .othersInTheWay
    }
    if batch.written + batch.deleted > 0 { return .some }
    if batch.read > 0 { return .othersInTheWay }
    let left = try await look(side).waiting
    return left > 0 ? .stuck(left) : .all
  }

  /// Tries again what the other side refused.
  func retry(from side: Doubt.Side) async throws {
    try await ChangeCarrier(check, from: side, stores)?.retry()
  }
}
