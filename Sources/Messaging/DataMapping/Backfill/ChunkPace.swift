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
  /// Changes that waited when it was looked last.
  private var waiting = 0
  /// Seconds that were waited for them.
  private var pause = 0.0

  /// Changes that may wait to be carried over while a backfill goes as fast as it can.
  package static let mostWaiting = 1_000
  /// Seconds that are waited before a chunk while more of them wait, at first and at last.
  private static let pauses = 0.25...5.0

  package init(_ limits: Limits = Limits()) {
    self.limits = limits
    rows = max(1, min(limits.first, limits.largest))
  }

  /// Takes how many changes wait to be carried over: what follows them has the same stores to work
  /// with.
  ///
  /// - Returns: seconds to wait before the next chunk, more while the changes get more. It never
  ///   waits until they are carried over: nobody may do that yet.
  package mutating func saw(waiting: Int) -> Double {
    if waiting <= Self.mostWaiting {
      pause = 0
    } else if waiting > self.waiting {
      pause = min(Self.pauses.upperBound, max(Self.pauses.lowerBound, 2 * pause))
    } else {
      pause = max(Self.pauses.lowerBound, pause / 2)
    }
    self.waiting = waiting
    return pause
  }

  /// Takes that the new side refused a chunk for some of its rows.
  ///
  /// - Returns: whether fewer rows are to be tried.
  package mutating func refused(rows count: Int) -> Bool {
    if count <= Self.fewRows { return false }
    rows = max(Self.fewRows, min(rows, count) / 4)
    return true
  }

  /// Rows of a chunk that is divided no more.
  package static let fewRows = 100

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
