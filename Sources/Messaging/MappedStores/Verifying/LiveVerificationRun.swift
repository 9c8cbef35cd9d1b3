// SPDX-License-Identifier: Apache-2.0

package import DataMapping
internal import Foundation

/// Compares both sides while they are written, a chunk at a time, each at a position of the stream
/// of changes: no difference is reported that is only on its way.
///
/// Legacy's rows are gone through by their key, and the digest of a chunk is compared with that of
/// the rows that the new side has for it; then the new side's keys, for those that legacy lacks. A
/// chunk that differs is taken apart into rows and columns at the same position. Rows that were on
/// their way are looked at again, once they were carried over.
package struct LiveVerificationRun: Sendable {
  package struct Limits: Sendable {
    package var found = Verification.Limits()
    /// Rows of a chunk.
    package var chunk = 1_000
    /// How often rows are looked at again that were on their way.
    package var rounds = 100

    package init() {}
  }

  /// A row that was seen: the digest of its key, and the key of each side, nil where none can be.
  private struct Seen: Sendable {
    let digest: UInt64
    /// Whether it was not counted before.
    var isCounted = false
    var legacy: [FieldValue]?
    var new: [FieldValue]?

    subscript(side: Doubt.Side) -> [FieldValue]? {
      get { side == .legacy ? legacy : new }
      set { if side == .legacy { legacy = newValue } else { new = newValue } }
    }
  }

  /// What a chunk's rows gave.
  private struct Chunk: Sendable {
    var rows = 0
    var last: [FieldValue]?
    var digest = RangeDigest()
    var seen: [Seen] = []
    /// Rows that notes name.
    var moving: [Seen] = []
  }

  /// What a range showed.
  private struct Part: Sendable {
    var legacy = RangeDigest()
    var new = RangeDigest()
    /// Nil where both sides are equal.
    var drift: Verification?
    var isStuck = false
  }

  private let check: MappingCheck
  private let statements: CutStatements
  private let carrier: ChangeCarrier
  private let stores: MovingStores
  private let digests: (legacy: RowDigests, new: RowDigests)
  private let limits: Limits

  /// Nil for a mapping with errors.
  ///
  /// - Parameter owner: the side that takes the writes.
  package init?(
    _ check: MappingCheck, from owner: Doubt.Side, _ stores: MovingStores,
    _ limits: Limits = .init()
  ) {
    func digests(_ side: Doubt.Side) -> RowDigests? {
      RowDigests(
        check, side, writtenOn: owner, composed: { $0.precomposedStringWithCanonicalMapping })
    }
    guard let statements = MappingStatements(check), let legacy = digests(.legacy),
      let new = digests(.new), let carrier = ChangeCarrier(check, from: owner, stores)
    else { return nil }
    (self.check, self.stores, self.limits, self.carrier) = (check, stores, limits, carrier)
    self.statements = CutStatements(statements, from: owner)
    self.digests = (legacy, new)
  }

  /// - Parameter progress: hears how many more rows of a side were gone through.
  /// - Throws: `StoreFailure`; with the code `fenced` where no side follows the other.
  package func run(
    progress: @Sendable (_ rows: Int) -> Void = { _ in }
  ) async throws -> LiveVerification {
    var found = LiveVerification(limits.found)
    let cut = try await StreamCut(statements, stores)
    do {
      var moving: [UInt64: Seen] = [:]
      for side in [Doubt.Side.legacy, .new] {
        var last: [FieldValue]?
        repeat {
          try Task.checkCancellation()
          let chunk = try await check(side, behind: last, cut, &found)
          for seen in chunk.moving where moving[seen.digest] == nil { moving[seen.digest] = seen }
          progress(chunk.rows)
          last = chunk.rows < limits.chunk ? nil : chunk.last
        } while last != nil
      }
      try await settle(moving, cut, &found)
      await cut.end()
    } catch {
      await cut.end()
      throw error
    }
    return found
  }

  // MARK: - Chunks

  private func check(
    _ side: Doubt.Side, behind last: [FieldValue]?, _ cut: StreamCut,
    _ found: inout LiveVerification
  ) async throws -> Chunk {
    var retries = 0
    let (chunk, part) = try await cut.now({ retries += 1 }) { notes in
      try await check(side, behind: last, notes, cut)
    }
    found.retried(retries)
    found.checked(part.legacy, part.new, part.drift)
    return chunk
  }

  private func check(
    _ side: Doubt.Side, behind last: [FieldValue]?, _ notes: StreamCut.Notes, _ cut: StreamCut
  ) async throws -> (Chunk, Part) {
    let (statements, digests) = (statements, digests)
    let own = side == .legacy ? digests.legacy : digests.new
    let chunk = try await cut[side].fold(
      statements.chunk(side, behind: last, rows: limits.chunk), statements.chunkTypes(side),
      into: Chunk()
    ) { chunk, row in
      let key = statements.key(ofChunk: row, side)
      chunk.rows += 1
      chunk.last = key
      guard let found = own.digest(row) else { return }
      var seen = Seen(digest: found.key)
      seen.isCounted = side == .legacy
      seen[side] = key
      seen[side.other] = statements.otherKey(of: key, side)
      if notes.contains(found.key) {
        chunk.moving.append(seen)
      } else {
        chunk.seen.append(seen)
        chunk.digest.add(found.row)
      }
    }
    let other = try await rows(side.other, chunk.seen, notes, cut)
    if side == .legacy {
      let drift =
        chunk.digest == other.digest ? nil : try await examine(chunk.seen, notes, cut)
      return (chunk, Part(legacy: chunk.digest, new: other.digest, drift: drift))
    }
    // What both have was compared by legacy's keys.
    let extra = chunk.seen.filter { !other.keys.contains($0.digest) }
    let drift = extra.isEmpty ? nil : try await examine(extra, notes, cut)
    return (chunk, Part(new: drift?.digests.new ?? RangeDigest(), drift: drift))
  }

  /// The digest of the rows that a side has of those that were seen, and of their keys.
  private func rows(
    _ side: Doubt.Side, _ seen: [Seen], _ notes: StreamCut.Notes, _ cut: StreamCut
  ) async throws -> (digest: RangeDigest, keys: Set<UInt64>) {
    let digests = side == .legacy ? digests.legacy : digests.new
    let keys = seen.compactMap { $0[side] }
    if keys.isEmpty { return (RangeDigest(), []) }
    let found = try await cut[side].fold(
      statements.rows(side, keys), statements.rowTypes(side), into: [RowDigest]()
    ) { found, row in
      if let digest = digests.digest(row), !notes.contains(digest.key) { found.append(digest) }
    }
    var range = RangeDigest()
    for row in found { range.add(row.row) }
    return (range, Set(found.map(\.key)))
  }

  // MARK: - Rows and columns

  /// Takes rows apart that differ, at the position that the stores are at.
  private func examine(
    _ seen: [Seen], _ notes: StreamCut.Notes, _ cut: StreamCut
  ) async throws -> Verification {
    var verification = Verification(limits.found)
    while verification.step != .done {
      let step = verification.step
      let one = try await pass(step, .legacy, seen, notes, cut)
      let other = try await pass(step, .new, seen, notes, cut)
      verification.passed(legacy: one, new: other, digests.new)
    }
    return verification
  }

  private func pass(
    _ step: Verification.Step, _ side: Doubt.Side, _ seen: [Seen], _ notes: StreamCut.Notes,
    _ cut: StreamCut
  ) async throws -> VerificationPass {
    let digests = side == .legacy ? digests.legacy : digests.new
    let pass = VerificationPass(step, digests)
    let keys = seen.compactMap { $0[side] }
    if keys.isEmpty { return pass }
    return try await cut[side].fold(
      statements.rows(side, keys), statements.rowTypes(side), into: pass
    ) { pass, row in
      if let found = digests.digest(row), notes.moving.contains(found.key) { return }
      pass.take(row)
    }
  }

  // MARK: - Rows on their way

  /// Carries over what is on its way, and compares it at a later position.
  private func settle(
    _ moving: [UInt64: Seen], _ cut: StreamCut, _ found: inout LiveVerification
  ) async throws {
    var waiting = Array(moving.values)
    for _ in 0..<limits.rounds where !waiting.isEmpty {
      try await carry()
      var left: [Seen] = []
      for start in stride(from: 0, to: waiting.count, by: limits.chunk) {
        let range = Array(waiting[start..<min(waiting.count, start + limits.chunk)])
        var retries = 0
        let (still, parts) = try await cut.now({ retries += 1 }) { notes in
          try await settle(range, notes, cut)
        }
        left += still
        found.retried(retries)
        for part in parts {
          found.checked(part.legacy, part.new, part.drift, isStuck: part.isStuck)
        }
      }
      waiting = left
    }
    found.left(unsettled: waiting.count)
  }

  /// - Returns: the rows that are on their way still, and what the others show.
  private func settle(
    _ waiting: [Seen], _ notes: StreamCut.Notes, _ cut: StreamCut
  ) async throws -> ([Seen], [Part]) {
    var parts: [Part] = []
    let settled = waiting.filter { !notes.moving.contains($0.digest) }
    for isStuck in [false, true] {
      for isCounted in [true, false] {
        let rows = settled.filter {
          notes.stuck.contains($0.digest) == isStuck && $0.isCounted == isCounted
        }
        if rows.isEmpty { continue }
        let drift = try await examine(rows, notes, cut)
        var part = Part(drift: drift, isStuck: isStuck)
        if isCounted { (part.legacy, part.new) = drift.digests }
        parts.append(part)
      }
    }
    return (waiting.filter { notes.moving.contains($0.digest) }, parts)
  }

  /// Carries a batch over, unless others do.
  private func carry() async throws {
    do {
      _ = try await carrier.batch()
    } catch let failure as StoreFailure where failure.code == .locked {
      return
    }
  }
}
