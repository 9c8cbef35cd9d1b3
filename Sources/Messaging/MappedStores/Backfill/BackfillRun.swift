// SPDX-License-Identifier: Apache-2.0

package import DataMapping

/// Copies legacy's rows through a mapping, a chunk at a time.
///
/// A row whose key the new side has already is the new side's and stays as it is, whoever wrote it:
/// a backfill adds what is missing and changes nothing. What differs is for a verification to find.
package struct BackfillRun: Sendable {
  package struct Limits: Sendable {
    package var pace = ChunkPace.Limits()
    /// A chunk of legacy that takes longer to read ends the backfill.
    package var statement: Duration = .seconds(60)
    /// How often in a row a chunk gives way to others who write the same rows, such as whoever
    /// carries changes over in another order.
    package var givesWay = 10
    /// Whether legacy notes its changes, so that chunks are to wait while many are on their way.
    package var watchesNotes = false

    package init() {}
  }

  /// Notes legacy rows that the new side did not take, as if they had been written.
  package typealias Noting = @Sendable (_ keys: [[FieldValue]]) async throws -> Void

  /// A legacy row that has nothing to become; what was copied before it stays.
  package struct Refusal: Error, Sendable {
    package let finding: MappingFinding
  }

  private let check: MappingCheck
  private let statements: MappingStatements
  private let legacy: any MappedStore

  /// Nil for a mapping with errors.
  package init?(_ check: MappingCheck, legacy: any MappedStore) {
    guard let statements = MappingStatements(check) else { return nil }
    self.check = check
    self.statements = statements
    self.legacy = legacy
  }

  package var fingerprint: String { statements.fingerprint }

  /// Copies from a position to the end.
  ///
  /// - Parameters:
  ///   - target: nil to read and translate everything and to write nothing.
  ///   - noting: what is done with rows that the new side refuses, such as one whose parent comes
  ///     later: they are carried over as changes are. Nil for an end there.
  ///   - progress: hears the position after each chunk.
  /// - Returns: the last position.
  /// - Throws: `StoreFailure`, or `Refusal`.
  package func run(
    from position: BackfillPosition, into target: (any BackfillTarget)?, _ limits: Limits,
    noting: Noting? = nil,
    progress: @Sendable (BackfillPosition, ChunkPace) -> Void = { _, _ in }
  ) async throws -> BackfillPosition {
    var position = position
    var pace = ChunkPace(limits.pace)
    let clock = ContinuousClock()
    var gaveWay = 0
    position.isFinished = false
    while !position.isFinished {
      let last = position
      let began = clock.now
      let size = pace.rows
      let rows = try await legacy.rows(
        statements.chunk(behind: position.last, rows: size), statements.chunkTypes,
        within: limits.statement)
      let keys = check.legacyKey.count
      let translated = try rows.compactMap { try new($0) }
      position.step += 1
      position.read += Int64(rows.count)
      if let last = rows.last { position.last = Array(last.prefix(keys)) }
      position.isFinished = rows.count < size
      if let target {
        do {
          position.added += Int64(
            try await target.add(
              translated, statements, check.mapping.name, to: position, key: key(position.last)))
        } catch let failure as StoreFailure where failure.code == .conflict {
          guard let noting else { throw failure }
          if pace.refused(rows: rows.count) {
            position = last
            continue
          }
          try await noting(rows.map { Array($0.prefix(keys)) })
          _ = try await target.add(
            [], statements, check.mapping.name, to: position, key: key(position.last))
        } catch let failure as StoreFailure
          where failure.code == .locked && gaveWay < limits.givesWay
        {
          // Nothing of it was written.
          gaveWay += 1
          position = last
          continue
        }
        gaveWay = 0
      }
      let (seconds, fraction) = (clock.now - began).components
      var wait = pace.took(Double(seconds) + Double(fraction) / 1e18, rows: rows.count)
      progress(position, pace)
      if limits.watchesNotes { wait = max(wait, pace.saw(waiting: try await waiting(limits))) }
      if wait > 0, !position.isFinished { try await Task.sleep(for: .seconds(wait)) }
    }
    return position
  }

  private func waiting(_ limits: Limits) async throws -> Int {
    let carry = CarryStatements(statements, from: .legacy)
    let rows = try await legacy.rows(
      carry.pendingCount(upTo: 100 * ChunkPace.mostWaiting), [.integer(bits: 64)],
      within: limits.statement)
    guard case .integer(let number)? = rows.first?.first else { return 0 }
    return Int(number)
  }

  private func key(_ values: [FieldValue]?) -> String {
    zip(check.legacyKey, values ?? []).map { "\($0) = \($1)" }.joined(separator: ", ")
  }

  /// The new row of a row as `chunk` reads it; nil for one that does not belong to the mapping.
  private func new(_ row: [FieldValue]) throws -> [FieldValue]? {
    do {
      return try statements.forward(row)
    } catch {
      throw Refusal(
        finding: check.finding(
          error, .legacy, rowKey: Array(row.prefix(check.legacyKey.count))))
    }
  }
}
