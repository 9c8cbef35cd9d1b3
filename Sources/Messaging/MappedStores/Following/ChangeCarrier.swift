// SPDX-License-Identifier: Apache-2.0

package import DataMapping

/// Carries changes that one side of a mapping noted over to the other side, a batch at a time.
///
/// A batch is: see the fences, the other side's first, read notes, read the rows that they name as
/// they are now, write them in one transaction that has no effect where the other side's fence is
/// another one by then, and only then remove the notes. Killed anywhere, nothing is lost: notes
/// that are still there are carried over again, which changes nothing. Two at once are in each
/// other's way, no more. Why that is enough, `CarryStatements` says.
package struct ChangeCarrier: Sendable {
  package struct Limits: Sendable {
    /// Notes of a batch.
    package var batch = 500
    /// A statement that takes longer ends the batch.
    package var statement: Duration = .seconds(60)
    /// How long locks that others hold are waited for.
    package var patience: Duration = .seconds(10)

    package init() {}
  }

  /// What came of a batch.
  package struct Batch: Sendable, Hashable {
    /// Notes that were read.
    package var read = 0
    /// Rows that were written, and rows that were deleted.
    package var written = 0
    package var deleted = 0
    /// Notes of rows that the other side does not take; they wait.
    package var refused = 0
    /// Another process carried something over meanwhile; nothing was written.
    package var isOvertaken = false
  }

  /// One key with the notes that name it.
  private struct Item {
    let key: [FieldValue]
    var numbers: [Int64]
    /// The row of the other side; nil where there is to be none.
    var row: [FieldValue]?
    /// Its key there; nil where no row can have it.
    var other: [FieldValue]?
  }

  /// One that the other side does not take.
  private struct Refused {
    let item: Item
    let failure: StoreFailure
  }

  private let carry: CarryStatements
  private let statements: MappingStatements
  private let check: MappingCheck
  private let translation: RowTranslation
  private let joined: JoinedRows
  private let reading: any MappedStore
  private let source: any WritableStore
  private let target: any WritableStore
  private let backfill: any BackfillTarget
  private let limits: Limits

  /// Nil for a mapping with errors.
  package init?(
    _ check: MappingCheck, from side: Doubt.Side, _ stores: MovingStores, _ limits: Limits = .init()
  ) {
    guard let statements = MappingStatements(check), let translation = check.translation else {
      return nil
    }
    (self.check, self.statements, self.translation) = (check, statements, translation)
    carry = CarryStatements(statements, from: side)
    joined = JoinedRows(translation, statements, stores.legacy.reading, within: limits.statement)
    reading = stores[side].reading
    source = stores[side].writing
    target = stores[side.other].writing
    backfill = stores.backfill
    self.limits = limits
  }

  /// Tries again what was refused before.
  package func retry() async throws { _ = try await run(source, [carry.retry]) }

  /// Carries one batch over.
  ///
  /// - Throws: `StoreFailure`; with the code `fenced` where the other side does not follow.
  package func batch() async throws -> Batch {
    let (seen, fence) = try await seenFences()
    if carry.from == .legacy, try await isFilled() {
      _ = try await run(source, [carry.release])
    }
    let notes = try await reading.rows(
      carry.pending(limit: limits.batch), carry.pendingTypes, within: limits.statement)
    var batch = Batch(read: notes.count)
    if notes.isEmpty { return batch }
    var (items, refused) = try await translated(Self.items(notes))
    // Asked once the rows were read: a backfill that begins later does not see those that are gone.
    var held: [Int64] = []
    if carry.from == .legacy, items.contains(where: { $0.row == nil }), try await !isFilled() {
      held = items.filter { $0.row == nil }.flatMap(\.numbers)
    }
    do {
      var step = fence
      refused += try await exchanged(try await write(items[...], &step), step).map {
        ($0.item.numbers, refusal($0.item.key, $0.failure))
      }
    } catch let failure as StoreFailure where failure.code == .moved {
      batch.isOvertaken = true
      return batch
    }
    let waiting = Set(refused.flatMap(\.0))
    items.removeAll { !waiting.isDisjoint(with: $0.numbers) }
    batch.written = items.count { $0.row != nil }
    batch.deleted = items.count { $0.row == nil && $0.other != nil }
    batch.refused = refused.count
    let done = items.flatMap(\.numbers).filter { !held.contains($0) }
    var afterwards = refused.map { carry.refuse($0.0, $0.1, seen) }
    if !held.isEmpty { afterwards.append(carry.hold(held, seen)) }
    if !done.isEmpty { afterwards.append(carry.remove(done, seen)) }
    _ = try await run(source, afterwards)
    return batch
  }

  private func run(
    _ store: any WritableStore, _ statements: [StoreStatement]
  ) async throws -> [[[String?]]] {
    try await store.run(statements, waiting: limits.patience)
  }

  /// Whether no backfill is under way that may have read rows which are gone by now.
  private func isFilled() async throws -> Bool {
    try await backfill.position(of: carry.mapping)?.isFinished ?? true
  }

  /// The fences of both sides, where the one follows the other.
  ///
  /// The other side's is seen first. A decision that takes the writes away from this side changes
  /// that one before this side becomes a follower: as long as it stays, no row of this side is
  /// older than the other side's.
  private func seenFences() async throws -> (source: Fence, target: Fence) {
    let (other, own) = (
      try await fence(carry.fence, target), try await fence(carry.source, source)
    )
    switch (own.role, other.role) {
    case (.primary, .follower), (.closed, .follower), (.primary, .closed): return (own, other)
    default:
      throw StoreFailure(
        .fenced, "\(carry.mapping): \(carry.from.other.title) does not follow \(carry.from.title)")
    }
  }

  private func fence(
    _ statements: FenceStatements, _ store: any WritableStore
  ) async throws -> Fence {
    guard try await store.holds(statements.isThere) else { return Fence() }
    guard let fence = FenceStatements.fence(try await run(store, [statements.find])[0]) else {
      throw StoreFailure.unreadableFence(carry.mapping, statements.side)
    }
    return fence
  }

  // MARK: - Rows

  private static func items(_ notes: [[FieldValue]]) -> [Item] {
    var places: [[FieldValue]: Int] = [:]
    var items: [Item] = []
    for note in notes {
      guard case .integer(let number)? = note.first else { continue }
      let key = Array(note.dropFirst())
      if let place = places[key] {
        items[place].numbers.append(number)
      } else {
        places[key] = items.count
        items.append(Item(key: key, numbers: [number]))
      }
    }
    return items
  }

  /// The same with what each is on the other side, and without those that have nothing to become
  /// there.
  private func translated(
    _ items: [Item]
  ) async throws -> (items: [Item], refused: [([Int64], String)]) {
    let found = try await reading.rows(
      carry.rows(items.map(\.key)), carry.rowTypes, within: limits.statement)
    let rows = Dictionary(found.map { (carry.key(of: $0), $0) }) { first, _ in first }
    var lookups = LookupTables()
    if carry.from == .new {
      lookups = try await joined.lookups(
        .new, found.map { Array($0.dropFirst(check.newKey.count)) })
    }
    var (kept, refused): ([Item], [([Int64], String)]) = ([], [])
    for var item in items {
      do {
        item.row = try translated(rows[item.key], lookups)
      } catch {
        let finding = check.finding(error, carry.from, rowKey: item.key)
        refused.append((item.numbers, finding.text))
        continue
      }
      if item.row == nil { item.other = try? carry.otherKey(item.key) }
      kept.append(item)
    }
    return (kept, refused)
  }

  /// The row of the other side; nil where there is none, or none that belongs to the mapping.
  private func translated(
    _ row: [FieldValue]?, _ lookups: LookupTables
  ) throws(RowRefusal) -> [FieldValue]? {
    guard let row else { return nil }
    if carry.from == .legacy { return try statements.forward(row) }
    return try translation.inverse(Array(row.dropFirst(check.newKey.count)), lookups)
  }

  // MARK: - Writing

  /// Writes all of them in one transaction; where the store does not take a row, halves of them,
  /// down to that row.
  ///
  /// - Returns: what it does not take.
  private func write(
    _ items: ArraySlice<Item>, _ fence: inout Fence
  ) async throws -> [Refused] {
    if items.isEmpty { return [] }
    do {
      _ = try await run(
        target,
        carry.fence.open(fence) + carry.deletes(items.filter { $0.row == nil }.compactMap(\.other))
          + carry.writes(items.compactMap(\.row)) + carry.fence.close)
      fence.step += 1
      return []
    } catch let failure as StoreFailure where Self.isOfRows(failure) {
      guard items.count > 1 else { return items.map { Refused(item: $0, failure: failure) } }
      let middle = items.startIndex + items.count / 2
      let first = try await write(items[..<middle], &fence)
      return try await first + write(items[middle...], &fence)
    }
  }

  /// Writes rows together that single ones are in the way of: they may have exchanged what no two
  /// rows may have, or refer to each other.
  ///
  /// - Returns: what is not taken still.
  private func exchanged(_ refused: [Refused], _ fence: Fence) async throws -> [Refused] {
    let rows = refused.filter { $0.failure.code == .conflict && $0.item.row != nil }
    guard rows.count > 1 else { return refused }
    let parks = carry.parks(rows.compactMap { try? carry.otherKey($0.item.key) })
    do {
      _ = try await run(
        target,
        carry.fence.open(fence) + parks + carry.writes(rows.compactMap(\.item.row))
          + carry.fence.close)
    } catch let failure as StoreFailure where Self.isOfRows(failure) {
      return refused
    }
    return refused.filter { $0.failure.code != .conflict || $0.item.row == nil }
  }

  /// Whether single rows are to blame. The fence that refuses is another mapping's: this one's was
  /// seen to let changes be carried over in the same transaction.
  private static func isOfRows(_ failure: StoreFailure) -> Bool {
    [.conflict, .foreign, .fenced].contains(failure.code)
  }

  private func refusal(_ key: [FieldValue], _ failure: StoreFailure) -> String {
    let reason = failure.code == .foreign ? carry.foreignness : nil
    return "\(check.row(carry.from, key)): \(reason ?? failure.description)"
  }
}
