// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies
import Testing

@Suite("Health check")
struct HealthCheckTests {
  @Test("Three failures in a row take out, two passes in a row bring back")
  func thresholds() {
    var check = HealthCheck(HealthCheckRules())
    let results: [(passed: Bool, changes: Bool)] = [
      (true, false), (false, false), (false, false), (true, false), (false, false),
      (false, false), (false, true), (false, false), (true, false), (false, false),
      (true, false), (true, true), (true, false),
    ]
    for (index, result) in results.enumerated() {
      let hasChanged = check.record(passed: result.passed)
      #expect(hasChanged == result.changes, "check \(index)")
    }
    #expect(check.isHealthy)
  }

  @Test("The first check decides alone; before it the endpoint may be used")
  func first() {
    var check = HealthCheck(HealthCheckRules())
    #expect(check.isHealthy)
    let hasChanged = check.record(passed: false)
    #expect(hasChanged)
    #expect(!check.isHealthy)
  }

  @Test("Waits are a tenth shorter to a tenth longer than the interval")
  func jitter() {
    let rules = HealthCheckRules(interval: .milliseconds(1000))
    var random = SeededRandom(seed: 11)
    let waits = (0..<5000).map { _ in rules.wait(draw: random.next()) }
    #expect(waits.min() == 900, "seed 11")
    #expect(waits.max() == 1100, "seed 11")
    #expect((0..<5000).allSatisfy { _ in rules.firstWait(draw: random.next()) <= 1000 })
  }
}
