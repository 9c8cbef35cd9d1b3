// SPDX-License-Identifier: Apache-2.0

public import ResiliencePolicies

/// How a service is called: how long that may take, how often it is tried, and what protects the
/// service from its callers and the callers from the service.
///
/// Retries, breaker and bulkhead are those of the proxy, with the defaults of a caller.
public struct ServiceCallPolicy: Sendable, Equatable {
  /// How long a connection may take to come about.
  public var connect: Duration
  /// How long a call may take, with every attempt and wait, until the answer is complete. Whoever
  /// asked this service may have less time left; then that counts.
  public var total: Duration
  /// How often and when a call is made again. Only what can do no harm is: what never reached the
  /// service, and what it may be asked twice, which is the methods that HTTP calls idempotent and
  /// whatever carries an `Idempotency-Key`.
  ///
  /// `perTry` bounds one attempt. Without it, an endpoint that never answers uses the whole time up
  /// and leaves none for another one.
  public var retries: RetryRules
  /// When an endpoint gets no more requests for a while. Each endpoint has a breaker of its own, so
  /// one dead instance of three is passed over, and the service only fails when all of them are
  /// open. Attempts count, not calls: connections that fail, answers that do not come, and statuses
  /// of 500 and above except 501 and 505. nil never opens.
  public var breaker: BreakerRules?
  /// How many attempts are under way at once over all endpoints, and how many wait for a place. A
  /// call that waits before its next attempt holds none. nil sets no limit.
  public var bulkhead: BulkheadRules?
  /// How calls are dealt to the endpoints. `consistentHash` keeps a path on one endpoint.
  public var balance: Balance
  /// Connections to each endpoint at most. With as many as there are places in the bulkhead no
  /// attempt ever waits for a connection.
  public var connections: Int
  /// Bytes of an answer's body at most; a longer one is an error, and its rest is not read.
  public var answerBytes: Int

  /// Creates a policy; the defaults suit a call within one data centre that somebody waits for.
  public init(
    connect: Duration = .seconds(2), total: Duration = .seconds(5),
    retries: RetryRules = .ofCaller, breaker: BreakerRules? = BreakerRules(readmission: .zero),
    bulkhead: BulkheadRules? = BulkheadRules(inFlight: 64), balance: Balance = .leastRequests,
    connections: Int = 64, answerBytes: Int = 4 << 20
  ) {
    self.connect = connect
    self.total = total
    self.retries = retries
    self.breaker = breaker
    self.bulkhead = bulkhead
    self.balance = balance
    self.connections = connections
    self.answerBytes = answerBytes
  }
}

extension RetryRules {
  /// Three attempts in all, 50 ms to a second apart, also after answers that say that the service
  /// cannot answer now.
  public static let ofCaller = RetryRules(
    attempts: 2, shortestDelay: .milliseconds(50), longestDelay: .seconds(1),
    statuses: [429, 502, 503, 504], longestRetryAfter: .seconds(5))
}
