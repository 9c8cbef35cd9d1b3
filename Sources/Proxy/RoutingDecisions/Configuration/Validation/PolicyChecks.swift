// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies

extension ConfigurationChecks {
  mutating func checkPolicies(of upstream: UpstreamConfiguration, _ key: String) {
    let policies = upstream.policies
    check(policies.panicPercent, in: 0...100, "\(key).panic-percent")
    check(policies.resolveEvery, "\(key).resolve-every", least: .milliseconds(100))
    if policies.balance == .consistentHash, policies.hashBy.isEmpty {
      error("\(key).hash-by", "expected at least one place for the key, or no such key")
    }
    if policies.balance != .consistentHash, policies.hashBy != [.clientAddress] {
      warning("\(key).hash-by", "only \"balance: consistent-hash\" looks at it")
    }
    if let rules = policies.healthCheck { checkHealthCheck(rules, "\(key).health-check") }
    if case .rules(let rules) = policies.breaker { checkBreaker(rules, "\(key).breaker") }
    if case .rules(let rules) = policies.ejection { checkEjection(rules, "\(key).ejection") }
    if let rules = policies.bulkhead { checkBulkhead(rules, "\(key).in-flight") }
    checkRetries(policies.retries, "\(key).retries")
    checkModule(upstream, key)
    checkProtocol(upstream, key)
  }

  /// A module has no endpoints to choose among or to check.
  private mutating func checkModule(_ upstream: UpstreamConfiguration, _ key: String) {
    guard case .module = upstream.target else { return }
    if upstream.policies.healthCheck != nil {
      error("\(key).health-check", "a module is part of this process; there is nothing to check")
    }
    if upstream.policies.balance != .roundRobin {
      error("\(key).balance", "a module has no endpoints to choose among")
    }
    if case .rules = upstream.policies.ejection {
      error("\(key).ejection", "a module has no endpoints to leave out; use breaker")
    }
  }

  private mutating func checkProtocol(_ upstream: UpstreamConfiguration, _ key: String) {
    guard upstream.wireProtocol == .http2 else { return }
    if case .module = upstream.target {
      error("\(key).protocol", "a module is called without a connection; leave the key out")
    }
  }

  private mutating func checkHealthCheck(_ rules: HealthCheckRules, _ key: String) {
    check(rules.interval, "\(key).interval", least: .milliseconds(10))
    check(rules.timeout, "\(key).timeout", least: .milliseconds(1))
    check(rules.healthy, in: 1...1000, "\(key).healthy")
    check(rules.unhealthy, in: 1...1000, "\(key).unhealthy")
  }

  private mutating func checkBreaker(_ rules: BreakerRules, _ key: String) {
    switch rules.trip {
    case .consecutive(let failures): check(failures, in: 1...1_000_000, "\(key).failures")
    case .rate(let percent, let window, let minimum):
      check(percent, in: 1...100, "\(key).failure-percent")
      check(window, "\(key).window", least: .milliseconds(10))
      check(minimum, in: 1...1_000_000, "\(key).minimum-requests")
    }
    check(rules.open, "\(key).open", least: .milliseconds(1))
    check(rules.successes, in: 1...1000, "\(key).successes")
    check(rules.readmission, "\(key).readmission", least: .zero)
  }

  private mutating func checkEjection(_ rules: EjectionRules, _ key: String) {
    check(rules.consecutiveFailures, in: 1...1_000_000, "\(key).failures")
    check(rules.failurePercent, in: 1...100, "\(key).failure-percent")
    check(rules.minimumRequests, in: 1...1_000_000, "\(key).minimum-requests")
    check(rules.time, "\(key).time", least: .milliseconds(1))
  }

  private mutating func checkBulkhead(_ rules: BulkheadRules, _ key: String) {
    check(rules.inFlight, in: 1...1_000_000, "\(key).limit")
    check(rules.queue, in: 0...1_000_000, "\(key).queue")
    check(rules.wait, "\(key).wait", least: .milliseconds(1))
    if rules.inFlight < configuration.workers {
      error(
        "\(key).limit",
        "each of the \(configuration.workers) workers needs a place of its own: expected at least "
          + "\(configuration.workers), found \(rules.inFlight)")
    }
  }

  private mutating func checkRetries(_ rules: RetryRules, _ key: String) {
    check(rules.attempts, in: 0...10, "\(key).attempts")
    check(rules.budgetPercent, in: 0...100, "\(key).budget-percent")
    check(rules.budgetFloor, in: 0...1000, "\(key).budget-floor")
    check(rules.shortestDelay, "\(key).shortest-delay", least: .zero)
    check(rules.longestDelay, "\(key).longest-delay", least: rules.shortestDelay)
    if let time = rules.perTry { check(time, "\(key).per-try", least: .milliseconds(1)) }
    check(rules.longestRetryAfter, "\(key).longest-retry-after", least: .zero)
    for (index, status) in rules.statuses.enumerated() {
      check(status, in: 500...599, "\(key).statuses[\(index)]")
    }
  }

  /// Longer than a day is a slip of the pen.
  mutating func check(_ time: Duration, _ key: String, least: Duration) {
    if time >= least, time <= .seconds(86_400) { return }
    error(key, "expected a duration from \(Self.text(least)) to 24h, found \(Self.text(time))")
  }

  private static func text(_ time: Duration) -> String { "\(time.milliseconds)ms" }
}
