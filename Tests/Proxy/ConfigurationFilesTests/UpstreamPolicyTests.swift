// SPDX-License-Identifier: Apache-2.0

import ConfigurationFiles
import Foundation
import ResiliencePolicies
import RoutingDecisions
import Testing

@Suite struct UpstreamPolicyTests {
  private static func decode(_ settings: String, workers: Int = 1) -> DecodedConfiguration {
    let text = """
      proxy: { workers: \(workers) }
      upstreams:
        legacy: { endpoints: ["127.0.0.1:9001"], \(settings) }
      routes: [ { name: rest, match: { path: /** }, legacy: legacy } ]
      """
    return ConfigurationFile.decode(text, file: "s.yaml")
  }

  @Test func everyPolicyIsRead() throws {
    let decoded = Self.decode(
      """
      balance: consistent-hash, hash-by: [ { header: x-user }, client-address ],
      health-check: { path: /health, interval: 1s, timeout: 2s, healthy: 3, unhealthy: 4 },
      breaker: { failures: 7, open: 8s, successes: 9, readmission: 10s },
      ejection: { failures: 11, failure-percent: 12, minimum-requests: 13, time: 14s },
      in-flight: { limit: 15, queue: 16, wait: 17ms },
      retries: { attempts: 2, budget-percent: 18, budget-floor: 19, shortest-delay: 20ms,
      longest-delay: 21ms, per-try: 22s, statuses: [502, 503], longest-retry-after: 23s },
      panic-percent: 24, resolve-every: 25s
      """)
    #expect(decoded.diagnostics == [])
    let expected = UpstreamPolicies(
      balance: .consistentHash, hashBy: [.header("x-user"), .clientAddress],
      healthCheck: HealthCheckRules(
        path: "/health", interval: .seconds(1), timeout: .seconds(2), healthy: 3, unhealthy: 4),
      breaker: .rules(
        BreakerRules(
          trip: .consecutive(failures: 7), open: .seconds(8), successes: 9,
          readmission: .seconds(10))),
      ejection: .rules(
        EjectionRules(
          consecutiveFailures: 11, failurePercent: 12, minimumRequests: 13, time: .seconds(14))),
      bulkhead: BulkheadRules(inFlight: 15, queue: 16, wait: .milliseconds(17)),
      retries: RetryRules(
        attempts: 2, budgetPercent: 18, budgetFloor: 19, shortestDelay: .milliseconds(20),
        longestDelay: .milliseconds(21), perTry: .seconds(22), statuses: [502, 503],
        longestRetryAfter: .seconds(23)),
      panicPercent: 24, resolveEvery: .seconds(25))
    #expect(decoded.configuration?.upstreams.first?.policies == expected)
  }

