// SPDX-License-Identifier: Apache-2.0

internal import ShadowComparison

/// From which age on a request is slow: legacy's running quantile, and a multiple of it for the
/// extracted side.
///
/// It may be wrong without harm to the bound of false rollbacks, since both sides are measured by
/// it; a wrong one only needs more requests.
package struct LatencyThreshold: Sendable, Equatable {
  /// What has to outlive the process.
  package struct State: Sendable, Equatable, Codable {
    /// Milliseconds of legacy's quantile as published.
    package var milliseconds: Double
    /// Logarithm of the steps made since it was published.
    package var drift = 0.0

    package init(milliseconds: Double) { self.milliseconds = milliseconds }
  }

  /// Without knowledge of the route; each second moves it by 5 % at most, so that a wrong start by
  /// a factor of 10 is made good within a minute.
  package static let firstGuess = 100.0
  private static let bounds = 0.1...3_600_000.0
  private static let gain = 0.02
  private static let largestStep = 0.05

  /// Such as 0.95.
  package let quantile: Double
  /// How many times slower the extracted side may be (m).
  package let slowdown: Double
  package private(set) var state: State

  package init(quantile: Double, slowdown: Double, milliseconds: Double = firstGuess) {
    self.quantile = quantile
    self.slowdown = slowdown
    state = State(
      milliseconds: min(max(milliseconds, Self.bounds.lowerBound), Self.bounds.upperBound))
  }

  package init(quantile: Double, slowdown: Double, restoring state: State) {
    self.quantile = quantile
    self.slowdown = slowdown
    self.state = state
  }

  /// Milliseconds above which a request of legacy is slow.
  package var legacy: Double { state.milliseconds }
  /// Milliseconds above which a request of the extracted side is slow.
  package var extracted: Double { state.milliseconds * slowdown }

  /// A second's requests of legacy, and how many of them were slow.
  package mutating func follow(judged: Int, slow: Int) {
    let expected = (1 - quantile) * Double(judged)
    let step = Self.gain * (Double(slow) - expected) / max(1, expected)
    state.drift += max(-Self.largestStep, min(step, Self.largestStep))
  }

  /// Takes up the steps made. Called between blocks only: within one the threshold stands still, or
  /// it would depend on outcomes that are being judged.
  package mutating func publish() {
    let moved = state.milliseconds * Real.e(state.drift)
    state.milliseconds = min(max(moved, Self.bounds.lowerBound), Self.bounds.upperBound)
    state.drift = 0
  }
}
