// SPDX-License-Identifier: Apache-2.0

/// Counts of two kinds over the last while, in ten slices that are forgotten one by one.
package struct SlidingWindow: Sendable, Equatable {
  package static let slices = 10

  /// Milliseconds of one slice.
  private let slice: UInt64
  private var first = [UInt32](repeating: 0, count: slices)
  private var second = [UInt32](repeating: 0, count: slices)
  /// Place of the slice that is counted into.
  private var place = 0
  /// When that slice is over.
  private var sliceEnd: UInt64
  /// Sums over all slices.
  package private(set) var firstSum: UInt64 = 0
  package private(set) var secondSum: UInt64 = 0

  /// `length`: milliseconds that are remembered; at least one per slice.
  package init(length: UInt64) {
    slice = max(1, length / UInt64(Self.slices))
    sliceEnd = slice
  }

  package mutating func add(first: UInt32, second: UInt32, at now: UInt64) {
    advance(to: now)
    self.first[place] &+= first
    self.second[place] &+= second
    firstSum &+= UInt64(first)
    secondSum &+= UInt64(second)
  }

  /// Forgets what is too old.
  package mutating func advance(to now: UInt64) {
    if now >= sliceEnd { turn(to: now) }
  }

  private mutating func turn(to now: UInt64) {
    let passed = (now - sliceEnd) / slice + 1
    for _ in 0..<min(passed, UInt64(Self.slices)) {
      place = place + 1 == Self.slices ? 0 : place + 1
      firstSum &-= UInt64(first[place])
      secondSum &-= UInt64(second[place])
      first[place] = 0
      second[place] = 0
    }
    sliceEnd += passed * slice
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
