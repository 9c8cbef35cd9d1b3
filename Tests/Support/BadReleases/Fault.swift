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
  /// The same, where both sides answer each question otherwise every time. A third of what legacy
  /// is asked once more it refuses.
  case wrongNoisy = "wrong-noisy"
  /// 30 % of both sides' answers are errors: what they share has failed.
  case incident
  /// No request comes any more.
  case silence
  /// Nothing does: both sides answer alike, and each question otherwise every time. A third of what
  /// legacy is asked once more it refuses.
  case noneNoisy = "none-noisy"

  /// Whether the release is to blame, and is to be taken back.
  package var isOfRelease: Bool {
    switch self {
    case .errors, .fewUsers, .latency, .hangs, .wrong, .wrongNoisy: true
    case .incident, .silence, .noneNoisy: false
    }
  }

  /// Whether it needs both sides' answers compared.
  package var isOfContent: Bool { self == .wrong || isNoisy }

  /// Whether both sides' answers carry noise.
  package var isNoisy: Bool { self == .wrongNoisy || self == .noneNoisy }

  /// What is demanded of each trial.
  package var demand: String {
    switch self {
    case .errors, .fewUsers, .latency, .hangs, .wrong, .wrongNoisy: "taken back, at zero within 1 s"
    case .incident, .silence: "neither taken back nor promoted"
    case .noneNoisy: "not taken back, nothing called real"
    }
  }

  /// The gate that sees it, as its findings are called.
  package var gate: String? {
    switch self {
    case .errors, .fewUsers: "errors"
    case .latency, .hangs: "slower than legacy's p"
    case .wrong, .wrongNoisy: "mismatches"
    case .incident, .silence, .noneNoisy: nil
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
  /// Of ten thousand second questions those that legacy refuses, where answers are noisy.
  package var refusals = 3_333

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
  /// From the decision to the last request that reached the new side; 0 when that was earlier.
  package var secondsToZero: Double?
  /// The journal names the gate that fired, with its numbers, and is what was written.
  package var hasEvidence = false
  /// What the journal says, or why it was held.
  package var reason = ""
  /// Requests that the load sent, and those it could not send in time.
  package var sent = 0
  package var late = 0
  /// Comparisons of both sides' answers, and those after which legacy was asked once more.
  package var compared = 0
  package var askedAgain = 0
  /// Paths in which the sides are said to differ for certain.
  package var realPaths: [String] = []

  /// Fewest second questions by which a trial with noise shows anything: what they say of noise
  /// they have said by then, and legacy is asked about it seldom from there on.
  private static let fewestAsked = 100

  package init(_ fault: Fault) { self.fault = fault }

  /// What was demanded of it.
  package var isAsDemanded: Bool {
    switch fault {
    case .errors, .fewUsers, .latency, .hangs, .wrong, .wrongNoisy:
      isRolledBack && hasEvidence && (secondsToZero ?? .infinity) <= 1
    case .incident, .silence: isCarriedOut && !isRolledBack && !isPromoted
    case .noneNoisy:
      isCarriedOut && !isRolledBack && realPaths.isEmpty && askedAgain >= Self.fewestAsked
    }
  }
}
