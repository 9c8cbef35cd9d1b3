// SPDX-License-Identifier: Apache-2.0

/// How many rows the next chunk has, so that it takes 0.25 to 0.5 seconds, and how long to wait
/// before it.
package struct ChunkPace: Sendable, Hashable {
  package struct Limits: Sendable, Hashable {
    package var first = 1_000
    package var largest = 50_000
    /// Rows a second; nil for as fast as it goes.
    package var rate: Double?

    package init() {}
  }

  /// Time of a chunk below which the next one is larger, and above which it is smaller, seconds.
  package static let target = 0.25...0.5
  /// Most that the size grows or shrinks by at once.
  private static let largestChange = 2.0

  private let limits: Limits
  /// Rows of the next chunk.
  package private(set) var rows: Int

  package init(_ limits: Limits = Limits()) {
    self.limits = limits
    rows = max(1, min(limits.first, limits.largest))
  }

  /// Takes what a chunk took, in seconds, reading and writing it.
  ///
  /// - Returns: seconds to wait before the next one.
  package mutating func took(_ seconds: Double, rows count: Int) -> Double {
    let middle = (Self.target.lowerBound + Self.target.upperBound) / 2
    // A chunk that ends a table says nothing of how many rows fit.
    if count == rows, !Self.target.contains(seconds) {
      let factor = seconds > 0 ? middle / seconds : Self.largestChange
      let next = Double(rows) * min(Self.largestChange, max(1 / Self.largestChange, factor))
      rows = max(1, min(limits.largest, Int(next.rounded())))
    }
    guard let rate = limits.rate, rate > 0 else { return 0 }
    return max(0, Double(count) / rate - seconds)
  }
}
