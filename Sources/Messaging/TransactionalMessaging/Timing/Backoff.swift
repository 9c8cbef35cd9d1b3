// SPDX-License-Identifier: Apache-2.0

/// How long to wait after the n-th failure: doubling from `first` up to `most`, with jitter so that
/// many waiters do not come back together.
public struct Backoff: Sendable, Equatable {
  /// Delay after the first failure in milliseconds, before jitter.
  public var first: Int64
  /// Longest delay in milliseconds.
  public var most: Int64

  /// Creates a backoff; `first` is at least 1, `most` at least `first`.
  public init(first: Int64, most: Int64) {
    self.first = max(1, first)
    self.most = max(self.first, most)
  }

  /// Milliseconds to wait after failure number `attempt` (from 1): half fixed, half random.
  public func delay(
    afterAttempt attempt: Int, using random: inout some RandomNumberGenerator
  ) -> Int64 {
    let doublings = min(max(attempt - 1, 0), 40)
    let (scaled, overflow) = first.multipliedReportingOverflow(by: 1 << Int64(doublings))
    let full = overflow ? most : min(scaled, most)
    return full - Int64.random(in: 0...(full / 2), using: &random)
  }
}

/// SplitMix64: a small generator whose whole run follows from its seed.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// Creates a generator; equal seeds give equal sequences.
  public init(seed: UInt64) { state = seed }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
