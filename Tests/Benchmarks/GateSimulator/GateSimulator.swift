// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import CutoverSimulation

/// Prints how often gates roll back equal services and how soon they see bad ones, on seeds of its
/// own. Takes minutes; measure release builds only:
///
///     STRANGLER_AREAS=Proxy swift run -c release gate-simulator
@main
struct GateSimulator {
  static func main() {
    falseRollbacks()
    detections()
    promotions()
  }

  /// 500 cutovers of four stages of six hours, 100 requests a second, drift and incidents.
  private static func falseRollbacks() {
    print("Equal sides, 4 x 6 h, drift of 30 %, an incident of 30 % every 6 h: rolled back of 500")
    for rate in [0.001, 0.01] {
      var count = 0
      for seed in 1...500 as ClosedRange<UInt64> {
        var traffic = SimulatedTraffic(
          seed: seed &+ 70_000, requestsPerSecond: 100, share: 0, legacyRate: rate)
        traffic.drift = 0.3
        traffic.incidentsPerHour = 1.0 / 6
        if GateRun.cutover(traffic, secondsPerStage: 21_600) { count += 1 }
      }
      print("  base \(rate * 100) %: \(count)")
    }
  }

  private static func detections() {
    print("Bad from the start of a stage: seconds median/p95, bad requests median/p95, of 200")
    let cases: [(Double, Double, Double, Double, Int)] = [
      (10, 0.05, 0.001, 0.05, 20_000), (100, 0.05, 0.001, 0.05, 5_000),
      (100, 0.05, 0.001, 0.01, 20_000), (100, 0.05, 0.01, 0.02, 50_000),
      (100, 0.5, 0.001, 0.05, 5_000), (1_000, 0.05, 0.001, 0.05, 5_000),
      (5_000, 0.01, 0.001, 0.05, 5_000), (5_000, 0.5, 0.001, 0.05, 5_000),
    ]
    for (rps, share, legacy, extracted, limit) in cases {
      let found = (1...200 as ClosedRange<UInt64>).compactMap { seed in
        GateRun.detection(
          SimulatedTraffic(
            seed: seed &+ 80_000, requestsPerSecond: rps, share: share, legacyRate: legacy,
            extractedRate: extracted), limit: limit)
      }
      let (seconds, bad) = (found.map(\.seconds), found.map(\.bad))
      print(
        "  \(rps)/s, \(share * 100) %, \(legacy * 100) -> \(extracted * 100) %: "
          + "\(GateRun.quantile(seconds, 0.5))/\(GateRun.quantile(seconds, 0.95)) s, "
          + "\(GateRun.quantile(bad, 0.5))/\(GateRun.quantile(bad, 0.95)) bad, "
          + "\(found.count) seen")
    }
  }

  private static func promotions() {
    print("Promotion at 5 %: requests median/p90 of 200 equal; wrong of 1,000 at the border")
    for tolerance in [0.002, 0.005] {
      for rate in [0.0, 0.001, 0.01] {
        let needed = (1...200 as ClosedRange<UInt64>).map { seed in
          GateRun.promotion(
            SimulatedTraffic(
              seed: seed &+ 90_000, requestsPerSecond: 1_000, share: 0.05, legacyRate: rate),
            tolerance: tolerance, limit: 1_000_000) ?? .max
        }
        let wrong = (1...1_000 as ClosedRange<UInt64>).count { seed in
          let traffic = SimulatedTraffic(
            seed: seed &+ 95_000, requestsPerSecond: 1_000, share: 0.05, legacyRate: rate,
            extractedRate: rate + tolerance)
          return GateRun.promotion(traffic, tolerance: tolerance, limit: 50_000) != nil
        }
        print(
          "  tolerance \(tolerance * 100) %, legacy \(rate * 100) %: "
            + "\(GateRun.quantile(needed, 0.5))/\(GateRun.quantile(needed, 0.9)), wrong \(wrong)")
      }
    }
  }
}
