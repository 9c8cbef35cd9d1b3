// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies
import ServiceCalls
import Testing

@Suite("One call's decisions")
struct CallMachineTests {
  private static let policy = ServiceCallPolicy()

  /// What a call does after one outcome, which comes 100 ms after it began.
  private func action(
    after outcome: AttemptOutcome, isRepeatable: Bool = true, callerDeadline: UInt64? = nil,
    policy: ServiceCallPolicy = policy
  ) -> CallMachine.Action {
    var budget = RetryBudget(policy.retries)
    var call = CallMachine(
      policy, at: 1000, callerDeadline: callerDeadline, isRepeatable: isRepeatable)
    _ = call.begin(at: 1000)
    return call.ended(outcome, at: 1100, draw: 0, budget: &budget)
  }

  private func end(_ action: CallMachine.Action) -> CallEnd? {
    if case .end(let end) = action { end } else { nil }
  }

  @Test("The first attempt has the whole time of the call, or what the caller leaves of it")
  func limits() {
    var call = CallMachine(Self.policy, at: 1000, callerDeadline: nil, isRepeatable: true)
    #expect(call.begin(at: 1000) == .attempt(until: 6000))
    call = CallMachine(Self.policy, at: 1000, callerDeadline: 1800, isRepeatable: true)
    #expect(call.begin(at: 1000) == .attempt(until: 1800))
    // A caller that waits for longer than a call may take changes nothing.
    call = CallMachine(Self.policy, at: 1000, callerDeadline: 99_000, isRepeatable: true)
    #expect(call.begin(at: 1000) == .attempt(until: 6000))
    var policy = Self.policy
    policy.retries.perTry = .milliseconds(700)
    call = CallMachine(policy, at: 1000, callerDeadline: 1800, isRepeatable: true)
    #expect(call.begin(at: 1000) == .attempt(until: 1700))
    #expect(call.waited(at: 1300) == .attempt(until: 1800))
  }

  @Test(
    "Each wait is drawn for itself, and counts from the end of the attempt before",
    arguments: [0, 50])
  func waits(draw: UInt64) {
    var policy = Self.policy
    policy.retries.attempts = 4
    policy.retries.budgetFloor = 4
    var budget = RetryBudget(policy.retries)
    var call = CallMachine(policy, at: 0, callerDeadline: nil, isRepeatable: true)
    _ = call.begin(at: 0)
    var now: UInt64 = 0
    for _ in 0..<4 {
      now += 70
      let action = call.ended(.failed(.connect), at: now, draw: draw, budget: &budget)
      #expect(action == .wait(until: now + 50 + draw))
      now += 50 + draw
      let next = call.waited(at: now)
      #expect(next == .attempt(until: 5000))
    }
    let last = call.ended(.failed(.connect), at: now, draw: draw, budget: &budget)
    #expect(end(last)?.outcome == .failed(.connect))
    #expect(call.attempts == 5)
  }

  @Test("What reached the service is asked again only where it may be asked twice")
  func safety() {
    let sent: [AttemptOutcome] = [
      .failed(.timeout), .failed(.connectionLost), .answered(status: 503, retryAfter: nil),
    ]
    for outcome in sent {
      #expect(action(after: outcome) == .wait(until: 1150))
      #expect(end(action(after: outcome, isRepeatable: false))?.retry == .unsafe)
    }
    for outcome in [.failed(.connect), .failed(.connectTimeout)] as [AttemptOutcome] {
      #expect(action(after: outcome, isRepeatable: false) == .wait(until: 1150))
    }
  }

  @Test("What would get the same is not asked again")
  func pointless() {
    for status in [200, 301, 400, 404, 501, 505] {
      let ended = end(action(after: .answered(status: status, retryAfter: nil)))
      #expect(ended?.retry == .pointless, "status \(status)")
    }
    #expect(end(action(after: .failed(.answerTooLong)))?.retry == .pointless)
    // It may help later, but who knows when.
    let ended = end(action(after: .answered(status: 500, retryAfter: nil)))
    #expect(ended?.retry == .safe(after: .seconds(1)))
  }

  @Test("A wait that leaves no time to ask is not begun")
  func noTimeToWait() {
    #expect(action(after: .failed(.connect), callerDeadline: 1151) == .wait(until: 1150))
    let ended = end(action(after: .failed(.connect), callerDeadline: 1150))
    #expect(ended?.outcome == .failed(.connect))
    #expect(ended?.retry == .safe(after: .seconds(1)))
    #expect(ended?.limit == .caller)
  }

  @Test("Retries end with their budget")
  func budget() {
    var budget = RetryBudget(Self.policy.retries)
    var retried = 0
    for _ in 0..<20 {
      budget.deposit(at: 0)
      var call = CallMachine(Self.policy, at: 0, callerDeadline: nil, isRepeatable: true)
      _ = call.begin(at: 0)
      let action = call.ended(.failed(.connect), at: 0, draw: 0, budget: &budget)
      if case .wait = action { retried += 1 }
    }
    // A fifth of twenty; three would be allowed in any case.
    #expect(retried == 4)
  }

  @Test("`Retry-After` is a lower bound, up to what the policy waits for")
  func retryAfter() {
    let shorter = action(after: .answered(status: 429, retryAfter: 20))
    #expect(shorter == .wait(until: 1150))
    let longer = action(after: .answered(status: 429, retryAfter: 4000))
    #expect(longer == .wait(until: 5100))
    var policy = Self.policy
    policy.total = .seconds(60)
    let tooLong = end(action(after: .answered(status: 429, retryAfter: 5001), policy: policy))
    #expect(tooLong?.retry == .safe(after: .milliseconds(5001)))
  }

  @Test("Only seconds are read from `Retry-After`")
  func retryAfterField() {
    #expect(RetryAfter.milliseconds("120") == 120_000)
    #expect(RetryAfter.milliseconds("0") == 0)
    for text in ["", "-1", "1.5", "1234567890", "Fri, 31 Dec 1999 23:59:59 GMT"] {
      #expect(RetryAfter.milliseconds(text) == nil)
    }
  }
}
