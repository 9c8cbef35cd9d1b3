// SPDX-License-Identifier: Apache-2.0

import DataMapping
import MappedStores
import Synchronization
import Testing

/// Each thing that moves data is stopped before each of its transactions; there a service writes,
/// another process carries over, or people change sides, and then it goes on or is killed. Whatever
/// happened, at rest both sides are what the service was told they are.
///
/// Real files of SQLite; nothing is random, nobody waits, no process is killed.
@Suite("Crash points of moving data", .timeLimit(.minutes(10)))
struct CrashPointTests {
  /// What is stopped.
  enum Operation: String, CaseIterable {
    case carryToNew, carryToLegacy, advanceToNewReads, advanceToNewPrimary, retreatToNewReads
    case retreatToLegacyReads, backfillAgain

    var begins: MigrationState {
      switch self {
      case .advanceToNewReads: .legacyReads
      case .carryToNew, .advanceToNewPrimary, .retreatToLegacyReads, .backfillAgain: .newReads
      case .carryToLegacy, .retreatToNewReads: .newPrimary
      }
    }

    func run(_ run: MigrationRun) async throws {
      switch self {
      case .carryToNew: try await MigrationRig.carry(from: .legacy, run)
      case .carryToLegacy: try await MigrationRig.carry(from: .new, run)
      case .advanceToNewReads, .advanceToNewPrimary: try await MigrationRig.force(.advance, run)
      case .retreatToNewReads, .retreatToLegacyReads: try await MigrationRig.force(.retreat, run)
      case .backfillAgain: try await MigrationRig.backfill(run, chunkRows: 5)
      }
    }
  }

  /// What happens meanwhile.
  enum Event: String, CaseIterable {
    case nothing, write, follow, turn, thereAndBack, again

    /// Whether there is something to see where the process is killed then.
    var goesWithDeath: Bool { [.nothing, .write, .turn].contains(self) }
  }

  @Test(arguments: Operation.allCases)
  func `stopped before each transaction, it loses nothing`(operation: Operation) async throws {
    let base = try await MigrationRig(.sqlite, .sqlite, rows: 8)
    try await base.advance(to: operation.begins)
    if operation.begins == .legacyReads { try await base.backfill() }
    let owner = operation.begins.owner
    try await Service(base, owner).write()
    var worlds = 0
    for event in Event.allCases {
      for isKilled in [false, true] where isKilled ? event.goesWithDeath : event != .nothing {
        var stop = 0
        while try await Self.holds(base, operation, stop, event, isKilled) { stop += 1 }
        worlds += stop
      }
    }
    #expect(worlds > 15)
    await base.stop()
  }

  /// - Returns: whether the operation came to where it is stopped.
  private static func holds(
    _ base: MigrationRig, _ operation: Operation, _ stop: Int, _ event: Event, _ isKilled: Bool
  ) async throws -> Bool {
    var limits = MigrationRun.Limits()
    limits.pause = .milliseconds(200)
    let rig = try await MigrationRig(copyOf: base, limits)
    let service = try await Service(rig, operation.begins.owner)
    let place = "\(operation), before transaction \(stop): \(event)\(isKilled ? ", killed" : "")"
    let process = SteppedProcess(stop: stop, isKilled: isKilled) {
      do {
        try await happens(event, rig, service)
        let roles = try await rig.roles()
        #expect(roles != [.primary, .primary], "\(place)")
      } catch {
        Issue.record("\(place): \(error)")
      }
    }
    let stores = try MigrationRig.stores(rig.run.check.mapping, rig.old, rig.new)
    let run = try #require(MigrationRun(rig.run.check, process.stores(stores), limits))
    do {
      try await operation.run(run)
    } catch is SteppedProcess.Killed {
    } catch is StoreFailure {
      // Others went on, and it noticed.
    }
    stores.close()
    try await rest(rig, service, place)
    await rig.stop()
    return process.wasStopped
  }

  private static func happens(
    _ event: Event, _ rig: MigrationRig, _ service: Service
  ) async throws {
    switch event {
    case .nothing: break
    case .write: try await service.write()
    case .follow:
      try await service.write()
      try await follow(rig)
    case .turn:
      try await turn(rig)
      try await service.write()
    case .thereAndBack:
      try await service.write()
      try await turn(rig)
      try await service.write()
      try await turn(rig)
      try await service.write()
    case .again:
      // Nothing waits when triggers go, and nobody writes until they are back.
      try await settle(rig)
      try await fill(rig)
      try await follow(rig)
      for _ in 0..<6 where try await rig.run.migration().state != .legacyPrimary {
        try await MigrationRig.force(.retreat, rig.run)
      }
      try await MigrationRig.force(.advance, rig.run)
      try await rig.backfill()
      try await service.write()
    }
  }

