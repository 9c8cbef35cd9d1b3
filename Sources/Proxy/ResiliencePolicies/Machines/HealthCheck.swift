// SPDX-License-Identifier: Apache-2.0

/// What the checks of one endpoint say so far.
package struct HealthCheck: Sendable {
  /// The endpoint may be used; it may before the first check.
  package private(set) var isHealthy = true

  private let rules: HealthCheckRules
  private var wasChecked = false
  /// Checks in a row that contradict the state.
  private var contradictions = 0

  package init(_ rules: HealthCheckRules) { self.rules = rules }

  /// A check ended.
  ///
  /// - Returns: whether the endpoint's health changed.
  package mutating func record(passed: Bool) -> Bool {
    defer { wasChecked = true }
    if passed == isHealthy {
      contradictions = 0
      return false
    }
    contradictions += 1
    let needed = isHealthy ? rules.unhealthy : rules.healthy
    guard contradictions >= needed || !wasChecked else { return false }
    isHealthy = passed
    contradictions = 0
    return true
  }
}

extension HealthCheckRules {
  /// Milliseconds until the next check, nine to eleven tenths of the interval.
  ///
  /// - Parameter draw: a random number, drawn for this wait.
  package func wait(draw: UInt64) -> UInt64 {
    let interval = interval.milliseconds
    return interval - interval / 10 + draw % (interval / 5 + 1)
  }

  /// Milliseconds before an endpoint is checked first: spread over an interval of at most one
  /// second.
  package func firstWait(draw: UInt64) -> UInt64 { draw % (min(interval.milliseconds, 1000) + 1) }
}
