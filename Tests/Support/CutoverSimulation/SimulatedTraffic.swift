// SPDX-License-Identifier: Apache-2.0

package import CutoverControl
import Foundation

/// Traffic of one route as counts a second: what both sides share, and what only one of them has.
package struct SimulatedTraffic: Sendable {
  /// Requests a second, both sides together.
  package var requestsPerSecond: Double
  /// Share of the extracted side, 0 to 1.
  package var share: Double
  /// Usual share of bad requests on legacy.
  package var legacyRate: Double
  /// The same on the extracted side; nil is legacy's.
  package var extractedRate: Double?
  /// Standard deviation of the logarithm of the rate that both sides share; it wanders within ten
  /// minutes.
  package var drift = 0.0
  /// Shared incidents an hour; 30 % of all requests fail for five minutes.
  package var incidentsPerHour = 0.0

  private static let incidentRate = 0.3
  private static let incidentSeconds = 300
  private static let memory = exp(-1.0 / 600)

  private var random: SimulatedRandom
  private var wander = 0.0
  private var incidentLeft = 0

  package init(
    seed: UInt64, requestsPerSecond: Double, share: Double, legacyRate: Double,
    extractedRate: Double? = nil
  ) {
    random = SimulatedRandom(seed: seed)
    self.requestsPerSecond = requestsPerSecond
    self.share = share
    self.legacyRate = legacyRate
    self.extractedRate = extractedRate
  }

  /// Begins a shared incident.
  package mutating func beginIncident() { incidentLeft = Self.incidentSeconds }

  /// The counts of the next second.
  package mutating func second() -> BlockCounts {
    var factor = 1.0
    if drift > 0 {
      let fresh = (1 - Self.memory * Self.memory).squareRoot() * drift
      wander = Self.memory * wander + fresh * random.normal()
      factor = exp(wander)
    }
    if incidentsPerHour > 0, random.unit() < incidentsPerHour / 3600 { beginIncident() }
    var floor = 0.0
    if incidentLeft > 0 {
      incidentLeft -= 1
      floor = Self.incidentRate
    }
    let legacy = random.poisson(requestsPerSecond * (1 - share))
    let extracted = random.poisson(requestsPerSecond * share)
    let rate = min(1, max(floor, legacyRate * factor))
    let other = min(1, max(floor, (extractedRate ?? legacyRate) * factor))
    return BlockCounts(
      legacy: legacy, legacyBad: random.binomial(legacy, rate), extracted: extracted,
      extractedBad: random.binomial(extracted, other))
  }
}
