// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
package import TransactionalMessaging

/// What one call of `consume` holds: messages in order within their lanes, so many handlers at a
/// time, one for each lane.
package final class TurnQueue<Element: Sendable>: Sendable {
  package typealias LaneKey = GroupQueue<Element>.LaneKey

  /// A message whose turn has come.
  package struct Turn: Sendable {
    package let element: Element
    package let lane: LaneKey
  }

  /// Raised when a message may have its turn.
  package let arrivals = WakeSignal()
  /// Raised once, when no more messages are wanted.
  package let stopped = WakeSignal()
  private let state: Mutex<(queue: GroupQueue<Element>, slots: Int)>

  package init(capacity: Int, concurrency: Int) {
    state = Mutex((GroupQueue(capacity: capacity), max(1, concurrency)))
  }

  package var isStopped: Bool { stopped.generation > 0 }

  package func stop() {
    stopped.raise()
    arrivals.raise()
  }

  /// How many are held, those that handlers are at among them.
  package var count: Int { state.withLock { $0.queue.count } }

  /// False when it is full.
  package func offer(_ element: Element, lane: LaneKey) -> Bool {
    defer { arrivals.raise() }
    return state.withLock { $0.queue.offer(element, lane: lane) }
  }

  /// The next message, when a handler is free.
  package func next() -> Turn? {
    state.withLock { state in
      guard state.slots > 0, let next = state.queue.take() else { return nil }
      state.slots -= 1
      return Turn(element: next.element, lane: next.lane)
    }
  }

  /// The handler of a turn is free again; the lane is not yet.
  package func handled() {
    state.withLock { $0.slots += 1 }
    arrivals.raise()
  }

  /// What follows in the lane may have its turn.
  package func settled(_ turn: Turn) {
    state.withLock { $0.queue.consumed(turn.lane) }
    arrivals.raise()
  }

  /// It has another turn, before what follows in its lane.
  package func giveBack(_ turn: Turn) {
    state.withLock { $0.queue.giveBack(turn.lane) }
    arrivals.raise()
  }

  /// Removes what no handler has begun.
  package func removeWaiting() { state.withLock { $0.queue.removeWaiting() } }
}

/// Takes one turn after the other, as many at the same time as there are; returns when it is over
/// and the last of them is finished.
package func takeTurns<Turn: Sendable>(
  until isOver: () -> Bool, arrivals: WakeSignal, next: () -> Turn?,
  take: @escaping @Sendable (Turn) async -> Void
) async {
  await withDiscardingTaskGroup { tasks in
    while !isOver(), !Task.isCancelled {
      let generation = arrivals.generation
      if let turn = next() {
        tasks.addTask { await take(turn) }
      } else {
        await arrivals.wait(after: generation)
      }
    }
  }
}
