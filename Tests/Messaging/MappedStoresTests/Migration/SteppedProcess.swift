// SPDX-License-Identifier: Apache-2.0

import DataMapping
import MappedStores
import Synchronization

/// A process that is stopped before one of its transactions: then something else happens, and it
/// goes on or is killed there. Between two transactions it changes nothing that outlives it, so
/// these are all the moments that there are. Being killed before one that only looks comes to the
/// same as before the next one that writes, so that is left out.
final class SteppedProcess: Sendable {
  struct Killed: Error {}

  private let count = Mutex(0)
  private let stop: Int
  private let isKilled: Bool
  private let meanwhile: @Sendable () async throws -> Void

  /// - Parameters:
  ///   - stop: the transactions that go before.
  ///   - meanwhile: what happens there.
  init(stop: Int, isKilled: Bool, meanwhile: @escaping @Sendable () async throws -> Void) {
    (self.stop, self.isKilled, self.meanwhile) = (stop, isKilled, meanwhile)
  }

  /// Whether it came to where it is stopped.
  var wasStopped: Bool { count.withLock { $0 > stop } }

  fileprivate func step(isWriting: Bool = false) async throws {
    guard isWriting || !isKilled else { return }
    let number = count.withLock { count in
      defer { count += 1 }
      return count
    }
    if number == stop { try await meanwhile() }
    if isKilled, number >= stop { throw Killed() }
  }

  /// The stores as this process uses them.
  func stores(_ stores: MovingStores) -> MovingStores {
    func side(_ side: MovingStores.Side) -> MovingStores.Side {
      MovingStores.Side(
        reading: Reading(store: side.reading, process: self),
        writing: Writing(store: side.writing, process: self))
    }
    return MovingStores(
      legacy: side(stores.legacy), new: side(stores.new),
      backfill: Filling(target: stores.backfill, process: self))
  }
}

private struct Reading: MappedStore {
  let store: any MappedStore
  let process: SteppedProcess

  func schema(of tables: Set<String>, within limit: Duration) async throws -> StoreSchema {
    try await process.step()
    return try await store.schema(of: tables, within: limit)
  }

  func rows(
    _ sql: String, _ types: [ColumnType], within limit: Duration
  ) async throws -> [[FieldValue]] {
    try await process.step()
    return try await store.rows(sql, types, within: limit)
  }

  func estimate(
    _ statements: MappingStatements, within limit: Duration
  ) async throws -> RowEstimate? {
    try await process.step()
    return try await store.estimate(statements, within: limit)
  }

  func snapshot() async throws -> any StoreSnapshot {
    try await process.step()
    return try await store.snapshot()
  }

  func close() { store.close() }
}

private struct Writing: WritableStore {
  let store: any WritableStore
  let process: SteppedProcess

  var kind: StoreKind { store.kind }

  func run(
    _ statements: [StoreStatement], waiting patience: Duration
  ) async throws -> [[[String?]]] {
    try await process.step(isWriting: statements.contains { !$0.sql.hasPrefix("SELECT") })
    return try await store.run(statements, waiting: patience)
  }

  func close() { store.close() }
}

private struct Filling: BackfillTarget {
  let target: any BackfillTarget
  let process: SteppedProcess

  func position(of mapping: String) async throws -> BackfillPosition? {
    try await process.step()
    return try await target.position(of: mapping)
  }

  func begin(_ mapping: String, at position: BackfillPosition) async throws {
    try await process.step(isWriting: true)
    try await target.begin(mapping, at: position)
  }

  func add(
    _ rows: [[FieldValue]], _ statements: MappingStatements, _ mapping: String,
    to position: BackfillPosition, key: String
  ) async throws -> Int {
    try await process.step(isWriting: true)
    return try await target.add(rows, statements, mapping, to: position, key: key)
  }

  func close() { target.close() }
}
