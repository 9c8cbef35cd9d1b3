// SPDX-License-Identifier: Apache-2.0

package import RoutingDecisions

/// From which age on, in milliseconds, requests of each side are slow for one latency gate.
package struct SlownessThresholds: Sendable, Equatable {
  package var legacy: Double
  package var extracted: Double

  package init(legacy: Double, extracted: Double) {
    self.legacy = legacy
    self.extracted = extracted
  }

  package func milliseconds(of side: Side) -> Double { side == .legacy ? legacy : extracted }
}

/// What one side of a route did in a second.
package struct SideCounts: Sendable, Equatable, Codable {
  /// Finished requests.
  package var finished: Int
  /// Those that failed, each user once a minute; at most `finished`.
  package var failed: Int
  /// Those that did not fail; the rest of `finished` are all failures, of whichever user.
  package var succeeded: Int
  /// Those of `finished` that the error gate judges, and those of them that failed
  /// (`ErrorOncePerUser`).
  package var judged: Int
  package var judgedBad: Int
  /// Those of `finished` that say nothing of how the side is at the moment
  /// (`ErrorOncePerUser.Verdict`).
  package var ignored: Int
  /// Requests that the side's breaker refused. It never saw them, so they are no part of
  /// `finished`, whoever answered them.
  package var keptAway: Int
  /// Requests under way at the end of the second.
  package var inFlight: Int
  /// One for each latency gate of the plan, in its order (`InFlightAges`).
  package var ages: [InFlightAges.Tally]

  /// Creates counts; `succeeded` is nil where no user failed more than once, `judged` where no user
  /// asked again after a failure.
  package init(
    finished: Int = 0, failed: Int = 0, succeeded: Int? = nil,
    judged: (all: Int, bad: Int)? = nil, ignored: Int = 0, keptAway: Int = 0, inFlight: Int = 0,
    ages: [InFlightAges.Tally] = []
  ) {
    self.finished = finished
    self.failed = failed
    self.succeeded = succeeded ?? finished - failed
    self.judged = judged?.all ?? self.succeeded + failed
    judgedBad = judged?.bad ?? failed
    self.ignored = ignored
    self.keptAway = keptAway
    self.inFlight = inFlight
    self.ages = ages
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    finished = try values.decode(Int.self, forKey: .finished)
    failed = try values.decode(Int.self, forKey: .failed)
    // A proxy of a version before tells none of these.
    succeeded = try values.decodeIfPresent(Int.self, forKey: .succeeded) ?? finished - failed
    judged = try values.decodeIfPresent(Int.self, forKey: .judged) ?? succeeded + failed
    judgedBad = try values.decodeIfPresent(Int.self, forKey: .judgedBad) ?? failed
    ignored = try values.decodeIfPresent(Int.self, forKey: .ignored) ?? 0
    keptAway = try values.decodeIfPresent(Int.self, forKey: .keptAway) ?? 0
    inFlight = try values.decode(Int.self, forKey: .inFlight)
    ages = try values.decode([InFlightAges.Tally].self, forKey: .ages)
  }

  package static func += (left: inout SideCounts, right: SideCounts) {
    left.finished += right.finished
    left.failed += right.failed
    left.succeeded += right.succeeded
    left.judged += right.judged
    left.judgedBad += right.judgedBad
    left.ignored += right.ignored
    left.keptAway += right.keptAway
    left.inFlight += right.inFlight
    for (index, tally) in right.ages.enumerated() {
      if index == left.ages.count { left.ages.append(InFlightAges.Tally()) }
      left.ages[index].judged += tally.judged
      left.ages[index].slow += tally.slow
    }
  }
}

extension SideCounts {
  /// It was asked, and by nobody who is judged, but by some who were a moment ago.
  fileprivate var isExhausted: Bool { finished > ignored && judged == 0 }
}

/// What both sides of a route did in a second, added up over all event loops and all replicas: one
/// decision is made for all of them.
package struct RouteCounts: Sendable, Equatable, Codable {
  package var legacy: SideCounts
  package var extracted: SideCounts

  package init(legacy: SideCounts = SideCounts(), extracted: SideCounts = SideCounts()) {
    self.legacy = legacy
    self.extracted = extracted
  }

  /// Counts of another event loop, or of another replica, for the same second.
  package static func += (left: inout RouteCounts, right: RouteCounts) {
    left.legacy += right.legacy
    left.extracted += right.extracted
  }

  /// What the error gate judges.
  ///
  /// A second in which a side was asked only by users who are not judged says nothing of it, and a
  /// block must not stretch from before it to after it: the rate may be another one by then. So the
  /// other side's requests of that second are left out too. Not so for a broken account that asks
  /// again and again: it would keep everybody else's from being compared.
  package func errors(against baseline: Baseline) -> BlockCounts {
    if baseline == .concurrentLegacy, legacy.isExhausted || extracted.isExhausted {
      return BlockCounts(extractedKeptAway: extracted.keptAway)
    }
    return BlockCounts(
      legacy: legacy.judged, legacyBad: min(legacy.judgedBad, legacy.judged),
      extracted: extracted.judged, extractedBad: min(extracted.judgedBad, extracted.judged),
      extractedKeptAway: extracted.keptAway)
  }

  /// All failures, of whichever user, for people.
  package var failures: BlockCounts {
    BlockCounts(
      legacy: legacy.finished, legacyBad: max(0, legacy.finished - legacy.succeeded),
      extracted: extracted.finished,
      extractedBad: max(0, extracted.finished - extracted.succeeded),
      extractedKeptAway: extracted.keptAway)
  }

  /// The counts for one latency gate; nothing where none were taken.
  func ages(_ index: Int) -> BlockCounts {
    let former = index < legacy.ages.count ? legacy.ages[index] : InFlightAges.Tally()
    let latter = index < extracted.ages.count ? extracted.ages[index] : InFlightAges.Tally()
    return BlockCounts(
      legacy: former.judged, legacyBad: former.slow, extracted: latter.judged,
      extractedBad: latter.slow)
  }
}
