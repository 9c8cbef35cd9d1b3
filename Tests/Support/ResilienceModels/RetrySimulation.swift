// SPDX-License-Identifier: Apache-2.0

import ServiceCalls

/// The retries of calls as a recipe that is followed from top to bottom, with all that happened
/// kept in a list.
struct RetrySimulation {
  /// What a call does, one thing after the other.
  enum Step: Equatable {
    case attempt(from: UInt64, until: UInt64)
    case pause(from: UInt64, until: UInt64)
    case end(AttemptOutcome, at: UInt64)
  }

  /// How an attempt will go: how long it takes, and what comes of it.
  struct Fate {
    var milliseconds: UInt64
    var outcome: AttemptOutcome
    var draw: UInt64
  }

  /// In milliseconds.
  struct Rules {
    var total: UInt64
    var perTry: UInt64?
    var most: Int
    var percent: Int
    var floor: Int
    var shortest: UInt64
    var longest: UInt64
    var longestRetryAfter: UInt64
    var statuses: [Int]
  }

  let rules: Rules
  private var requests: [UInt64] = []
  private var retries: [UInt64] = []

  init(_ rules: Rules) { self.rules = rules }

  /// All that a call does that begins then.
  mutating func call(
    at start: UInt64, callerDeadline: UInt64?, mayBeAskedTwice: Bool, fates: [Fate]
  ) -> [Step] {
    requests.append(start)
    var end = start + rules.total
    if let callerDeadline, callerDeadline < end { end = callerDeadline }
    var steps: [Step] = []
    var now = start
    var before: AttemptOutcome?
    for (number, fate) in fates.enumerated() {
      if now >= end { return steps + [.end(before ?? .failed(.timeout), at: now)] }
      var until = end
      if let perTry = rules.perTry, now + perTry < end { until = now + perTry }
      steps.append(.attempt(from: now, until: until))
      var outcome = fate.outcome
      let takes = fate.milliseconds
      if case .refused = outcome {
        let last = outcome == .refused(.cancelled) ? outcome : before ?? outcome
        return steps + [.end(last, at: now)]
      }
      now += min(takes, until - now)
      if now == until { outcome = .failed(.timeout) }
      before = outcome
      guard let pause = pause(after: outcome, number + 1, fate.draw, mayBeAskedTwice) else {
        return steps + [.end(outcome, at: now)]
      }
      guard now + pause < end, takesRetry(at: now) else { return steps + [.end(outcome, at: now)] }
      steps.append(.pause(from: now, until: now + pause))
      now += pause
    }
    return steps
  }

  private func pause(
    after outcome: AttemptOutcome, _ made: Int, _ draw: UInt64, _ mayBeAskedTwice: Bool
  ) -> UInt64? {
    if made > rules.most { return nil }
    // 2, 4, 8 … times the shortest, and anything in between.
    var reach = rules.shortest
    for _ in 0..<made where reach < rules.longest { reach *= 2 }
    let jitter =
      rules.shortest + draw % (min(reach, max(rules.shortest, rules.longest)) - rules.shortest + 1)
    switch outcome {
    case .failed(.connect), .failed(.connectTimeout): return jitter
    case .failed(.timeout), .failed(.connectionLost): return mayBeAskedTwice ? jitter : nil
    case .answered(let status, let after):
      guard mayBeAskedTwice, rules.statuses.contains(status) else { return nil }
      guard let after else { return jitter }
      return after > rules.longestRetryAfter ? nil : max(after, jitter)
    case .failed(.answerTooLong), .refused, .cancelled: return nil
    }
  }

  /// Ten slices of a second are looked at, whole ones.
  private mutating func takesRetry(at now: UInt64) -> Bool {
    let isRecent = { (time: UInt64) in time / 1000 + 10 > now / 1000 }
    let allowed = max(rules.floor, requests.count(where: isRecent) * rules.percent / 100)
    if retries.count(where: isRecent) >= allowed { return false }
    retries.append(now)
    return true
  }
}
