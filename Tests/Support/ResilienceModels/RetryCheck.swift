// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies
import ServiceCalls
package import TransactionalMessaging

/// Random calls, one after the other, that share a retry budget.
package enum RetryCheck: ModelCheck {
  package static func sequence(
    _ random: inout SeededGenerator
  ) -> (events: Int, difference: String?) {
    let rules = rules(&random)
    let policy = policy(rules)
    var simulation = RetrySimulation(rules)
    var budget = RetryBudget(policy.retries)
    var now: UInt64 = random.next() % 5000
    var events = 0
    for number in 1...random.number(2...12) {
      now += random.once(in: 8) ? random.next() % 12_000 : random.next() % 300
      let deadline = random.once(in: 3) ? now + random.next() % 400 : nil
      let mayBeAskedTwice = random.once(in: 2)
      let fates = (0...rules.most + 1).map { _ in fate(&random) }
      let due = simulation.call(
        at: now, callerDeadline: deadline, mayBeAskedTwice: mayBeAskedTwice, fates: fates)
      budget.deposit(at: now)
      let call = CallMachine(
        policy, at: now, callerDeadline: deadline, isRepeatable: mayBeAskedTwice)
      let steps = steps(of: call, fates, &now, &budget)
      events += steps.count
      if steps != due {
        return (events, "call \(number) under \(rules): \(steps) where \(due) was due")
      }
      if let broken = brokenPromise(steps, rules, mayBeAskedTwice, fates) {
        return (events, "call \(number) under \(rules): \(broken): \(steps)")
      }
    }
    return (events, nil)
  }

  /// Has the machine make the call.
  private static func steps(
    of call: CallMachine, _ fates: [RetrySimulation.Fate], _ now: inout UInt64,
    _ budget: inout RetryBudget
  ) -> [RetrySimulation.Step] {
    var call = call
    var steps: [RetrySimulation.Step] = []
    var fates = fates[...]
    var action = call.begin(at: now)
    while true {
      switch action {
      case .end(let end): return steps + [.end(end.outcome, at: now)]
      case .wait(let until):
        steps.append(.pause(from: now, until: until))
        now = until
        action = call.waited(at: now)
      case .attempt(let until):
        steps.append(.attempt(from: now, until: until))
        guard let fate = fates.popFirst() else { return steps }
        var outcome = fate.outcome
        if case .refused = outcome {
        } else {
          now = min(now + fate.milliseconds, until)
          if now == until { outcome = .failed(.timeout) }
        }
        action = call.ended(outcome, at: now, draw: fate.draw, budget: &budget)
      }
    }
  }

  /// What has to hold whatever the rules are.
  private static func brokenPromise(
    _ steps: [RetrySimulation.Step], _ rules: RetrySimulation.Rules, _ mayBeAskedTwice: Bool,
    _ fates: [RetrySimulation.Fate]
  ) -> String? {
    let attempts = steps.count { if case .attempt = $0 { true } else { false } }
    if attempts > rules.most + 1 { return "too many attempts" }
    if !mayBeAskedTwice {
      let unsent: [AttemptOutcome] = [.failed(.connect), .failed(.connectTimeout)]
      let repeated = fates.prefix(max(0, attempts - 1))
      if !repeated.allSatisfy({ unsent.contains($0.outcome) }) { return "asked twice" }
    }
    return nil
  }

  private static func fate(_ random: inout SeededGenerator) -> RetrySimulation.Fate {
    let outcomes: [AttemptOutcome] = [
      .failed(.connect), .failed(.connectTimeout), .failed(.connectionLost),
      .failed(.answerTooLong), .cancelled, .answered(status: 200, retryAfter: nil),
      .answered(status: 500, retryAfter: nil), .answered(status: 503, retryAfter: nil),
      .answered(status: 503, retryAfter: 1000 * (random.next() % 3)),
      .answered(status: 429, retryAfter: 20), .refused(.bulkheadFull),
      .refused(.breakerOpen(until: 7)), .refused(.noEndpoint), .refused(.cancelled),
      .failed(.connect), .answered(status: 503, retryAfter: nil), .failed(.connectionLost),
    ]
    return RetrySimulation.Fate(
      milliseconds: random.once(in: 5) ? random.next() % 1000 : random.next() % 60,
      outcome: random.one(of: outcomes), draw: random.next())
  }

  private static func rules(_ random: inout SeededGenerator) -> RetrySimulation.Rules {
    RetrySimulation.Rules(
      total: UInt64(random.number(1...2000)),
      perTry: random.once(in: 2) ? UInt64(random.number(1...300)) : nil,
      most: random.number(0...5), percent: random.one(of: [0, 20, 50, 100]),
      floor: random.number(0...5), shortest: UInt64(random.number(0...50)),
      longest: UInt64(random.number(0...400)), longestRetryAfter: UInt64(random.number(0...2500)),
      statuses: random.one(of: [[], [503], [429, 502, 503, 504]]))
  }

  private static func policy(_ rules: RetrySimulation.Rules) -> ServiceCallPolicy {
    ServiceCallPolicy(
      total: .milliseconds(rules.total),
      retries: RetryRules(
        attempts: rules.most, budgetPercent: rules.percent, budgetFloor: rules.floor,
        shortestDelay: .milliseconds(rules.shortest), longestDelay: .milliseconds(rules.longest),
        perTry: rules.perTry.map { .milliseconds($0) }, statuses: rules.statuses,
        longestRetryAfter: .milliseconds(rules.longestRetryAfter)))
  }
}
