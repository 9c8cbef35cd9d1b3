// SPDX-License-Identifier: Apache-2.0

internal import MessageRelay
internal import Synchronization
internal import TortureModel
internal import TransactionalMessaging

/// Changes data and appends events, in several transactions at once, until it is told to finish.
struct WriterRole: Sendable {
  /// Wait after a transaction that the database did not take.
  private static let outage = Duration.milliseconds(40)

  let assignment: TortureAssignment
  let database: any TortureDatabase
  let points: CrashPoints
  let voice: ChildVoice
  let finish: WakeSignal
  let poison: OwedPoison

  func run() async {
    await withDiscardingTaskGroup { lanes in
      for lane in 0..<assignment.settings.lanes { lanes.addTask { await work(lane) } }
    }
  }

  private func work(_ lane: Int) async {
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
      try? await Task.sleep(
        for: isRefused ? Self.outage : .milliseconds(transaction.rest))
    }
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
