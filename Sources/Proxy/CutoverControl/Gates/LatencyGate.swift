// SPDX-License-Identifier: Apache-2.0

/// A gate over requests that were slower than the running threshold.
package struct LatencyGate: Sendable, Equatable {
  /// What has to outlive the process.
  package struct State: Sendable, Equatable, Codable {
    package var gate: Gate.State
    package var threshold: LatencyThreshold.State
  }

  /// Seconds after a change of stage that are not judged: caches are cold for new users.
  package static let settlingTicks = 10

  package private(set) var gate: Gate
  package private(set) var threshold: LatencyThreshold
  private var settling = LatencyGate.settlingTicks
  private var hanging = HangingRequests()

  package init(_ gate: Gate, _ threshold: LatencyThreshold) {
    self.gate = gate
    self.threshold = threshold
  }

  /// Nil when the state is of other rules. A new process settles again.
  package init?(restoring state: State, like other: LatencyGate, lostBlocks: Int) {
    guard let gate = Gate(restoring: state.gate, like: other.gate, lostBlocks: lostBlocks) else {
      return nil
    }
    self.gate = gate
    threshold = LatencyThreshold(
      quantile: other.threshold.quantile, slowdown: other.threshold.slowdown,
      restoring: state.threshold)
  }

  package var state: State { State(gate: gate.state, threshold: threshold.state) }

  package mutating func enterStage() {
    gate.enterStage()
    settling = Self.settlingTicks
  }

  /// Follows legacy without judging anybody: the extracted side has no traffic.
  package mutating func follow(_ counts: BlockCounts) {
    threshold.follow(judged: counts.legacy, slow: counts.legacyBad)
    threshold.publish()
  }

  /// A second's requests, judged by the thresholds that were published before it.
  ///
  /// `extracted` tells what was finished and is under way, for a side that hangs.
  package mutating func tick(
    _ counts: BlockCounts, extracted: SideCounts, against baseline: Baseline
  ) {
    var counts = counts
    let hung = hanging.tick(
      finished: extracted.finished, inFlight: extracted.inFlight, slow: counts.extractedBad)
    counts.extracted += hung
    counts.extractedBad += hung
    threshold.follow(judged: counts.legacy, slow: counts.legacyBad)
    if settling > 0 {
      settling -= 1
    } else {
      gate.tick(counts, against: baseline)
    }
    if gate.state.pending == BlockCounts() { threshold.publish() }
  }
}
