// SPDX-License-Identifier: Apache-2.0

internal import ShadowComparison

/// Notices that the extracted side's breaker keeps users away though legacy is well.
///
/// An open breaker leaves a gate next to nothing to judge: of thousands of requests a second it
/// lets two pass each half minute, and one of them that succeeds ends an outage. Here what it let
/// pass is added up from the first request that it refused, whatever came between.
///
/// An episode begins with that request, and is over when none was refused for a minute.
package struct Exclusion: Sendable, Equatable {
  /// Seconds without a refused request after which an episode is over.
  package static let quiet = 60
  /// Seconds with refused requests before anything is concluded: what is restarted may be back.
  package static let leastSeconds = 10
  /// Seconds after which no failure has to be seen any more. A breaker that opened in an incident
  /// of both sides tries again sooner.
  package static let patience = 90
  /// Users that failed of those let pass.
  package static let leastUsers = 5
  /// Share of the requests that is refused in a second that counts.
  private static let share = 0.1
  /// Share of legacy's requests that may fail while it is well.
  private static let wellShare = 0.05
  /// Of the logarithm of a chance that is none: 10^-12, like that of a run of failures.
  private static let certainty = 27.6

  /// Seconds of the episode so far; 0 for none.
  package private(set) var length = 0
  /// Seconds since the last refused request.
  private var quietSeconds = 0
  /// Seconds in which it refused a share that counts, and those of them in which legacy was well.
  package private(set) var seconds = 0
  package private(set) var wellSeconds = 0
  package private(set) var keptAway = 0
  /// Of those let pass: users that failed, each once a minute, and requests that succeeded.
  package private(set) var failed = 0
  package private(set) var succeeded = 0
  /// What legacy did in the seconds in which any was let pass.
  package private(set) var legacy = 0
  package private(set) var legacyFailed = 0

  package init() {}

  package var isUnderWay: Bool { length > 0 }

  /// A second passed.
  ///
  /// - Parameter hanging: requests of legacy under way beyond what is usual: they may hang with
  ///   what both sides wait for, and count as failures.
  package mutating func tick(_ counts: RouteCounts, hanging: Int) {
    let (side, other) = (counts.extracted, counts.legacy)
    if side.keptAway == 0, !isUnderWay { return }
    quietSeconds = side.keptAway > 0 ? 0 : quietSeconds + 1
    if quietSeconds >= Self.quiet {
      self = Exclusion()
      return
    }
    length += 1
    keptAway += side.keptAway
    let otherFailed = max(0, other.finished - other.succeeded)
    if Double(side.keptAway) >= Self.share * Double(side.finished + side.keptAway),
      side.keptAway > 0
    {
      seconds += 1
      let isWell =
        other.succeeded > 0
        && Double(otherFailed) <= Self.wellShare * Double(other.finished)
      if isWell { wellSeconds += 1 }
    }
    guard side.finished > 0 else { return }
    failed += min(side.failed, side.finished)
    succeeded += side.succeeded
    legacy += other.finished + hanging
    legacyFailed += otherFailed + hanging
  }

  /// Whether the users are to go back.
  ///
  /// - Parameters:
  ///   - rules: how much worse than legacy the side may be.
  ///   - baseline: what it is measured by.
  package func hasLasted(_ rules: GateRules, against baseline: Baseline) -> Bool {
    guard seconds >= Self.leastSeconds else { return false }
    switch baseline {
    case .concurrentLegacy:
      // Seconds of several incidents, with good ones between them, do not add up.
      if wellSeconds >= Self.patience, wellSeconds * 2 >= length { return true }
      if legacyFailed >= legacy { return false }
      let share = rules.ratio * Double(legacyFailed + 1) / Double(legacy + 2) + rules.margin
      return isNoChance(atShare: share)
    case .ceiling(let ceiling):
      return seconds >= Self.patience && seconds * 2 >= length || isNoChance(atShare: ceiling)
    }
  }

  /// Chernoff's bound of the chance that so many of those let pass fail at a share of failures.
  private func isNoChance(atShare share: Double) -> Bool {
    let requests = Double(failed + succeeded)
    guard failed >= Self.leastUsers, share < 1 else { return false }
    let found = Double(failed) / requests
    guard found > share else { return false }
    var divergence = found * Real.ln(found / share)
    if succeeded > 0 { divergence += (1 - found) * Real.ln((1 - found) / (1 - share)) }
    return requests * divergence >= Self.certainty
  }
}
