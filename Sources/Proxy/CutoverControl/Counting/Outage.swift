// SPDX-License-Identifier: Apache-2.0

internal import ResiliencePolicies

/// Notices that nothing succeeds on the extracted side any more while legacy is well.
///
/// A gate judges nothing of a user who failed until the minute is over, so a side that fails all
/// its few users gives it next to nothing to judge; one whose breaker is open gives it nothing.
/// Neither is to be kept.
///
/// Here it is users in a row that count: by chance as many fail one after the other, with no
/// success between them, once in 10^12 times (`FailureRun`), which adds nothing that could be told
/// to the probability of a false rollback. Where legacy fails as well more of them are asked for,
/// and none would do where as many may fail as it is: with the usual factor of 1.25 that is when
/// legacy fails four times of five.
///
/// Five need not be five people: one who fails in five minutes, while nothing else succeeds there,
/// counts five times. That is meant. Behind one key there may be an office, or the one program that
/// uses a quiet route, and to leave it with a side that has answered nothing for minutes is worse
/// than to take a sound one back for the sake of one broken account. What is said of it names no
/// people therefore.
///
/// A second without a request is no evidence, and ends nothing either.
package struct Outage: Sendable, Equatable {
  /// Seconds in which the side was asked in vain: what is restarted may be back by then.
  package static let leastSeconds = 10
  /// Users that failed.
  package static let leastUsers = 5
  /// Most users in a row that are waited for: enough for a share of 0.99 that is tolerated, which
  /// no ceiling is above (`RouteMonitor`). The rule holds at each, but takes its time: at 0.9 it
  /// needs 263 users, each once a minute, which ten of them are within 27 minutes.
  package static let longestRun = 3_000

  /// Seconds in which it was asked in vain since a request succeeded.
  package private(set) var seconds = 0
  /// Users that failed since then, each once a minute.
  package private(set) var users = 0
  /// Requests that its breaker refused since then.
  package private(set) var keptAway = 0
  /// What legacy did in the same seconds: requests, and failures of whichever user.
  package private(set) var legacy = 0
  package private(set) var legacyFailed = 0
  /// Requests of legacy that are under way beyond what is usual: they may hang.
  private var legacyHanging = 0
  /// Requests of legacy under way while the side is well: the most of the last seconds.
  private var usualInFlight = 0.0
  /// What a breaker that opens again and again makes of the side.
  package private(set) var exclusion = Exclusion()

  package init() {}

  /// How much of the most under way is remembered after a second.
  private static let memory = 0.9

  private mutating func restart() {
    var anew = Outage()
    (anew.exclusion, anew.usualInFlight) = (exclusion, usualInFlight)
    self = anew
  }

  /// A second passed.
  package mutating func tick(_ counts: RouteCounts) {
    let side = counts.extracted
    let hanging = max(0, counts.legacy.inFlight - Int(usualInFlight))
    exclusion.tick(counts, hanging: hanging)
    if side.succeeded > 0 {
      // A side that fails in mid-second has answered before. Of a breaker that opened in it the
      // failures are in a row, and the last ones.
      let isOpening = side.keptAway > 0 && keptAway == 0
      restart()
      if !isOpening {
        // While users are kept away legacy may hang as well: that is no usual second.
        if !exclusion.isUnderWay {
          usualInFlight = max(Double(counts.legacy.inFlight), usualInFlight * Self.memory)
        }
        return
      }
    }
    if side.finished == 0, side.keptAway == 0 { return }
    seconds += 1
    users += side.failed
    keptAway += side.keptAway
    legacy += counts.legacy.finished
    legacyFailed += max(0, counts.legacy.finished - counts.legacy.succeeded)
    legacyHanging = hanging
  }

  /// Whether the users are to go back.
  ///
  /// - Parameters:
  ///   - rules: how much worse than legacy the side may be.
  ///   - baseline: what it is measured by.
  package func hasLasted(_ rules: GateRules, against baseline: Baseline) -> Bool {
    if exclusion.hasLasted(rules, against: baseline) { return true }
    guard seconds >= Self.leastSeconds else { return false }
    return usersAwaited(rules, against: baseline).map { users >= $0 } ?? false
  }

  /// Users that have to fail in a row before it is no chance; nil where none would do.
  package func usersAwaited(_ rules: GateRules, against baseline: Baseline) -> Int? {
    let share: Double
    switch baseline {
    case .concurrentLegacy:
      // Legacy without a success is no better, whether it fails or nobody asks it.
      if legacyFailed >= legacy { return nil }
      // One failure more than were seen: of few requests little is known. Those under way beyond
      // what is usual may hang with what both sides wait for.
      share =
        rules.ratio * Double(legacyFailed + legacyHanging + 1)
        / Double(legacy + legacyHanging + 2) + rules.margin
    case .ceiling(let ceiling): share = ceiling
    }
    return FailureRun.length(
      atShare: share, least: Self.leastUsers, longest: Self.longestRun)
  }
}
