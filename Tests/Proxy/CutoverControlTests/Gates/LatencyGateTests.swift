// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import CutoverSimulation
import Foundation
import Testing

@Suite("Latency gate")
struct LatencyGateTests {
  private static func gate(slowdown: Double = 1.15) -> LatencyGate {
    LatencyGate(
      Gate(.latency(ratio: 1.1), stages: 4, alpha: 0.0025),
      LatencyThreshold(quantile: 0.95, slowdown: slowdown))
  }

  @Test("The threshold makes steps of at most 5 % a second and finds legacy's quantile")
  func threshold() {
    var threshold = LatencyThreshold(quantile: 0.95, slowdown: 1.15, milliseconds: 100)
    threshold.follow(judged: 100, slow: 100)
    #expect(threshold.legacy == 100)
    threshold.publish()
    #expect(abs(threshold.legacy - 100 * exp(0.02 * 95 / 5)) > 1)
    #expect(abs(threshold.legacy - 100 * exp(0.05)) < 1e-9)
    #expect(abs(threshold.extracted - 1.15 * threshold.legacy) < 1e-9)
    // Latencies spread evenly over 0 to 1,000 ms: the quantile is 950.
    var random = SimulatedRandom(seed: 11)
    for _ in 0..<3_000 {
      let slow = (0..<100).count { _ in random.unit() * 1_000 > threshold.legacy }
      threshold.follow(judged: 100, slow: slow)
      threshold.publish()
    }
    #expect((920...980).contains(threshold.legacy), "\(threshold.legacy)")
  }

  @Test("Silence of legacy moves no threshold")
  func noTraffic() {
    var threshold = LatencyThreshold(quantile: 0.95, slowdown: 1.15)
    for _ in 0..<100 { threshold.follow(judged: 0, slow: 0) }
    threshold.publish()
    #expect(threshold.legacy == LatencyThreshold.firstGuess)
  }

  @Test("Within a block the threshold stands still")
  func withinBlock() {
    var gate = Self.gate()
    for _ in 0..<LatencyGate.settlingTicks {
      gate.tick(BlockCounts(), extracted: SideCounts(), against: .concurrentLegacy)
    }
    let before = gate.threshold.legacy
    for _ in 0..<5 {
      gate.tick(
        BlockCounts(legacy: 3, legacyBad: 3), extracted: SideCounts(), against: .concurrentLegacy)
      #expect(gate.threshold.legacy == before)
    }
    gate.tick(
      BlockCounts(legacy: 5, extracted: 1), extracted: SideCounts(finished: 1),
      against: .concurrentLegacy)
    #expect(gate.threshold.legacy != before)
  }

  @Test("The first ten seconds of a stage are not judged")
  func settling() {
    var gate = Self.gate()
    let cold = BlockCounts(legacy: 950, legacyBad: 47, extracted: 50, extractedBad: 50)
    for _ in 0..<LatencyGate.settlingTicks {
      gate.tick(cold, extracted: SideCounts(finished: 50), against: .concurrentLegacy)
    }
    #expect(gate.gate.evidence == 0)
    for _ in 0..<10 {
      gate.tick(cold, extracted: SideCounts(finished: 50), against: .concurrentLegacy)
    }
    #expect(gate.gate.hasFired)
    gate.enterStage()
    let before = gate.gate.evidence
    gate.tick(cold, extracted: SideCounts(finished: 50), against: .concurrentLegacy)
    #expect(gate.gate.evidence == before)
  }

  @Test("A side that hangs without anybody watching ages is seen after a minute")
  func hanging() {
    var gate = Self.gate()
    var second = 0
    while !gate.gate.hasFired, second < 300 {
      second += 1
      gate.tick(
        BlockCounts(legacy: 95, legacyBad: 5),
        extracted: SideCounts(finished: 0, inFlight: 5 * second), against: .concurrentLegacy)
    }
    #expect((60...75).contains(second), "\(second)")
  }

  @Test("A restart goes on with the threshold and the bets, and settles again")
  func restart() throws {
    var gate = Self.gate()
    for _ in 0..<50 {
      gate.tick(
        BlockCounts(legacy: 95, legacyBad: 9, extracted: 5, extractedBad: 1),
        extracted: SideCounts(finished: 5), against: .concurrentLegacy)
    }
    let restored = try #require(
      LatencyGate(restoring: gate.state, like: Self.gate(), lostBlocks: 0))
    #expect(restored.state == gate.state)
    #expect(restored.threshold.legacy == gate.threshold.legacy)
  }
}