  @Test func whatIsNotWrittenKeepsItsDefault() {
    let decoded = Self.decode("health-check: {}, breaker: {}, in-flight: { limit: 3 }")
    #expect(decoded.diagnostics == [])
    #expect(
      decoded.configuration?.upstreams.first?.policies
        == UpstreamPolicies(
          healthCheck: HealthCheckRules(), breaker: .rules(BreakerRules()),
          bulkhead: BulkheadRules(inFlight: 3)))
  }

  @Test func policiesCanBeSwitchedOff() {
    let decoded = Self.decode("breaker: off, ejection: off, retries: off")
    #expect(decoded.diagnostics == [])
    #expect(
      decoded.configuration?.upstreams.first?.policies
        == UpstreamPolicies(breaker: .off, ejection: .off, retries: .off))
  }

  @Test func aBreakerMayGoByShares() {
    let decoded = Self.decode(
      "breaker: { failure-percent: 40, window: 5s, minimum-requests: 30 }")
    #expect(
      decoded.configuration?.upstreams.first?.policies.breaker
        == .rules(BreakerRules(trip: .rate(percent: 40, window: .seconds(5), minimum: 30))))
  }

  @Test(arguments: [
    (
      "breaker: { failures: 1, failure-percent: 2 }",
      "upstreams.legacy.breaker.failure-percent: expected this or failures, found both"
    ),
    (
      "breaker: { failures: 0 }",
      "upstreams.legacy.breaker.failures: expected 1 to 1000000, found 0"
    ),
    (
      "breaker: { open: 0s }",
      "upstreams.legacy.breaker.open: expected a duration from 1ms to 24h, found 0ms"
    ),
    (
      "health-check: { path: health }",
      "upstreams.legacy.health-check.path: expected a path such as /health, of visible ASCII "
        + "characters, found \"health\""
    ),
    (
      "health-check: { intervall: 1s }",
      "upstreams.legacy.health-check.intervall: unknown key; did you mean \"interval\"?"
    ),
    (
      "in-flight: { queue: 1 }",
      "upstreams.legacy.in-flight.limit: missing; expected a whole number"
    ),
    (
      "balance: random",
      "upstreams.legacy.balance: expected one of round-robin, least-requests, consistent-hash, "
        + "found \"random\""
    ),
    (
      "retries: { statuses: [404] }",
      "upstreams.legacy.retries.statuses[0]: expected 500 to 599, found 404"
    ),
    (
      "retries: { shortest-delay: 2s, longest-delay: 1s }",
      "upstreams.legacy.retries.longest-delay: expected a duration from 2000ms to 24h, found 1000ms"
    ),
    ("panic-percent: 101", "upstreams.legacy.panic-percent: expected 0 to 100, found 101"),
    (
      "ejection: { failure-percent: 0 }",
      "upstreams.legacy.ejection.failure-percent: expected 1 to 100, found 0"
    ),
  ])
  func mistakesAreFound(settings: String, expected: String) {
    let decoded = Self.decode(settings)
    #expect(decoded.configuration == nil)
    #expect(decoded.diagnostics.map(\.description).contains { $0.hasSuffix("error: " + expected) })
  }

  @Test func theFixtureSaysWhatTheDefaultsAre() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../fixtures/configs/resilience.yaml").standardized.path
    let decoded = ConfigurationFile.load(file)
    #expect(decoded.diagnostics == [])
    let upstreams = try #require(decoded.configuration).upstreams
    #expect(
      upstreams.map(\.policies) == [
        UpstreamPolicies(bulkhead: BulkheadRules(inFlight: 200)),
        UpstreamPolicies(
          balance: .consistentHash, hashBy: [.header("x-user-id"), .clientAddress],
          healthCheck: HealthCheckRules(path: "/health"), breaker: .rules(BreakerRules()),
          ejection: .rules(EjectionRules()), retries: RetryRules(perTry: .seconds(2))),
      ])
  }

  @Test func eachWorkerNeedsAPlace() {
    let decoded = Self.decode("in-flight: { limit: 3 }", workers: 4)
    #expect(
      decoded.diagnostics.first?.message
        == "each of the 4 workers needs a place of its own: expected at least 4, found 3")
  }

  @Test func aModuleHasNoEndpointsToCheck() {
    let text = """
      upstreams:
        legacy: { module: shop, health-check: {}, balance: least-requests, ejection: {},
                  breaker: {}, in-flight: { limit: 9 } }
      routes: [ { name: rest, match: { path: /** }, legacy: legacy } ]
      """
    let keys = ConfigurationFile.decode(text, file: "s.yaml").diagnostics.map(\.key)
    #expect(
      keys == [
        "upstreams.legacy.health-check", "upstreams.legacy.balance", "upstreams.legacy.ejection",
      ])
  }

  @Test func whatIsNeverLookedAtIsAWarning() {
    let decoded = Self.decode("hash-by: [ { cookie: session } ]")
    #expect(
      decoded.diagnostics.map(\.message) == ["only \"balance: consistent-hash\" looks at it"])
    #expect(decoded.configuration != nil)
  }
}
