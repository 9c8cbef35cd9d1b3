// SPDX-License-Identifier: Apache-2.0

/// What is measured while a cutover is under way; any of it can take the routes back.
public struct CutoverGates: Sendable, Equatable, Codable {
  /// Failed requests; always measured.
  public var errors: ErrorGateRules
  /// Slow requests, one for each quantile; p95 and p99 unless said otherwise.
  public var latency: [LatencyGateRules]
  /// Shadow comparisons; nil does not measure them.
  public var mismatches: MismatchGateRules?

  /// Creates gates.
  public init(
    errors: ErrorGateRules = .init(),
    latency: [LatencyGateRules] = [LatencyGateRules(quantile: 0.95), .init(quantile: 0.99)],
    mismatches: MismatchGateRules? = nil
  ) {
    self.errors = errors
    self.latency = latency
    self.mismatches = mismatches
  }

  /// Number of gates of a route.
  public var count: Int { 1 + latency.count + (mismatches == nil ? 0 : 1) }
}

/// How many more failed requests are tolerated. Routes whose sides fluctuate apart by a fifth or
/// more from minute to minute want a ratio of 1.5 and a margin of 0.001.
public struct ErrorGateRules: Sendable, Equatable, Codable {
  /// Tolerated factor on legacy's rate, at least 1.
  public var ratio: Double
  /// Tolerated share on top, from 0 to 1.
  public var margin: Double
  /// Highest tolerated share where there is no legacy to compare with; nil takes 2 %, or three
  /// times legacy's rate of the last day if that is more.
  public var ceiling: Double?

  /// Creates rules.
  public init(ratio: Double = 1.25, margin: Double = 0.0005, ceiling: Double? = nil) {
    self.ratio = ratio
    self.margin = margin
    self.ceiling = ceiling
  }
}

/// How much slower the extracted side may be.
public struct LatencyGateRules: Sendable, Equatable, Codable {
  /// Such as 0.95: the slowest twentieth of legacy's requests is called slow.
  public var quantile: Double
  /// How many times slower a request of the extracted side may be, at least 1.
  public var slowdown: Double
  /// Tolerated factor on the share of slow requests, at least 1. Above 1,000 requests a second,
  /// where a wobble of one side alone is significant at once, 1.25 with a slowdown of 1.1.
  public var ratio: Double

  /// Creates rules.
  public init(quantile: Double, slowdown: Double = 1.15, ratio: Double = 1.1) {
    self.quantile = quantile
    self.slowdown = slowdown
    self.ratio = ratio
  }
}

/// How many differing answers are tolerated.
public struct MismatchGateRules: Sendable, Equatable, Codable {
  /// Tolerated share of comparisons in which the extracted answer is the odd one out, 0 to 1.
  public var margin: Double
  /// Somebody approved every path that is still compared as free of noise: any difference then
  /// counts against the extracted side, and legacy's own are not set off against them.
  public var areStable: Bool

  /// Creates rules.
  public init(margin: Double = 0.0002, areStable: Bool = false) {
    self.margin = margin
    self.areStable = areStable
  }
}
