// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies

/// The keys of an upstream that say how it is used.
extension ConfigurationDecoder {
  func decodePolicies(_ reader: inout MappingReader) -> UpstreamPolicies {
    var policies = UpstreamPolicies()
    policies.balance = reader.value("balance", as: .balance) ?? policies.balance
    if let keys = reader.child("hash-by") { policies.hashBy = decodeSticky(keys) }
    if let check = reader.child("health-check") {
      policies.healthCheck = decodeHealthCheck(check)
    }
    if let breaker = reader.child("breaker") {
      policies.breaker = decodeSetting(breaker, decodeBreaker)
    }
    if let ejection = reader.child("ejection") {
      policies.ejection = decodeSetting(ejection, decodeEjection)
    }
    if let limits = reader.child("in-flight") { policies.bulkhead = decodeBulkhead(limits) }
    if let retries = reader.child("retries") {
      policies.retries = isOff(retries) ? .off : decodeRetries(retries)
    }
    policies.panicPercent = reader.value("panic-percent", as: .count) ?? policies.panicPercent
    policies.resolveEvery = reader.value("resolve-every", as: .duration) ?? policies.resolveEvery
    return policies
  }

  func isOff(_ child: MappingReader.Child) -> Bool {
    if case .scalar("off") = child.node.value { true } else { false }
  }

  private func decodeSetting<Rules>(
    _ child: MappingReader.Child, _ decode: (MappingReader.Child) -> Rules?
  ) -> PolicySetting<Rules> {
    if isOff(child) { return .off }
    return decode(child).map { .rules($0) } ?? .standard
  }

  private func decodeHealthCheck(_ child: MappingReader.Child) -> HealthCheckRules? {
    let expected = "{ path: /health, interval, timeout, healthy, unhealthy }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    var rules = HealthCheckRules()
    rules.path = reader.value("path", as: .checkedPath)
    read("interval", .duration, &reader, &rules.interval)
    read("timeout", .duration, &reader, &rules.timeout)
    read("healthy", .count, &reader, &rules.healthy)
    read("unhealthy", .count, &reader, &rules.unhealthy)
    reader.finish()
    return rules
  }

  /// `failures` counts those in a row, `failure-percent` a share within `window`.
  private func decodeBreaker(_ child: MappingReader.Child) -> BreakerRules? {
    let expected = "{ failures, open, successes, readmission }, or off"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    var rules = BreakerRules()
    let failures = reader.value("failures", as: .count)
    let share = reader.child("failure-percent")
    let window = reader.value("window", as: .duration) ?? .seconds(10)
    let minimum = reader.value("minimum-requests", as: .count) ?? 20
    if let share {
      if failures != nil {
        findings.error(share.key, at: share.node.mark, "expected this or failures, found both")
      } else if let percent = ScalarType.count.read(share, findings) {
        rules.trip = .rate(percent: percent, window: window, minimum: minimum)
      }
    } else if let failures {
      rules.trip = .consecutive(failures: failures)
    }
    read("open", .duration, &reader, &rules.open)
    read("successes", .count, &reader, &rules.successes)
    read("readmission", .duration, &reader, &rules.readmission)
    reader.finish()
    return rules
  }

  private func decodeEjection(_ child: MappingReader.Child) -> EjectionRules? {
    let expected = "{ failures, failure-percent, minimum-requests, time }, or off"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    var rules = EjectionRules()
    read("failures", .count, &reader, &rules.consecutiveFailures)
    read("failure-percent", .count, &reader, &rules.failurePercent)
    read("minimum-requests", .count, &reader, &rules.minimumRequests)
    read("time", .duration, &reader, &rules.time)
    reader.finish()
    return rules
  }

  private func decodeBulkhead(_ child: MappingReader.Child) -> BulkheadRules? {
    let expected = "{ limit, queue, wait }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    var rules = reader.required("limit", as: .count).map { BulkheadRules(inFlight: $0) }
    if let queue = reader.value("queue", as: .count) { rules?.queue = queue }
    if let wait = reader.value("wait", as: .duration) { rules?.wait = wait }
    reader.finish()
    return rules
  }

  private func decodeRetries(_ child: MappingReader.Child) -> RetryRules {
    var rules = RetryRules()
    let expected = "{ attempts, budget-percent, budget-floor, statuses, ... }, or off"
    guard var reader = MappingReader(child, expected: expected, findings) else { return rules }
    read("attempts", .count, &reader, &rules.attempts)
    read("budget-percent", .count, &reader, &rules.budgetPercent)
    read("budget-floor", .count, &reader, &rules.budgetFloor)
    read("shortest-delay", .duration, &reader, &rules.shortestDelay)
    read("longest-delay", .duration, &reader, &rules.longestDelay)
    rules.perTry = reader.value("per-try", as: .duration)
    if let statuses = reader.child("statuses") {
      rules.statuses = items(statuses, expected: "a list such as [502, 503]").compactMap {
        ScalarType.count.read($0, findings)
      }
    }
    read("longest-retry-after", .duration, &reader, &rules.longestRetryAfter)
    reader.finish()
    return rules
  }

  private func read<Value>(
    _ name: String, _ type: ScalarType<Value>, _ reader: inout MappingReader,
    _ value: inout Value
  ) {
    if let found = reader.value(name, as: type) { value = found }
  }
}

extension ScalarType where Value == Balance {
  static let balance = ScalarType(
    expected: "one of " + Value.allCases.map(\.rawValue).joined(separator: ", "),
    parse: { Value(rawValue: $0) })
}

extension ScalarType where Value == String {
  /// It stands in a request line unescaped.
  static let checkedPath = ScalarType(
    expected: "a path such as /health, of visible ASCII characters"
  ) { text in
    text.hasPrefix("/") && text.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? text : nil
  }
}
