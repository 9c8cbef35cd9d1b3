// SPDX-License-Identifier: Apache-2.0

/// What a comparison found that went through both tables a chunk at a time, each chunk at a
/// position of the stream of changes of its own.
package struct LiveVerification: Sendable {
  /// What both sides agree about, each row at the position at which it was looked at.
  package private(set) var digests = (legacy: RangeDigest(), new: RangeDigest())
  package private(set) var counts = DriftCounts()
  /// By kind; at most `Verification.Limits.listed` of each.
  package private(set) var drifts: [Drift] = []
  /// Ranges whose digests were compared.
  package private(set) var checks = 0
  /// Positions that were given up, since changes were carried over while they were taken.
  package private(set) var retries = 0
  /// Rows that were on their way each time they were looked at.
  package private(set) var unsettled = 0

  private let limits: Verification.Limits

  package init(_ limits: Verification.Limits) { self.limits = limits }

  package var isEqual: Bool { counts.all == 0 && unsettled == 0 }

  package mutating func retried(_ times: Int) { retries += times }

  package mutating func left(unsettled rows: Int) { unsettled = rows }

  /// Takes what a range showed.
  ///
  /// - Parameters:
  ///   - part: what was found in it; nil where both sides are equal.
  ///   - isStuck: whether changes of its rows wait that could not be carried over, which is why the
  ///     side that follows is behind.
  package mutating func checked(
    _ legacy: RangeDigest, _ new: RangeDigest, _ part: Verification?, isStuck: Bool = false
  ) {
    checks += 1
    digests.legacy.add(legacy)
    digests.new.add(new)
    guard let part, !part.isEqual else { return }
    for kind in Drift.Kind.allCases {
      counts[isStuck ? .stale : kind] += part.counts[kind]
    }
    drifts += part.drifts.map { isStuck ? $0.stale : $0 }
    drifts = Drift.Kind.allCases.flatMap { kind in
      drifts.filter { $0.kind == kind }.sorted(by: Drift.isBefore).prefix(limits.listed)
    }
  }
}
