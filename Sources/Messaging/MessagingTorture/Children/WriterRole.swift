// SPDX-License-Identifier: Apache-2.0

internal import MessageRelay
internal import Synchronization
internal import TortureModel
internal import TransactionalMessaging

/// Changes data and appends events, in several transactions at once, until it is told to finish.
struct WriterRole: Sendable {
  /// Wait after a transaction that the database did not take.
  private static let outage: Int64 = 40
  /// Wait between two looks at what has no effect yet, milliseconds.
  private static let look: Int64 = 500

  let assignment: TortureAssignment
  let database: any TortureDatabase
  let points: CrashPoints
  let voice: ChildVoice
  let finish: WakeSignal
  let poison: OwedPoison

  func run() async {
    let undone = Undone()
    await withTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        await withDiscardingTaskGroup { lanes in
          for lane in 0..<assignment.settings.lanes {
            lanes.addTask { await work(lane, undone) }
          }
        }
      }
      tasks.addTask {
        while !Task.isCancelled {
          // Where the database is away nothing is written anyway.
          if let counts = try? await database.counts() {
            undone.count.store(counts.events - counts.effects, ordering: .relaxed)
          }
          try? await Task.sleep(for: .milliseconds(Self.look))
        }
      }
      // The lanes end by themselves, looking does not.
      await tasks.next()
      tasks.cancelAll()
    }
  }

  private func work(_ lane: Int, _ undone: Undone) async {
    let plan = WriterPlan(
      assignment.settings, writer: assignment.seat.index, life: assignment.life, lane: lane)
    for planned in plan {
      if finish.generation > 0 { return }
      let transaction = poison.mixed(into: planned)
      if let id = transaction.poison { voice.tell(.poison(id: id)) }
      voice.tell(.intent(transaction: transaction.name, events: transaction.events))
      let outcome = await database.write(transaction, points)
      voice.tell(.outcome(transaction: transaction.name, outcome))
      let isRefused = outcome != .committed && !transaction.aborts
      let rest = WriterBrake.rest(
        transaction.rest, undone: undone.count.load(ordering: .relaxed))
      let wait = isRefused ? Self.outage : rest
      _ = await SystemMessagingClock().wait(milliseconds: wait, or: [(finish, 0)])
    }
  }

  /// Events without effect, as of the last look.
  private final class Undone: Sendable {
    let count = Atomic<Int64>(0)
  }
}

/// Events that consumers shall fail at, and that are still to be written.
final class OwedPoison: Sendable {
  private let count = Mutex(0)

  func add() { count.withLock { $0 += 1 } }

  /// The transaction with such an event, where one is owed and it can have one.
  func mixed(into transaction: WriterTransaction) -> WriterTransaction {
    count.withLock { count in
      guard count > 0, let poisoned = transaction.poisoned() else { return transaction }
      count -= 1
      return poisoned
    }
  }
}

extension WriterTransaction {
  /// The events as they are appended.
  func outboxEvents(now: Int64) -> [OutboxEvent] {
    events.map { event in
      OutboxEvent(
        id: event.id, aggregateType: TortureNames.aggregateType, aggregateID: event.aggregate,
        type: event.id == poison ? TortureNames.poison : "torture-changed", occurredAt: now,
        payload: Array("{\"transaction\":\"\(name)\"}".utf8))
    }
  }
}

/// Names that writers, relays and consumers share.
enum TortureNames {
  static let aggregateType = "torture"
  static let consumer = "effects"
  /// Type of the events that consumers fail at.
  static let poison = "torture-poison"
  static let stream = "TORTURE"
  static let topic = BrokerMessage.topic(forAggregateType: aggregateType)
}
