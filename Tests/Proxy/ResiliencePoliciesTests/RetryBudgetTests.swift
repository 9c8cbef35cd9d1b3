// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies
import Testing

@Suite("Retry budget")
struct RetryBudgetTests {
  @Test("However few the requests, three retries are allowed in ten seconds")
  func floor() {
    var budget = RetryBudget(RetryRules())
    budget.deposit(at: 0)
    let allowed = (0..<10).count { _ in budget.withdraw(at: 0) }
    #expect(allowed == 3)
    let within = budget.withdraw(at: 9000)
    #expect(!within)
    let after = budget.withdraw(at: 10_000)
    #expect(after)
  }

  @Test("A fifth of the requests of ten seconds may be sent again, all at once if need be")
  func share() {
    var budget = RetryBudget(RetryRules())
    for number in 0..<1000 { budget.deposit(at: UInt64(number) * 5) }
    let allowed = (0..<1000).count { _ in budget.withdraw(at: 5000) }
    #expect(allowed == 200)
  }

  @Test("A storm of failures is amplified by a fifth, not more", arguments: 1...10)
  func storm(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var budget = RetryBudget(RetryRules())
    var now: UInt64 = 0
    var requests = 0
    var retries = 0
    for _ in 0..<50_000 {
      now += random.next() % 3
      budget.deposit(at: now)
      requests += 1
      // Everything fails, and every failure asks for retries.
      for _ in 0..<3 where budget.withdraw(at: now) { retries += 1 }
    }
    #expect(retries > requests / 10, "seed \(seed): \(retries) of \(requests)")
    #expect(retries <= requests / 5 + requests / 100 + 3, "seed \(seed): \(retries) of \(requests)")
  }

  @Test("Waits double from 25 ms up to 250 ms and are drawn from the whole span")
  func delays() {
    let rules = RetryRules()
    var random = SeededRandom(seed: 3)
    for (retry, longest) in [(1, 50), (2, 100), (3, 200), (4, 250), (9, 250)] as [(Int, UInt64)] {
      let delays = (0..<5000).map { _ in rules.delay(beforeRetry: retry, draw: random.next()) }
      #expect(delays.allSatisfy { (25...longest).contains($0) })
      #expect(Set(delays).count == Int(longest) - 24, "seed 3, retry \(retry)")
    }
  }

  @Test("A wait has no span when both ends are equal, and cannot overflow")
  func delayLimits() {
    let still = RetryRules(shortestDelay: .milliseconds(5), longestDelay: .milliseconds(5))
    #expect(still.delay(beforeRetry: 1, draw: .max) == 5)
    let none = RetryRules(shortestDelay: .zero, longestDelay: .zero)
    #expect(none.delay(beforeRetry: 1000, draw: 77) == 0)
    let long = RetryRules(shortestDelay: .seconds(86_400), longestDelay: .seconds(86_400))
    #expect(long.delay(beforeRetry: 1000, draw: .max) == 86_400_000)
  }
}
