// SPDX-License-Identifier: Apache-2.0

package import DataMapping

extension MigrationRun {
  /// Keys of one statement.
  private static let batch = 500

  /// Compares both sides once; rows that are on their way count too.
  ///
  /// - Parameter listed: most rows of each kind whose keys are told.
  package func verification(
    listed: Int, progress: @escaping @Sendable (_ rows: Int) -> Void
  ) async throws -> Verification? {
    var limits = Verification.Limits()
    limits.listed = listed
    return try await verification(try await migration())?.run(limits) { _, rows in
      progress(rows)
    }
  }

  /// Notes the rows that differ as if they had been written on the side that takes writes, and
  /// carries them over: what is missing is added, what differs is written again, and what is there
  /// alone is deleted.
  ///
  /// - Returns: how many rows were noted; nil where neither side follows the other.
  /// - Throws: `StoreFailure`, with the code `moved` where somebody decided something meanwhile.
  package func mend(
    _ drifts: [Drift], _ migration: Migration, _ author: Author
  ) async throws -> Int? {
    guard let carrier = try carrier(migration) else { return nil }
    let side = migration.state.owner
    let carry = CarryStatements(statements, from: side)
    let keys = drifts.compactMap { carry.ownKey(ofNew: $0.newKey) }
    try await write(
      migration, over: migration, .repair, "\(keys.count) rows carried over again", author)
    try await note(keys, migration)
    var left = keys.count
    while left > 0 {
      let batch = try await carrier.batch()
      if batch.read == 0, !batch.isOvertaken { break }
      left -= batch.read
    }
    return keys.count
  }

  /// Notes rows of the side that takes the writes as if they had been written.
  ///
  /// - Throws: `StoreFailure`, with the code `moved` where somebody decided something meanwhile.
  package func note(_ keys: [[FieldValue]], _ migration: Migration) async throws {
    let side = migration.state.owner
    let carry = CarryStatements(statements, from: side)
    for start in stride(from: 0, to: keys.count, by: Self.batch) {
      let part = Array(keys[start..<min(keys.count, start + Self.batch)])
      _ = try await stores[side].writing.run(carry.note(part, epoch: migration.epoch))
    }
  }
}
