// SPDX-License-Identifier: Apache-2.0

/// What goes wrong while a release has a tenth of the users, or half of a few.
package enum Fault: String, CaseIterable, Sendable, Codable {
  /// 5 % of the new side's answers are errors.
  case errors
  /// 30 % of them are, and 3 % of legacy's; forty users ask, half of them the new side.
  case fewUsers = "few-users"
  /// It takes twice as long.
  case latency
  /// It does not answer any more.
  case hangs
  /// 2 % of its answers are others than legacy's.
  case wrong
  /// 30 % of both sides' answers are errors: what they share has failed.
  case incident
  /// No request comes any more.
  case silence

  /// Whether the release is to blame, and is to be taken back.
  package var isOfRelease: Bool {
    switch self {
    case .errors, .fewUsers, .latency, .hangs, .wrong: true
    case .incident, .silence: false
    }
  }

  /// The gate that sees it, as its findings are called.
  package var gate: String? {
    switch self {
    case .errors, .fewUsers: "errors"
    case .latency, .hangs: "slower than p"
    case .wrong: "mismatches"
    case .incident, .silence: nil
    }
  }
}

/// How long a trial lasts, and how bad the release is.
package struct TrialPace: Sendable {
  /// Requests a second, evenly spread.
  package var requestsPerSecond = 200
  /// Seconds at 10 % before anything goes wrong. Errors and wrong answers come with the release;
  /// for latency the gate has to know legacy's.
  package var healthy: [Fault: Int] = [.latency: 60, .hangs: 20, .incident: 15, .silence: 20]
  /// Seconds that a release may stay once it is bad.
  package var patience = 600
  /// Seconds after the start for which a release that is not to blame is watched. More than the
  /// soak of its stage, so that it would be promoted if nothing held it.
  package var watch = 110
  /// Times slower than legacy.
  package var slowdown = 2.0
  /// Errors and wrong answers of a release that gives them, of ten thousand.
  package var errors = 500
  package var wrong = 200
  /// The same of a release that few users see, and of legacy meanwhile.
  package var fewErrors = (extracted: 3_000, legacy: 300)

  package init() {}
}

/// How a trial ended.
package struct TrialOutcome: Sendable, Codable {
  package var fault: Fault
  package var isCarriedOut = true
  package var isRolledBack = false
  package var isPromoted = false
  /// Answers of the bad kind that users got from the new side, to the last one.
  package var bad = 0
  /// From the first second of the fault to the decision.
  package var seconds: Double?
  /// From the decision to the last request that reached the new side; negative when it was earlier.
  package var secondsToZero: Double?
  /// The journal names the gate that fired, with its numbers, and is what was written.
  package var hasEvidence = false
  /// What the journal says, or why it was held.
  package var reason = ""
  /// Requests that the load sent, and those it could not send in time.
  package var sent = 0
  package var late = 0

  package init(_ fault: Fault) { self.fault = fault }

  /// What was demanded of it.
  package var isAsDemanded: Bool {
    guard fault.isOfRelease else { return isCarriedOut && !isRolledBack && !isPromoted }
    return isRolledBack && hasEvidence && (secondsToZero ?? .infinity) <= 1
  }
}