  /// Brings the writes to the other side.
  private static func turn(_ rig: MigrationRig) async throws {
    let owner = try await rig.run.migration().target.owner
    for _ in 0..<4 {
      try await MigrationRig.force(owner == .legacy ? .advance : .retreat, rig.run)
      let migration = try await rig.run.migration()
      if migration.isSettled, migration.state.owner != owner { return }
    }
  }

  /// Ends what others left half done.
  private static func settle(_ rig: MigrationRig) async throws {
    let migration = try await rig.run.migration()
    if !migration.isSettled { _ = try await rig.run.goOn(migration, MigrationRig.author) }
  }

  /// Ends a backfill that somebody began.
  private static func fill(_ rig: MigrationRig) async throws {
    let position = try await rig.run.stores.backfill.position(of: "orders")
    let owner = try await rig.run.migration().state.owner
    if position?.isFinished == false, owner == .legacy { try await rig.backfill() }
  }

  private static func follow(_ rig: MigrationRig) async throws {
    guard let carrier = try rig.run.carrier(await rig.run.migration()) else { return }
    try await carrier.retry()
    while try await carrier.batch().read > 0 {}
  }

  /// Brings everything to rest and looks.
  private static func rest(
    _ rig: MigrationRig, _ service: Service, _ place: String
  ) async throws {
    try await settle(rig)
    let migration = try await rig.run.migration()
    #expect(migration.isSettled, "\(place)")
    try await fill(rig)
    try await follow(rig)
    let facts = try await rig.run.facts()
    #expect(facts.legacyWaiting == 0 && facts.newWaiting == 0, "\(place)")
    #expect(facts.legacy.role == migration.state.role(of: .legacy), "\(place)")
    #expect(facts.new.role == migration.state.role(of: .new), "\(place)")
    let (legacy, new) = try await rig.tables()
    #expect(legacy == service.rows, "\(place)")
    // Where it began, nothing follows.
    if migration.state != .legacyPrimary { #expect(new == service.rows, "\(place)") }
  }
}

/// Writes on the side that takes writes, and knows what was accepted.
private final class Service: Sendable {
  private struct State {
    var count = 0
    var rows: [Int: String] = [:]
  }

  private let rig: MigrationRig
  private let state: Mutex<State>

  /// - Parameter owner: the side that has all that was written before.
  init(_ rig: MigrationRig, _ owner: Doubt.Side) async throws {
    self.rig = rig
    let tables = try await rig.tables()
    var rows: [Int: String] = [:]
    for row in owner == .legacy ? tables.legacy : tables.new {
      if let key = Int(row.prefix { $0 != "|" }) { rows[key] = row }
    }
    state = Mutex(State(count: rows.keys.count { $0 > 100 }, rows: rows))
  }

  /// As a side's table has them.
  var rows: [String] {
    state.withLock { state in state.rows.sorted { $0.key < $1.key }.map(\.value) }
  }

  /// Adds an order, changes one, deletes one or brings it back, and gives one another number, in
  /// one transaction; nothing while neither side takes writes.
  func write() async throws {
    let count = state.withLock { $0.count + 1 }
    if try await !isTaken(rig.old, "orders", ["id", "cents", "note"], count),
      try await !isTaken(rig.new, "purchases", ["number", "pence", "memo"], count)
    {
      return
    }
    state.withLock { state in
      state.count = count
      for key in [2, 100 + count] + (count.isMultiple(of: 2) ? [3] : []) {
        state.rows[key] = "\(key)|\(count)|é"
      }
      if !count.isMultiple(of: 2) { state.rows[3] = nil }
      if let moved = state.rows.removeValue(forKey: 99 + count) {
        state.rows[299 + count] = moved.replacing("\(99 + count)|", with: "\(299 + count)|")
      }
    }
  }

  private func isTaken(
    _ store: TestStore, _ table: String, _ columns: [String], _ count: Int
  ) async throws -> Bool {
    let (key, amount, note) = (columns[0], columns[1], columns[2])
    func put(_ value: Int) -> String {
      """
      INSERT INTO \(table) (\(key), \(amount), \(note)) VALUES (\(value), \(count), 'é')
      ON CONFLICT (\(key)) DO UPDATE SET \(amount) = excluded.\(amount), \(note) = excluded.\(note)
      """
    }
    do {
      try await store.run([
        put(2), put(100 + count),
        count.isMultiple(of: 2) ? put(3) : "DELETE FROM \(table) WHERE \(key) = 3",
        "UPDATE \(table) SET \(key) = \(299 + count) WHERE \(key) = \(99 + count)",
      ])
      return true
    } catch  where "\(error)".contains(FenceStatements.refusal) {
      return false
    }
  }
}
