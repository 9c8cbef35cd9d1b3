// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import CutoverSimulation
import RoutingDecisions
import Testing

/// Excerpts of what `gate-simulator` measures, small enough for a debug build.
@Suite("Simulated gates")
struct SimulatedGateTests {
  /// The full run is 500 cutovers of 4 x 6 h at each rate, of which at most 3 may be rolled back.
  @Test("Equal sides are not rolled back", arguments: [0.001, 0.01])
  func equalSides(rate: Double) {
    var rolledBack: [UInt64] = []
    for seed in 1...10 as ClosedRange<UInt64> {
      var traffic = SimulatedTraffic(
        seed: seed &+ 1_000, requestsPerSecond: 100, share: 0, legacyRate: rate)
      traffic.drift = 0.3
      traffic.incidentsPerHour = 6
      if GateRun.cutover(traffic, secondsPerStage: 300) { rolledBack.append(seed) }
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
      gate.tick(
        traffic.second().errors(against: .concurrentLegacy), against: .concurrentLegacy)
      #expect(!gate.hasFired, "seed \(seed), second \(second)")
    }
  }

  /// The bound is 5 %; the full run has 1,000 at the border.
  @Test("A service that is worse by the tolerance is seldom promoted")
  func wrongPromotions() {
    let wrong = (1...100 as ClosedRange<UInt64>).count { seed in
      let traffic = SimulatedTraffic(
        seed: seed &+ 5_000, requestsPerSecond: 1_000, share: 0.5, legacyRate: 0.001,
        extractedRate: 0.006)
      return GateRun.promotion(traffic, tolerance: 0.005, limit: 5_000) != nil
    }
    #expect(wrong <= 12, "\(wrong) of 100")
  }

  /// Every bucket of 5,000 fails within seconds: what is counted once a user must not be divided by
  /// all that all users ask.
  @Test("Twice the errors of a busy legacy are seen, however many users fail")
  func busy() throws {
    for (rates, limit) in [((0.01, 0.02), 150), ((0.1, 0.2), 90)] {
      let found = (1...3 as ClosedRange<UInt64>).compactMap { seed in
        GateRun.detection(
          SimulatedTraffic(
            seed: seed &+ 6_000, requestsPerSecond: 5_000, share: 0.5, legacyRate: rates.0,
            extractedRate: rates.1), limit: limit)
      }
      #expect(found.count == 3, "\(rates)")
    }
  }

  @Test(
    "A release that fails ten times as often is taken back from forty users, and never promoted",
    arguments: [(0.5, 0.03, 0.3), (0.1, 0.02, 0.12), (0.1, 0, 0.05), (0.5, 0, 0.5)]
      as [(Double, Double, Double)])
  func fewUsers(share: Double, legacy: Double, extracted: Double) {
    for seed in 1...10 as ClosedRange<UInt64> {
      var traffic = SimulatedTraffic(
        seed: seed &+ 7_000, requestsPerSecond: 160, share: share, legacyRate: legacy,
        extractedRate: extracted)
      traffic.users = 40
      let (rolledBack, promoted) = GateRun.stage(traffic, limit: 900)
      #expect(rolledBack != nil && promoted == nil, "seed \(seed): \(String(describing: promoted))")
    }
  }

  /// The full run has 200 of each.
  @Test("Noise in every answer hides no two wrong ones of a hundred, and is no reason to go back")
  func noisyAnswers() {
    let found = (1...9 as ClosedRange<UInt64>).compactMap { seed in
      GateRun.comparisons(NoisyAnswers(seed: seed &+ 9_000, rate: 0.02), limit: 8_000)
    }
    #expect(found.count == 9 && GateRun.quantile(found, 0.5) <= 2_500, "\(found)")
    for seed in 1...5 as ClosedRange<UInt64> {
      let fired = GateRun.comparisons(NoisyAnswers(seed: seed &+ 9_100, rate: 0), limit: 4_000)
      #expect(fired == nil, "seed \(seed)")
    }
  }

  @Test("Equal sides of forty users are not taken back", arguments: [0.001, 0.03, 0.3])
  func fewEqual(rate: Double) {
    for seed in 1...10 as ClosedRange<UInt64> {
      var traffic = SimulatedTraffic(
        seed: seed &+ 8_000, requestsPerSecond: 160, share: 0.1, legacyRate: rate)
      traffic.users = 40
      #expect(GateRun.stage(traffic, soak: 600, limit: 600).rolledBack == nil, "seed \(seed)")
    }
  }

  @Test("What fails only behind a page that does not is seen, and is nothing where legacy does too")
  func behindPage() {
    for seed in 1...5 as ClosedRange<UInt64> {
      var traffic = SimulatedTraffic(
        seed: seed &+ 8_500, requestsPerSecond: 50, share: 0.1, legacyRate: 0.001,
        extractedRate: 0.1)
      (traffic.areVisits, traffic.users) = (true, 1_000)
      let bad = GateRun.stage(traffic, limit: 600)
      #expect(bad.rolledBack.map { $0 <= 60 } == true && bad.promoted == nil, "seed \(seed)")
      traffic.extractedRate = 0.001
      #expect(GateRun.stage(traffic, soak: 600, limit: 600).rolledBack == nil, "seed \(seed)")
    }
  }

  @Test("A broken account on legacy keeps nobody else from being compared where few are left there")
  func loopOnLegacy() {
    var traffic = SimulatedTraffic(
      seed: 9_500, requestsPerSecond: 20, share: 0.95, legacyRate: 0, extractedRate: 0)
    (traffic.users, traffic.loops, traffic.loopingSide) = (1_000, 5, .legacy)
    // In its first minute it is one who was judged a moment ago.
    for _ in 0..<60 { _ = traffic.second() }
    for second in 60..<480 {
      let counts = traffic.second()
      let judged = counts.errors(against: .concurrentLegacy)
      #expect(judged.extracted == counts.extracted.judged, "second \(second)")
    }
  }

  /// As a broken account does, whatever serves it.
  @Test("One user who fails alone, again and again, is no bad release", arguments: [1, 20])
  func loop(loops: Int) {
    for seed in 1...3 as ClosedRange<UInt64> {
      var traffic = SimulatedTraffic(
        seed: seed &+ 9_000, requestsPerSecond: 100, share: 0.1, legacyRate: 0.001)
      traffic.users = 1_000
      traffic.loops = loops
      #expect(GateRun.stage(traffic, soak: 1_800, limit: 1_800).rolledBack == nil, "seed \(seed)")
    }
  }
}
