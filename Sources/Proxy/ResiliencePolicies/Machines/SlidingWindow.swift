// SPDX-License-Identifier: Apache-2.0

/// Counts of two kinds over the last while, in ten slices that are forgotten one by one.
package struct SlidingWindow: Sendable, Equatable {
  package static let slices = 10

  /// Milliseconds of one slice.
  private let slice: UInt64
  private var first = [UInt32](repeating: 0, count: slices)
  private var second = [UInt32](repeating: 0, count: slices)
  private var newest: UInt64 = 0
  /// Sums over all slices.
  package private(set) var firstSum: UInt64 = 0
  package private(set) var secondSum: UInt64 = 0

  /// `length`: milliseconds that are remembered; at least one per slice.
  package init(length: UInt64) { slice = max(1, length / UInt64(Self.slices)) }

  package mutating func add(first: UInt32, second: UInt32, at now: UInt64) {
    advance(to: now)
    let index = Int(newest % UInt64(Self.slices))
    self.first[index] &+= first
    self.second[index] &+= second
    firstSum &+= UInt64(first)
    secondSum &+= UInt64(second)
  }

  /// Forgets what is too old.
  package mutating func advance(to now: UInt64) {
    let current = now / slice
    if current <= newest { return }
    let passed = min(current - newest, UInt64(Self.slices))
    for step in 1...passed {
      let index = Int((newest &+ step) % UInt64(Self.slices))
      firstSum &-= UInt64(first[index])
      secondSum &-= UInt64(second[index])
      first[index] = 0
      second[index] = 0
    }
    // The slices that were passed over are empty, whichever they were.
    newest = current
  }

  package mutating func clear() {
    for index in 0..<Self.slices {
      first[index] = 0
      second[index] = 0
    }
    firstSum = 0
    secondSum = 0
  }
}
