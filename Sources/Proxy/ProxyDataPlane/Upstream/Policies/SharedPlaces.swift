// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies
import Synchronization

/// The places at one upstream, and in front of it, counted for all workers together.
///
/// A request takes its place and gives it back with one atomic operation each, and nothing else as
/// long as nobody waits. Who waits stands in the line of its own worker; the lines take turns.
final class SharedPlaces: Sendable {
  /// One worker's line, as long as somebody stands in it.
  private struct Line {
    let owner: ObjectIdentifier
    /// Hands its first a place, on its own loop.
    let receive: @Sendable () -> Void
  }

  private struct Lines {
    var lines: [Line] = []
    var turn = 0
  }

  let rules: BulkheadRules
  private let taken = Atomic<Int>(0)
  private let waiting = Atomic<Int>(0)
  private let lines = Mutex(Lines())

  init(_ rules: BulkheadRules) { self.rules = rules }

  /// Requests that have a place.
  var inFlight: Int { taken.load(ordering: .relaxed) }
  /// Requests that stand in a line.
  var queued: Int { waiting.load(ordering: .relaxed) }
  /// There is no place in line.
  var lineIsFull: Bool { queued >= rules.queue }

  /// Takes a place for a request that has just come; nobody overtakes those who wait.
  func enter() -> Bool { queued == 0 && take() }

  /// Takes a place.
  func take() -> Bool { Self.raise(taken, below: rules.inFlight) }

  private static func raise(_ count: borrowing Atomic<Int>, below limit: Int) -> Bool {
    var seen = count.load(ordering: .relaxed)
    while seen < limit {
      let (isRaised, found) = count.weakCompareExchange(
        expected: seen, desired: seen &+ 1, ordering: .sequentiallyConsistent)
      if isRaised { return true }
      seen = found
    }
    return false
  }

  /// Gives a place back: to the line whose turn it is, or to whoever comes.
  ///
  /// - Returns: whether the first in the owner's own line has the place now.
  func leave(_ owner: ObjectIdentifier) -> Bool {
    while true {
      if waiting.load(ordering: .sequentiallyConsistent) > 0, let isOwn = passOn(owner) {
        return isOwn
      }
      taken.subtract(1, ordering: .sequentiallyConsistent)
      // Somebody who came to stand in line may have looked before the place was free.
      if waiting.load(ordering: .sequentiallyConsistent) == 0 || !take() { return false }
    }
  }

  private func passOn(_ owner: ObjectIdentifier) -> Bool? {
    let heir = lines.withLock { state -> Line? in
      if state.lines.isEmpty { return nil }
      state.turn = (state.turn + 1) % state.lines.count
      return state.lines[state.turn]
    }
    guard let heir else { return nil }
    if heir.owner == owner { return true }
    heir.receive()
    return false
  }

  // MARK: Lines

  /// A worker's line begins. To be told before the first `stand` of it, and its end after the last
  /// `stepOut`: so a place that is given back finds a line whenever somebody waits.
  ///
  /// - Parameter receive: called on any thread with a place that is the line's from then on.
  func begin(_ owner: ObjectIdentifier, _ receive: @escaping @Sendable () -> Void) {
    lines.withLock { $0.lines.append(Line(owner: owner, receive: receive)) }
  }

  func end(_ owner: ObjectIdentifier) {
    lines.withLock { $0.lines.removeAll { $0.owner == owner } }
  }

  /// A request stands in line; false when that is as long as it may be. After that it has to look
  /// for a place once more with `take`.
  func stand() -> Bool { Self.raise(waiting, below: rules.queue) }

  /// A request stands in line no more, with a place or without one.
  func stepOut() { waiting.subtract(1, ordering: .sequentiallyConsistent) }
}
