// SPDX-License-Identifier: Apache-2.0

/// How often requests are sent again.
///
/// Only what HTTP allows is ever sent again; these rules bound it further. Attempts to connect are
/// not retries, since nothing was sent.
public struct RetryRules: Sendable, Equatable {
  /// Times one request is sent again at most.
  public var attempts: Int
  /// Retries allowed per hundred requests of the last ten seconds, in each worker.
  public var budgetPercent: Int
  /// Retries of ten seconds that are allowed however few the requests.
  public var budgetFloor: Int
  /// Shortest wait before a request is sent again, from the second time on.
  public var shortestDelay: Duration
  /// Longest wait before a request is sent again.
  public var longestDelay: Duration
  /// How long the upstream may take for one try, up to its response head; nil leaves that to the
  /// timeouts of the proxy.
  public var perTry: Duration?
  /// Statuses for which an idempotent request is sent again; a `Retry-After` of the answer is
  /// waited for.
  public var statuses: [Int]
  /// The longest `Retry-After` that is waited for. An answer that asks for more goes to the client.
  public var longestRetryAfter: Duration

  /// Creates rules; the defaults are those of the design.
  public init(
    attempts: Int = 1, budgetPercent: Int = 20, budgetFloor: Int = 3,
    shortestDelay: Duration = .milliseconds(25), longestDelay: Duration = .milliseconds(250),
    perTry: Duration? = nil, statuses: [Int] = [], longestRetryAfter: Duration = .seconds(1)
  ) {
    self.attempts = attempts
    self.budgetPercent = budgetPercent
    self.budgetFloor = budgetFloor
    self.shortestDelay = shortestDelay
    self.longestDelay = longestDelay
    self.perTry = perTry
    self.statuses = statuses
    self.longestRetryAfter = longestRetryAfter
  }

  /// Sends nothing again; connections are still tried more than once.
  public static let off = RetryRules(attempts: 0)
}
