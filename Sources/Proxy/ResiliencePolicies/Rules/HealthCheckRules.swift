// SPDX-License-Identifier: Apache-2.0

/// How endpoints are asked whether they are well, apart from the traffic.
///
/// A check that passed lets an open breaker try requests at once.
public struct HealthCheckRules: Sendable, Equatable {
  /// Path of a GET request, which is asked as requests are, over TLS and in HTTP/2 where the
  /// upstream is spoken to so; any 2xx answer is a pass. nil only opens a connection, and shakes
  /// hands on it where there is TLS.
  public var path: String?
  /// Time between two checks of an endpoint; each wait is up to a tenth shorter or longer, so that
  /// many proxies do not ask at the same moment.
  public var interval: Duration
  /// How long a check may take; then it failed.
  public var timeout: Duration
  /// Passes in a row that bring an endpoint back.
  public var healthy: Int
  /// Failures in a row that take an endpoint out. The first check of all decides alone.
  public var unhealthy: Int

  /// Creates rules.
  public init(
    path: String? = nil, interval: Duration = .seconds(5), timeout: Duration = .seconds(2),
    healthy: Int = 2, unhealthy: Int = 3
  ) {
    self.path = path
    self.interval = interval
    self.timeout = timeout
    self.healthy = healthy
    self.unhealthy = unhealthy
  }
}
