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
  }

  private let legacy: Side
  private let new: Side

  /// Nil for a mapping with errors.
  package init?(_ check: MappingCheck, stores: [String: any MappedStore]) {
    guard let statements = MappingStatements(check) else { return nil }
    func side(_ side: Doubt.Side, _ name: String) -> Side? {
      guard let store = stores[name],
        let digests = RowDigests(
          check, side, composed: { $0.precomposedStringWithCanonicalMapping })
      else { return nil }
      return Side(
        store: store, sql: statements.stream(side), types: statements.streamTypes(side),
        digests: digests)
    }
    guard let legacy = side(.legacy, check.mapping.legacy.store),
      let new = side(.new, check.mapping.new.store)
    else { return nil }
    (self.legacy, self.new) = (legacy, new)
  }

  /// - Parameter progress: hears how many more rows were read, in which pass, from both sides'
  ///   threads.
  /// - Throws: `StoreFailure`.
  package func run(
    _ limits: Verification.Limits = .init(),
    progress: @escaping @Sendable (_ step: Verification.Step, _ rows: Int) -> Void = { _, _ in }
  ) async throws -> Verification {
    let one = try await legacy.store.snapshot()
    do {
      let other = try await new.store.snapshot()
      do {
        let verification = try await compare(one, other, limits, progress)
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
    _ one: any StoreSnapshot, _ other: any StoreSnapshot, _ limits: Verification.Limits,
    _ progress: @escaping @Sendable (_ step: Verification.Step, _ rows: Int) -> Void
  ) async throws -> Verification {
    var verification = Verification(limits)
    while verification.step != .done {
      let step = verification.step
      async let first = pass(step, legacy, one, progress)
      async let second = pass(step, new, other, progress)
      let found = try await (first, second)
      verification.passed(legacy: found.0, new: found.1, new.digests)
    }
    return verification
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
