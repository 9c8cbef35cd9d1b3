// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Seeded draws (SplitMix64): the same on every machine.
package struct SimulatedRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) {
    // Mixed first: the states of neighbouring seeds would otherwise follow one another, and two
    // runs would see the same draws.
    state = Self.mix(seed &+ 0x1234_5678_9ABC_DEF1)
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mix(state)
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var mixed = value
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Above 0 and below 1.
  package mutating func unit() -> Double { (Double(next() >> 11) + 0.5) / 9_007_199_254_740_992 }

  /// Standard normal.
  package mutating func normal() -> Double {
    (-2 * log(unit())).squareRoot() * cos(2 * Double.pi * unit())
  }

  /// Poisson; the normal approximation above a mean of 60.
  package mutating func poisson(_ mean: Double) -> Int {
    if mean > 60 { return max(0, Int((mean + mean.squareRoot() * normal()).rounded())) }
    let limit = exp(-mean)
    var count = 0
    var product = unit()
    while product > limit {
      count += 1
      product *= unit()
    }
    return count
  }

  /// Binomial: skips from success to success; the normal approximation above 60 expected ones.
  package mutating func binomial(_ trials: Int, _ probability: Double) -> Int {
    if trials == 0 || probability <= 0 { return 0 }
    let mean = Double(trials) * probability
    if mean > 60 {
      let drawn = mean + (mean * (1 - probability)).squareRoot() * normal()
      return min(trials, max(0, Int(drawn.rounded())))
    }
    let scale = log1p(-min(probability, 0.999_999))
    var count = 0
    var position = 0.0
    while true {
      position += (log(unit()) / scale).rounded(.down) + 1
      if position > Double(trials) { return count }
      count += 1
    }
  }
}
