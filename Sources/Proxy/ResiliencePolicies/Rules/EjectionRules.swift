// SPDX-License-Identifier: Apache-2.0

/// When an endpoint is left out because of how it answers the traffic.
///
/// Statistics over many hosts mean nothing for the one to three of an extracted service. An
/// endpoint is compared with its own past and with the other side of its routes instead: trouble
/// that both sides have at once, such as a database that is down, ejects nobody.
public struct EjectionRules: Sendable, Equatable {
  /// Failures with no success between them that eject.
  public var consecutiveFailures: Int
  /// Share of failures within ten seconds, in percent, that ejects when the endpoint's own past
  /// and the other side are clearly better.
  public var failurePercent: Int
  /// Requests of ten seconds below which shares are not judged.
  public var minimumRequests: Int
  /// How long an ejection lasts; each further one lasts as much longer, up to ten times.
  public var time: Duration

  /// Creates rules; the defaults suit a service of few hosts.
  public init(
    consecutiveFailures: Int = 5, failurePercent: Int = 30, minimumRequests: Int = 20,
    time: Duration = .seconds(30)
  ) {
    self.consecutiveFailures = consecutiveFailures
    self.failurePercent = failurePercent
    self.minimumRequests = minimumRequests
    self.time = time
  }
}
