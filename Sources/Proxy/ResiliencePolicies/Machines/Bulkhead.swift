// SPDX-License-Identifier: Apache-2.0

/// A limited number of places, and a limited line for them. Who stands in line is the owner's to
/// know; this counts.
package struct Bulkhead: Sendable {
  package enum Entry: Sendable, Equatable {
    case admitted
    /// Wait for a place that `leave` passes on.
    case queued
    /// There is no place in line either.
    case refused
  }

  package let limit: Int
  package let queueLimit: Int
  package private(set) var inFlight = 0
  package private(set) var waiting = 0

  package init(limit: Int, queue: Int) {
    self.limit = limit
    queueLimit = queue
  }

  /// One worker's share of the places; `index` counts the workers from 0.
  package init(_ rules: BulkheadRules, worker index: Int, of count: Int) {
    self.init(
      limit: Self.share(of: rules.inFlight, index, count),
      queue: Self.share(of: rules.queue, index, count))
  }

  private static func share(of total: Int, _ index: Int, _ count: Int) -> Int {
    total / count + (index < total % count ? 1 : 0)
  }

  package mutating func enter() -> Entry {
    // Nobody overtakes those who wait.
    if inFlight < limit, waiting == 0 {
      inFlight += 1
      return .admitted
    }
    if waiting >= queueLimit { return .refused }
    waiting += 1
    return .queued
  }

  /// A request that had a place is over.
  ///
  /// - Returns: whether the first in line has the place now.
  package mutating func leave() -> Bool {
    inFlight -= 1
    if waiting == 0 || inFlight >= limit { return false }
    waiting -= 1
    inFlight += 1
    return true
  }

  /// A request that waited gave up.
  package mutating func leaveQueue() { waiting -= 1 }
}
