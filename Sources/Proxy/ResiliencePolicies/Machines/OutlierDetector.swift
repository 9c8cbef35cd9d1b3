// SPDX-License-Identifier: Apache-2.0

/// Watches how one endpoint answers the traffic, and says when to leave it out for a while.
///
/// Its recent share of failures is held against its own past and against the other side of the
/// same routes: only an endpoint that is clearly worse than both is at fault itself.
package struct OutlierDetector: Sendable {
  /// Recent means this many milliseconds.
  package static let recent: UInt64 = 10_000
  /// Weight of one recent window in the past; ten minutes or so are remembered.
  private static let forgetting = 1.0 / 64
  /// Clearly worse than the past: this many times its share, and as much in absolute terms.
  private static let factor = 3.0
  private static let margin = 0.1
  /// Ejections are this many times as long at most.
  private static let longest: UInt64 = 10

  private let rules: EjectionRules
  /// Successes first, failures second.
  private var window = SlidingWindow(length: recent)
  private var pastShare = 0.0
  private var pastUpdatedAt: UInt64 = 0
  private var streak = 0
  private var ejections: UInt64 = 0
  private var lastReturn: UInt64 = 0
  package private(set) var ejectedUntil: UInt64?

  package init(_ rules: EjectionRules) { self.rules = rules }

  package var isEjected: Bool { ejectedUntil != nil }

  /// No failure is on record, so single successes change nothing.
  package var isQuiet: Bool { streak == 0 }

  /// Requests and failures of late.
  package mutating func recently(at now: UInt64) -> (requests: UInt64, failures: UInt64) {
    window.advance(to: now)
    return (window.firstSum + window.secondSum, window.secondSum)
  }

  /// Share of failures of late, 0 to 1; nil when there were too few requests to tell.
  package mutating func failureShare(at now: UInt64) -> Double? {
    let (requests, failures) = recently(at: now)
    if requests < UInt64(rules.minimumRequests) { return nil }
    return Double(failures) / Double(requests)
  }

  /// `count` requests went well while no failure was on record.
  package mutating func succeeded(_ count: UInt32, at now: UInt64) {
    updatePast(at: now)
    window.add(first: count, second: 0, at: now)
  }

  /// A request went well.
  package mutating func succeeded(at now: UInt64) {
    streak = 0
    succeeded(1, at: now)
  }

  /// The endpoint failed a request.
  package mutating func failed(at now: UInt64) {
    streak += 1
    updatePast(at: now)
    window.add(first: 0, second: 1, at: now)
  }

  /// Takes what was recent into the past once a window has gone by.
  private mutating func updatePast(at now: UInt64) {
    guard now >= pastUpdatedAt &+ Self.recent else { return }
    pastUpdatedAt = now
    guard let share = failureShare(at: now) else { return }
    pastShare += (share - pastShare) * Self.forgetting
  }

  /// Decides whether to eject the endpoint now.
  ///
  /// - Parameters:
  ///   - otherSide: share of failures of the other side of late; nil when unknown.
  ///   - mayEject: enough endpoints are left.
  /// - Returns: whether it is ejected from now on.
  package mutating func judge(at now: UInt64, otherSide: Double?, mayEject: Bool) -> Bool {
    guard mayEject, ejectedUntil == nil else { return false }
    if let otherSide, otherSide >= 0.5 { return false }
    guard streak >= rules.consecutiveFailures || isWorse(at: now, than: otherSide) else {
      return false
    }
    // Who stayed out of trouble for long starts anew.
    if now >= lastReturn &+ Self.longest * rules.time.milliseconds { ejections = 0 }
    ejections = min(ejections + 1, Self.longest)
    ejectedUntil = now &+ rules.time.milliseconds * ejections
    streak = 0
    window.clear()
    return true
  }

  private mutating func isWorse(at now: UInt64, than otherSide: Double?) -> Bool {
    guard let share = failureShare(at: now) else { return false }
    return share * 100 >= Double(rules.failurePercent)
      && share >= pastShare * Self.factor && share >= pastShare + Self.margin
      && share >= (otherSide ?? 0) + Self.margin
  }

  /// Ends an ejection that lasted long enough.
  ///
  /// - Returns: whether the endpoint is back.
  package mutating func advance(to now: UInt64) -> Bool {
    guard let end = ejectedUntil, now >= end else { return false }
    ejectedUntil = nil
    lastReturn = now
    return true
  }
}
