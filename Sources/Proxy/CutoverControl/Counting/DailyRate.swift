// SPDX-License-Identifier: Apache-2.0

/// Legacy's share of bad requests over about the last day: older seconds weigh less and less.
package struct DailyRate: Sendable, Equatable, Codable {
  private static let secondsPerDay = 86_400.0

  private var requests = 0.0
  private var bad = 0.0

  package init() {}

  package mutating func tick(requests: Int, bad: Int) {
    let keep = 1 - 1 / Self.secondsPerDay
    self.requests = self.requests * keep + Double(requests)
    self.bad = self.bad * keep + Double(bad)
  }

  /// From 0 to 1; nil before the first request.
  package var value: Double? { requests > 0 ? bad / requests : nil }
}
