// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle
import Synchronization
public import TransactionalMessaging

/// Carries messages between parts of one process, without storing them.
///
/// `publish` returns when **every** declared group of the topic has consumed the message, so a
/// relay's cursor never passes an event that only existed in memory: killing the process loses
/// nothing. Groups are declared up front for the same reason; while one of them has no consumer
/// attached, its topics are unavailable. A topic of no group is accepted and dropped, because the
/// outbox still has the event for whoever is declared later.
public final class InProcessBroker: MessageBroker {
  /// A consumer group: consumers of one group share its messages.
  public struct Group: Sendable, Equatable {
    /// Name of the group.
    public var name: String
    /// Topics that it reads, such as `outbox.event.order`.
    public var topics: Set<String>
    /// Most messages that wait or are being consumed; publishers wait beyond it.
    public var capacity: Int

    /// Declares a group.
    public init(_ name: String, topics: Set<String>, capacity: Int = 1_024) {
      self.name = name
      self.topics = topics
      self.capacity = capacity
    }
  }

  private struct Entry {
    var message: BrokerMessage
    var receipt: Receipt
  }

  private final class GroupState: Sendable {
    struct Content {
      var queue: GroupQueue<Entry>
      var consumers = 0
    }

    let group: Group
    let content: Mutex<Content>
    let arrivals = WakeSignal()
    let room = WakeSignal()

    init(_ group: Group) {
      self.group = group
      content = Mutex(Content(queue: GroupQueue(capacity: group.capacity)))
    }
  }

  private let groups: [String: GroupState]
  private let clock: any MessagingClock

  /// Creates a broker with all the groups it will ever have; a later group of the same name wins.
  public init(groups: [Group], clock: any MessagingClock = SystemMessagingClock()) {
    self.groups = Dictionary(
      groups.map { ($0.name, GroupState($0)) }, uniquingKeysWith: { _, last in last })
    self.clock = clock
  }

  /// Order per key, no storage, acknowledged after consumption.
  public var features: BrokerFeatures {
    BrokerFeatures(
      order: .perKey, persistent: false, publishAwaitsConsumers: true, deduplicates: false)
  }

  // MARK: - Publishing

  /// Returns when every group of the topic has consumed the message.
  public func publish(_ message: BrokerMessage) async throws(PublishFailure) {
    let interested = groups.values.filter { $0.group.topics.contains(message.topic) }
    let receipt = Receipt(groups: interested.count)
    for group in interested {
      try await enqueue(Entry(message: message, receipt: receipt), in: group)
    }
    try await receipt.wait()
  }

  private func enqueue(_ entry: Entry, in group: GroupState) async throws(PublishFailure) {
    let lane = GroupQueue<Entry>.LaneKey(topic: entry.message.topic, key: entry.message.key)
    while true {
      let room = group.room.generation
      let accepted: Bool? = group.content.withLock { content in
        content.consumers == 0 ? nil : content.queue.offer(entry, lane: lane)
      }
      guard let accepted else {
        throw .unavailable("group \(group.group.name) has no consumer attached")
      }
      if accepted {
        group.arrivals.raise()
        return
      }
      await group.room.wait(after: room)
      if Task.isCancelled { throw .unavailable("the publisher was cancelled") }
    }
  }

  // MARK: - Consuming

  /// Delivers until the task is cancelled or shut down gracefully; then waits for the deliveries at
  /// hand. Publishers of what is left learn that the group has no consumer.
  public func consume(
    group name: String, concurrency: Int,
    handler: @escaping @Sendable (BrokerMessage) async -> Disposition
  ) async throws {
    guard let group = groups[name] else {
      throw ConsumeFailure.unknownGroup(name, known: groups.keys.sorted())
    }
    let session = Session(concurrency: concurrency)
    group.content.withLock { $0.consumers += 1 }
    group.room.raise()
    await withGracefulShutdownHandler {
      await takeTurns(
        until: { session.isStopped }, arrivals: group.arrivals,
        next: { session.take { group.content.withLock { $0.queue.take() } } },
        take: { await self.deliver($0.element, lane: $0.lane, group, session, handler) })
    } onGracefulShutdown: {
      session.stop()
      group.arrivals.raise()
    }
    detach(group)
  }

  private func deliver(
    _ entry: Entry, lane: GroupQueue<Entry>.LaneKey, _ group: GroupState, _ session: Session,
    _ handler: @Sendable (BrokerMessage) async -> Disposition
  ) async {
    let disposition = await handler(entry.message)
    session.end()
    switch disposition {
    case .acknowledge:
      group.content.withLock { $0.queue.consumed(lane) }
      group.room.raise()
      entry.receipt.consumed()
    case .reject(let reason):
      // Nothing is stored here: the publisher's relay parks it, and has the dead letters.
      group.content.withLock { $0.queue.consumed(lane) }
      group.room.raise()
      entry.receipt.failed(.rejected("group \(group.group.name) refused it: \(reason)"))
    case .redeliver(let milliseconds):
      // The slot is free meanwhile: a failing lane must not hold up the others.
      group.arrivals.raise()
      _ = await clock.wait(milliseconds: max(1, milliseconds), or: [(session.stopped, 0)])
      group.content.withLock { $0.queue.giveBack(lane) }
    }
    group.arrivals.raise()
  }

  private func detach(_ group: GroupState) {
    let abandoned = group.content.withLock { content -> [Entry] in
      content.consumers -= 1
      return content.consumers == 0 ? content.queue.removeAll() : []
    }
    for entry in abandoned {
      entry.receipt.failed(.unavailable("the last consumer of group \(group.group.name) has left"))
    }
    group.room.raise()
  }
}

/// One call of `consume`: how many deliveries it has at hand, and whether it takes more.
private final class Session: Sendable {
  let stopped = WakeSignal()
  private let slots: Mutex<Int>

  init(concurrency: Int) { slots = Mutex(max(1, concurrency)) }

  var isStopped: Bool { stopped.generation > 0 }
  func stop() { stopped.raise() }

  /// The group's next delivery, when a slot is free. Only the loop of `consume` takes slots, so one
  /// that is free stays free meanwhile.
  func take<Element>(
    _ next: () -> Element?
  ) -> Element? {
    guard slots.withLock({ $0 > 0 }), let element = next() else { return nil }
    slots.withLock { $0 -= 1 }
    return element
  }

  func end() { slots.withLock { $0 += 1 } }
}
