// SPDX-License-Identifier: Apache-2.0

package import CutoverControl
import Foundation

/// Response times of one route: a heavy-tailed mixture that both sides share, and that wanders.
///
/// What a gate sees of a second is how many requests were slower than its threshold, so that is
/// what is drawn; single times would cost a thousand draws a second and tell it nothing more.
package struct SimulatedLatency: Sendable {
  /// One of the logarithmic normal distributions that requests are a mixture of.
  private struct Part {
    let weight: Double
    /// Logarithm of the median in milliseconds.
    let location: Double
    let spread: Double
  }

  /// Answers from memory, from the database, and those that wait for something.
  private static let parts = [
    Part(weight: 0.7, location: log(8), spread: 0.4),
    Part(weight: 0.27, location: log(40), spread: 0.6),
    Part(weight: 0.03, location: log(250), spread: 0.9),
  ]
  /// Standard deviation of the logarithm of the factor on all times of both sides, which wanders
  /// within a minute.
  private static let drift = 0.15
  private static let memory = exp(-1.0 / 60)
  /// Both sides are five times as slow, for five minutes.
  private static let incidentFactor = 5.0
  private static let incidentSeconds = 300

  /// Requests a second, both sides together.
  package var requestsPerSecond: Double
  /// Share of the extracted side, 0 to 1.
  package var share: Double
  /// Times slower than legacy the extracted side is.
  package var slowdown = 1.0
  /// Shared incidents an hour.
  package var incidentsPerHour = 0.0

  private var random: SimulatedRandom
  private var wander = 0.0
  private var incidentLeft = 0

  package init(seed: UInt64, requestsPerSecond: Double, share: Double) {
    random = SimulatedRandom(seed: seed)
    self.requestsPerSecond = requestsPerSecond
    self.share = share
  }

  /// Legacy's quantile while nothing wanders, in milliseconds.
  package static func milliseconds(atQuantile quantile: Double) -> Double {
    var (low, high) = (0.0, log(1e7))
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if slowShare(above: middle) > 1 - quantile { low = middle } else { high = middle }
    }
    return exp(low)
  }

  /// The counts of the next second by a gate's threshold.
  package mutating func second(by threshold: LatencyThreshold) -> BlockCounts {
    wander =
      Self.memory * wander
      + (1 - Self.memory * Self.memory).squareRoot() * Self.drift * random.normal()
    if incidentsPerHour > 0, random.unit() < incidentsPerHour / 3_600 {
      incidentLeft = Self.incidentSeconds
    }
    var shared = wander
    if incidentLeft > 0 {
      incidentLeft -= 1
      shared += log(Self.incidentFactor)
    }
    let legacy = random.poisson(requestsPerSecond * (1 - share))
    let extracted = random.poisson(requestsPerSecond * share)
    let slow = Self.slowShare(above: log(threshold.legacy) - shared)
    let other = Self.slowShare(above: log(threshold.extracted) - shared - log(slowdown))
    return BlockCounts(
      legacy: legacy, legacyBad: random.binomial(legacy, slow), extracted: extracted,
      extractedBad: random.binomial(extracted, other))
  }

  private static func slowShare(above logarithm: Double) -> Double {
    parts.reduce(0) { sum, part in
      sum + part.weight * 0.5 * erfc((logarithm - part.location) / part.spread / 2.squareRoot())
    }
  }
}
