// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import CutoverSimulation
import Testing

/// Excerpts of what `gate-simulator` measures, small enough for a debug build.
@Suite("Simulated gates")
struct SimulatedGateTests {
  /// The full run is 500 cutovers of 4 x 6 h at each rate, of which at most 3 may be rolled back.
  @Test("Equal sides are not rolled back", arguments: [0.001, 0.01])
  func equalSides(rate: Double) {
    var rolledBack: [UInt64] = []
    for seed in 1...20 as ClosedRange<UInt64> {
      var traffic = SimulatedTraffic(
        seed: seed &+ 1_000, requestsPerSecond: 100, share: 0, legacyRate: rate)
      traffic.drift = 0.3
      traffic.incidentsPerHour = 1
      if GateRun.cutover(traffic, secondsPerStage: 1_800) { rolledBack.append(seed) }
    }
    #expect(rolledBack.isEmpty, "seeds \(rolledBack)")
  }

  /// 200 runs, as in the full numbers: 22 s and 6 bad requests (median).
  @Test("At 100 requests a second and 5 %, 5 % errors are seen in half a minute")
  func delayAtHundred() throws {
    let found = (1...200 as ClosedRange<UInt64>).compactMap { seed in
      GateRun.detection(
        SimulatedTraffic(
          seed: seed &+ 2_000, requestsPerSecond: 100, share: 0.05, legacyRate: 0.001,
          extractedRate: 0.05), limit: 1_000)
    }
    #expect(found.count == 200)
    #expect((15...35).contains(GateRun.quantile(found.map(\.seconds), 0.5)))
    #expect((5...9).contains(GateRun.quantile(found.map(\.bad), 0.5)))
  }

  @Test("At 5,000 requests a second and 50 % it takes 4 s")
  func delayAtFiveThousand() {
    let found = (1...20 as ClosedRange<UInt64>).compactMap { seed in
      GateRun.detection(
        SimulatedTraffic(
          seed: seed &+ 3_000, requestsPerSecond: 5_000, share: 0.5, legacyRate: 0.001,
          extractedRate: 0.05), limit: 60)
    }
    #expect(found.count == 20)
    #expect((3...5).contains(GateRun.quantile(found.map(\.seconds), 0.5)))
  }

  @Test("An incident that both sides share for five minutes rolls nothing back", arguments: 1...10)
  func sharedIncident(seed: UInt64) {
    var traffic = SimulatedTraffic(
      seed: seed &+ 4_000, requestsPerSecond: 100, share: 0.05, legacyRate: 0.001)
    var gate = GateRun.errorGate()
    for second in 0..<600 {
      if second == 150 { traffic.beginIncident() }
      gate.tick(traffic.second(), against: .concurrentLegacy)
      #expect(!gate.hasFired, "seed \(seed), second \(second)")
    }
  }

  /// The bound is 5 %; the full run has 1,000 at the border.
  @Test("A service that is worse by the tolerance is seldom promoted")
  func wrongPromotions() {
    let wrong = (1...100 as ClosedRange<UInt64>).count { seed in
      let traffic = SimulatedTraffic(
        seed: seed &+ 5_000, requestsPerSecond: 1_000, share: 0.05, legacyRate: 0.001,
        extractedRate: 0.006)
      return GateRun.promotion(traffic, tolerance: 0.005, limit: 10_000) != nil
    }
    #expect(wrong <= 12, "\(wrong) of 100")
  }
}
