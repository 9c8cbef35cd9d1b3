// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import Foundation
import Testing

@Suite("Gate")
struct GateTests {
  private static func isNear(_ left: Double, _ right: Double, by distance: Double = 5e-6) -> Bool {
    abs(left - right) < distance
  }

  private static func gate(alpha: Double = 0.0025, stages: Int = 4) -> Gate {
    Gate(.errors(ratio: 1.25, margin: 0.0005), stages: stages, alpha: alpha)
  }

  @Test("One bad request of 5 beside 95 good ones is worth ln(10/1.45) to a bet on tenfold")
  func logarithmOfABlock() {
    let bet = GateRules.Bet(psi: 10, cap: 3)
    let gate = Gate(GateRules(bets: [bet], ratio: 1, margin: 0), stages: 1, alpha: 0.01)
    let block = BlockCounts(legacy: 95, legacyBad: 0, extracted: 5, extractedBad: 1)
    let value = gate.logarithm(of: bet, block, against: .concurrentLegacy)
    #expect(Self.isNear(value, 1.93102))
    #expect(value == log(10) - log(1.45) || Self.isNear(value, log(10 / 1.45), by: 1e-12))
  }

  @Test("A bad request of legacy takes from the bet what its share of the traffic says")
  func legacyTakes() {
    let bet = GateRules.Bet(psi: 10, cap: 3)
    let gate = Gate(GateRules(bets: [bet], ratio: 1, margin: 0.01), stages: 1, alpha: 0.01)
    let block = BlockCounts(legacy: 95, legacyBad: 2, extracted: 5, extractedBad: 0)
    let value = gate.logarithm(of: bet, block, against: .concurrentLegacy)
    #expect(Self.isNear(value, -2 * log(1.45) - 0.01 * 5 * (10 / 1.45 - 1), by: 1e-12))
  }

  @Test("Against a ceiling only the extracted side counts")
  func ceiling() {
    let bet = GateRules.Bet(psi: 3, cap: 3)
    let gate = Gate(GateRules(bets: [bet], ratio: 1, margin: 0), stages: 1, alpha: 0.01)
    let block = BlockCounts(legacy: 10, legacyBad: 9, extracted: 100, extractedBad: 2)
    let value = gate.logarithm(of: bet, block, against: .ceiling(0.02))
    #expect(Self.isNear(value, 2 * log(3) - 100 * 0.02 * 2, by: 1e-12))
  }

