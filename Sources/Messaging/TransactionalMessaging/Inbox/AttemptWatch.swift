// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Sees to it that an attempt is counted before it is made: an event whose effects end the process
/// each time is a dead letter after its limit, and no reason to start the process for ever.
///
/// A mark is stored before effects run and goes with the attempt's end, whichever that is. A mark
/// of another process is an attempt that ended with that process, or a delivery that came here
/// although its process is alive. Whatever a process was at when it died has such marks, not only
/// the event that was the reason: those are tried one at a time, so that the reason ends no attempt
/// of another one a second time.
package final class AttemptWatch: Sendable {
  /// Tells marks of this process from those of others.
  package let owner: String
  private let isBusy = Mutex(false)
  private let freed = WakeSignal()

  /// - Parameter owner: unique.
  package init(owner: String) { self.owner = owner }

  /// How a store keeps marks of one event.
  package struct Marks {
    /// Stores that an attempt begins, and returns how many have begun whose end is not known.
    /// Unless `alone`, returns nil and stores nothing where one of them is another process's.
    var begin: (_ alone: Bool) async throws -> Int?
    /// Returns when no process that is alive is at the event.
    var settle: () async throws -> Void
    /// Takes back that one began; does what it can.
    var abandon: () async -> Void

    package init(
      begin: @escaping (_ alone: Bool) async throws -> Int?,
      settle: @escaping () async throws -> Void, abandon: @escaping () async -> Void
    ) {
      self.begin = begin
      self.settle = settle
      self.abandon = abandon
    }
  }

  /// Makes an attempt, which takes its mark away in the transaction that says what became of it.
  ///
  /// - Parameter attempt: is told how many attempts ended with their process.
  /// - Throws: what the attempt throws, which then is none; the store's error;
  ///   `CancellationError`.
  package func run(
    _ marks: Marks, attempt: (_ deaths: Int) async throws -> InboxOutcome
  ) async throws -> InboxOutcome {
    if let begun = try await marks.begin(false) {
      return try await make(attempt, begun, marks)
    }
    // Not while others wait for their turn.
    try await marks.settle()
    try await takeTurn()
    defer { giveTurnBack() }
    return try await make(attempt, try await marks.begin(true) ?? 1, marks)
  }

  private func make(
    _ attempt: (_ deaths: Int) async throws -> InboxOutcome, _ begun: Int, _ marks: Marks
  ) async throws -> InboxOutcome {
    do {
      return try await attempt(max(0, begun - 1))
    } catch {
      await marks.abandon()
      throw error
    }
  }

  private func takeTurn() async throws {
    while true {
      let generation = freed.generation
      let isMine = isBusy.withLock { isBusy in
        defer { isBusy = true }
        return !isBusy
      }
      if isMine { return }
      await freed.wait(after: generation)
      try Task.checkCancellation()
    }
  }

  private func giveTurnBack() {
    isBusy.withLock { $0 = false }
    freed.raise()
  }
}

extension InboxPolicy {
  /// Why an event is not tried again: too many of its attempts ended with their process. Nil where
  /// it may be tried.
  package func verdict(deaths: Int) -> String? {
    guard deaths >= crashes else { return nil }
    return """
      the process ended \(deaths) times while it applied this event: look at its log or its core \
      before you replay
      """
  }
}
