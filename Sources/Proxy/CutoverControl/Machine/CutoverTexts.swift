// SPDX-License-Identifier: Apache-2.0

/// What people are told, as the command line, the console and the admin API say it.
extension HoldReason: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notStarted: "not started"
    case .paused: "paused by an order"
    case .frozen: "frozen by an order"
    case .inFreezeWindow: "in a freeze window of the plan"
    case .noTraffic: "no request was finished for a minute"
    case .extractedSilent(let route):
      "\(route): the extracted side finished nothing for a minute"
    case .legacySilent(let route):
      "legacy finished nothing on \(route): there is nothing to compare with"
    case .rulingsUnknown:
      "the file with the shadow evidence cannot be read, so nobody knows what was ruled to be noise"
    case .soaking(let seconds): "soaks for another \(seconds) s"
    case .sampleTooSmall(let route, let judged, let minimum):
      "\(route): \(judged) of at least \(minimum) requests are judged"
    case .keptAway(let finding): "left out by its breaker: \(finding)"
    case .catchingUp(let seconds):
      "the gates missed up to a minute when this process took over: watches for another "
        + "\(seconds) s"
    case .evidenceAgainst(let finding): "something may be wrong: \(finding)"
    case .undecided(let route, let comparisons):
      "\(route): \(comparisons) comparisons differ and are undecided; look at them with strangler "
        + "shadow report, then approve what is noise (strangler shadow approve-noise), name it in the "
        + "shadow's rules, or mend the service"
    case .notProved(let route, let evidence, let needed):
      "\(route): that the extracted side is not worse is not proved yet: evidence "
        + "\(Self.hundredths(evidence)) of \(Self.hundredths(needed))"
    case .awaitingApproval(let stage): "stage \(stage + 1) waits for approval"
    case .rolledBack: "rolled back"
    case .completed: "the plan is through; its gates go on watching"
    }
  }

  /// The case without its numbers, for programs.
  package var code: String {
    switch self {
    case .notStarted: "not-started"
    case .paused: "paused"
    case .frozen: "frozen"
    case .inFreezeWindow: "in-freeze-window"
    case .noTraffic: "no-traffic"
    case .extractedSilent: "extracted-silent"
    case .legacySilent: "legacy-silent"
    case .rulingsUnknown: "rulings-unknown"
    case .soaking: "soaking"
    case .sampleTooSmall: "sample-too-small"
    case .keptAway: "kept-away"
    case .catchingUp: "catching-up"
    case .evidenceAgainst: "evidence-against"
    case .notProved: "not-proved"
    case .undecided: "undecided"
    case .awaitingApproval: "awaiting-approval"
    case .rolledBack: "rolled-back"
    case .completed: "completed"
    }
  }

  private static func hundredths(_ number: Double) -> Double {
    (min(number, 1e12) * 100).rounded() / 100
  }
}

extension OrderRefusal: CustomStringConvertible {
  package var description: String {
    switch self {
    case .alreadyStarted: "it is under way already"
    case .notUnderWay: "it is not under way"
    case .nothingAwaitsApproval: "no stage waits for approval"
    case .otherStage(let approved, let next):
      "stage \(approved + 1) is approved, and stage \(next) is under way by now: look again, "
        + "then decide"
    case .noSuchStage(let approved, let count):
      "stage \(approved + 1) is approved, and the plan has "
        + (count == 1 ? "one stage" : "\(count) stages")
    case .otherPlan(let approved, let underWay):
      "a stage of run \(approved) is approved, and run \(underWay) is under way by now: look "
        + "again, then decide"
    case .alreadyPaused: "it is paused already"
    case .notPaused: "it is not paused"
    case .killSwitchIsOn: "the kill switch is on: everybody stays with legacy until it is off"
    case .frozen: "it is frozen, by an order or by a window of the plan: start it after that"
    case .unknownRoute(let route): "\"\(route)\" is none of its routes"
    }
  }
}

extension GateFinding.Subject {
  /// `errors`, `p95`, `mismatches`: as metrics and reports name a gate.
  package var name: String {
    switch self {
    case .errors: "errors"
    case .latency(let quantile): "p\(GateFinding.text(quantile * 100))"
    case .mismatches: "mismatches"
    }
  }
}