  @Test("What a breaker keeps away is no bad request, and bets no higher on those it let through")
  func keptAway() {
    let gate = Self.gate()
    for bet in gate.rules.bets {
      let seen = BlockCounts(legacy: 95, legacyBad: 1, extracted: 5, extractedBad: 2)
      let open = BlockCounts(
        legacy: 95, legacyBad: 1, extracted: 2, extractedBad: 2, extractedKeptAway: 3)
      #expect(
        gate.logarithm(of: bet, open, against: .concurrentLegacy)
          == gate.logarithm(of: bet, seen, against: .concurrentLegacy))
      #expect(
        gate.logarithm(of: bet, open, against: .ceiling(0.02))
          == gate.logarithm(of: bet, seen, against: .ceiling(0.02)))
    }
    var open = Self.gate()
    for _ in 0..<600 {
      open.tick(BlockCounts(legacy: 90, extractedKeptAway: 10), against: .concurrentLegacy)
    }
    #expect(open.evidence < 1)
  }

  @Test("Counts that were written down before breakers were told apart can be read")
  func formerCounts() throws {
    let text = #"{"legacy":9,"legacyBad":1,"extracted":3,"extractedBad":2}"#
    let counts = try JSONDecoder().decode(BlockCounts.self, from: Data(text.utf8))
    #expect(
      counts == BlockCounts(legacy: 9, legacyBad: 1, extracted: 3, extractedBad: 2))
  }

  @Test("The stakes of a stage sum to one")
  func stakes() {
    #expect(Self.isNear(Gate.stake(ofBlock: 1), 0.369070))
    #expect(Self.isNear(Gate.stake(ofBlock: 2), 0.130930))
    var sum = 0.0
    for t in 1...1_000 {
      sum += Gate.stake(ofBlock: t)
      #expect(Self.isNear(sum, 1 - log(2) / log(Double(t + 2)), by: 1e-12))
    }
  }

  @Test("The first stake of four stages and four bets is 0.369 of a sixteenth")
  func firstBlock() {
    var gate = Self.gate()
    let counts = BlockCounts(legacy: 95, legacyBad: 0, extracted: 5, extractedBad: 0)
    #expect(gate.tick(counts, against: .concurrentLegacy) == counts)
    for (bet, worth) in zip(gate.rules.bets, gate.state.worth) {
      let gain = gate.logarithm(of: bet, counts, against: .concurrentLegacy)
      #expect(Self.isNear(worth, Gate.stake(ofBlock: 1) / 16 * exp(gain), by: 1e-12))
    }
    #expect(gate.state.blocks == 1)
    #expect(!gate.hasFired)
  }

  @Test("A block waits for both sides and for 20 requests, whatever their outcomes")
  func closingRule() {
    var gate = Self.gate()
    #expect(gate.tick(BlockCounts(legacy: 19), against: .concurrentLegacy) == nil)
    #expect(gate.tick(BlockCounts(legacy: 50, legacyBad: 50), against: .concurrentLegacy) == nil)
    let last = BlockCounts(extracted: 1, extractedBad: 1)
    let block = BlockCounts(legacy: 69, legacyBad: 50, extracted: 1, extractedBad: 1)
    #expect(gate.tick(last, against: .concurrentLegacy) == block)
    #expect(gate.state.pending == BlockCounts())
    #expect(gate.tick(BlockCounts(extracted: 19), against: .ceiling(0.02)) == nil)
    #expect(gate.tick(BlockCounts(extracted: 1), against: .ceiling(0.02)) != nil)
  }

  @Test("However bad, one second multiplies no bet by more than e^3 or its own factor")
  func cap() {
    var gate = Self.gate(stages: 1)
    let disaster = BlockCounts(legacy: 950, legacyBad: 0, extracted: 50, extractedBad: 50)
    gate.tick(disaster, against: .concurrentLegacy)
    for (bet, worth) in zip(gate.rules.bets, gate.state.worth) {
      #expect(worth <= Gate.stake(ofBlock: 1) / 4 * min(bet.psi, exp(3)) * 1.000_001)
    }
    #expect(!gate.hasFired)
    for _ in 0..<3 { gate.tick(disaster, against: .concurrentLegacy) }
    #expect(gate.hasFired)
    for _ in 0..<100 { gate.tick(disaster, against: .concurrentLegacy) }
    #expect(gate.state.worth.allSatisfy { $0 <= 1e12 })
  }

  @Test("A new stage keeps what the bets are worth and deals new stakes")
  func nextStage() {
    var gate = Self.gate()
    let block = BlockCounts(legacy: 95, legacyBad: 0, extracted: 5, extractedBad: 1)
    gate.tick(block, against: .concurrentLegacy)
    gate.tick(BlockCounts(legacy: 3), against: .concurrentLegacy)
    let worth = gate.state.worth
    gate.enterStage()
    #expect(gate.state.worth == worth)
    #expect(gate.state.blocks == 0)
    #expect(gate.state.pending == BlockCounts())
  }

  @Test("A restart wins no fresh stake: it goes on behind the blocks that may be lost")
  func restart() throws {
    var gate = Self.gate()
    let block = BlockCounts(legacy: 95, legacyBad: 1, extracted: 5, extractedBad: 0)
    for _ in 0..<10 { gate.tick(block, against: .concurrentLegacy) }
    gate.tick(BlockCounts(legacy: 7), against: .concurrentLegacy)
    let data = try JSONEncoder().encode(gate.state)
    let state = try JSONDecoder().decode(Gate.State.self, from: data)
    #expect(state == gate.state)
    let same = try #require(Gate(restoring: state, like: Self.gate(), lostBlocks: 0))
    #expect(same == gate)
    let late = try #require(Gate(restoring: state, like: Self.gate(), lostBlocks: 60))
    #expect(late.state.blocks == 70)
    let other = Gate(.mismatches(margin: 0.0002), stages: 4, alpha: 0.0025)
    #expect(Gate(restoring: state, like: other, lostBlocks: 0) == nil)
  }

  @Test("Bets and caps are those of the design")
  func presets() {
    let errors = GateRules.errors(ratio: 1.25, margin: 0.0005)
    #expect(errors.bets.map(\.psi) == [1.5, 3, 10, 50])
    #expect(errors.bets.map(\.cap) == [log(1.5), log(3), log(10), 3])
    let latency = GateRules.latency(ratio: 1.1)
    #expect(latency.bets.map(\.psi) == [1.25, 1.6, 2.5, 6])
    #expect(latency.bets.allSatisfy { $0.cap == 3 } && latency.margin == 0)
    let mismatches = GateRules.mismatches(margin: 0.0002)
    #expect(mismatches.bets.map(\.psi) == [3, 10, 30])
    #expect(mismatches.bets.allSatisfy { $0.cap == 3 } && mismatches.ratio == 1)
  }

  @Test("A fifth of the answers mismatching is seen after 60 or 80 comparisons")
  func mismatches() {
    for baseline in [Baseline.ceiling(0.0002), .concurrentLegacy] {
      var gate = Gate(.mismatches(margin: 0.0002), stages: 4, alpha: 0.0025)
      var compared = 0
      while !gate.hasFired, compared < 1_000 {
        compared += 20
        let counts = BlockCounts(legacy: 20, legacyBad: 0, extracted: 20, extractedBad: 4)
        gate.tick(counts, against: baseline)
      }
      #expect((60...120).contains(compared))
    }
  }
}
