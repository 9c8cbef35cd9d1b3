// SPDX-License-Identifier: Apache-2.0

package import DataMapping
internal import Foundation

/// Carries a verification out: both tables at a time, each within one snapshot.
package struct VerificationRun: Sendable {
  /// Rows between two reports of progress.
  private static let interval = 8_192

  private struct Side: Sendable {
    let store: any MappedStore
    let sql: String
    let types: [ColumnType]
    let digests: RowDigests
    /// Nil where the server cannot hash the rows itself.
    let hash: String?
  }

  private let legacy: Side
  private let new: Side

  /// Nil for a mapping with errors.
  ///
  /// - Parameter owner: the side that takes the writes.
  package init?(
    _ check: MappingCheck, stores: [String: any MappedStore], writtenOn owner: Doubt.Side = .legacy
  ) {
    guard let statements = MappingStatements(check) else { return nil }
    func side(_ side: Doubt.Side, _ name: String) -> Side? {
      guard let store = stores[name],
        let digests = RowDigests(
          check, side, writtenOn: owner,
          composed: { $0.precomposedStringWithCanonicalMapping })
      else { return nil }
      return Side(
        store: store, sql: statements.stream(side), types: statements.streamTypes(side),
        digests: digests, hash: statements.hash(side, writtenOn: owner))
    }
    guard let legacy = side(.legacy, check.mapping.legacy.store),
      let new = side(.new, check.mapping.new.store)
    else { return nil }
    (self.legacy, self.new) = (legacy, new)
  }

  /// - Parameters:
  ///   - readingAll: whether rows are read where servers could hash them too: digests of rows that
  ///     were read are the same from every store and version.
  ///   - progress: hears how many more rows were read, in which pass, from both sides' threads.
  /// - Throws: `StoreFailure`.
  package func run(
    _ limits: Verification.Limits = .init(), readingAll: Bool = false,
    progress: @escaping @Sendable (_ step: Verification.Step, _ rows: Int) -> Void = { _, _ in }
  ) async throws -> Verification {
    let one = try await legacy.store.snapshot()
    do {
      let other = try await new.store.snapshot()
      do {
        let asks = !readingAll && legacy.hash != nil && new.hash != nil
        let verification = try await compare(
          one, other, Verification(limits, asksServers: asks), progress)
        await other.end()
        await one.end()
        return verification
      } catch {
        await other.end()
        throw error
      }
    } catch {
      await one.end()
      throw error
    }
  }

  private func compare(
    _ one: any StoreSnapshot, _ other: any StoreSnapshot, _ verification: Verification,
    _ progress: @escaping @Sendable (_ step: Verification.Step, _ rows: Int) -> Void
  ) async throws -> Verification {
    var verification = verification
    while verification.step != .done {
      let step = verification.step
      progress(step, 0)
      if step == .ask {
        async let first = hash(legacy, one)
        async let second = hash(new, other)
        let (found, others) = try await (first, second)
        verification.answered(found.flatMap { found in others.map { (found, $0) } })
        continue
      }
      async let first = pass(step, legacy, one, progress)
      async let second = pass(step, new, other, progress)
      let found = try await (first, second)
      verification.passed(legacy: found.0, new: found.1, new.digests)
    }
    return verification
  }

  /// What the server itself makes of the rows; nil where its version does not hash rows.
  private func hash(_ side: Side, _ snapshot: any StoreSnapshot) async throws -> RangeDigest? {
    func numbers(_ sql: String) async throws -> [Int64] {
      try await snapshot.fold(sql, MappingStatements.hashTypes, into: []) { numbers, row in
        for case .integer(let number) in row { numbers.append(number) }
      }
    }
    guard let sql = side.hash,
      let version = try await numbers(MappingStatements.version).first,
      version >= MappingStatements.firstHashingVersion
    else { return nil }
    let found = try await numbers(sql)
    guard found.count == 2 else { return nil }
    return RangeDigest(rows: UInt64(bitPattern: found[0]), xor: UInt64(bitPattern: found[1]))
  }

  private func pass(
    _ step: Verification.Step, _ side: Side, _ snapshot: any StoreSnapshot,
    _ progress: @escaping @Sendable (_ step: Verification.Step, _ rows: Int) -> Void
  ) async throws -> VerificationPass {
    try await snapshot.fold(
      side.sql, side.types, into: VerificationPass(step, side.digests)
    ) { pass, row in
      pass.take(row)
      if pass.count % Self.interval == 0 { progress(step, Self.interval) }
    }
  }
}
