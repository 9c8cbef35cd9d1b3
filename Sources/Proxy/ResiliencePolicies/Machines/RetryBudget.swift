// SPDX-License-Identifier: Apache-2.0

/// Bounds retries to a share of the requests, so that an upstream in trouble is not given more
/// work because of it.
///
/// The share is taken of the last ten seconds and not of the requests under way: an endpoint that
/// dies fails all of its requests in the same moment, and those are the retries that help.
package struct RetryBudget: Sendable {
  package static let window: UInt64 = 10_000

  private let percent: UInt64
  private let floor: UInt64
  /// Requests first, retries second.
  private var counts = SlidingWindow(length: window)

  package init(_ rules: RetryRules) {
    percent = UInt64(rules.budgetPercent)
    floor = UInt64(rules.budgetFloor)
  }

  /// A request came that is not a retry.
  package mutating func deposit(at now: UInt64) { counts.add(first: 1, second: 0, at: now) }

  /// Takes a retry out of the budget; false when it is used up.
  package mutating func withdraw(at now: UInt64) -> Bool {
    counts.advance(to: now)
    guard counts.secondSum < max(floor, counts.firstSum * percent / 100) else { return false }
    counts.add(first: 0, second: 1, at: now)
    return true
  }
}

extension RetryRules {
  /// How long a request waits before it is sent again, in milliseconds: full jitter over a span
  /// that doubles, so that requests which failed together do not come back together.
  ///
  /// - Parameters:
  ///   - retry: 1 for the first time.
  ///   - draw: a random number, drawn for this wait.
  package func delay(beforeRetry retry: Int, draw: UInt64) -> UInt64 {
    let shortest = shortestDelay.milliseconds
    let longest = max(shortest, longestDelay.milliseconds)
    let (doubled, overflow) = shortest.multipliedReportingOverflow(by: 1 << min(max(retry, 1), 32))
    let span = (overflow ? longest : min(longest, doubled)) - shortest
    return shortest + draw % (span + 1)
  }
}
