// SPDX-License-Identifier: Apache-2.0

#if Kafka
  internal import Foundation
  internal import MessageRelay
  internal import Synchronization
  internal import TransactionalMessaging

  /// One member of a consumer group, which finds brokers and its place in the group by itself.
  ///
  /// It ends when nothing more can come of it, such as with credentials that are refused.
  final class KafkaConsumer: EndingConnection {
    /// Hears what happens; called on the consumer's thread.
    struct Listener: Sendable {
      /// Partitions are at hand.
      var assigned: @Sendable () -> Void
      /// Partitions go to other members, once handlers have ended.
      var leaving: @Sendable () -> Void
      /// The group knows of that many more messages that they were consumed.
      var committed: @Sendable (Int) -> Void
      /// Something is wrong, and it goes on.
      var trouble: @Sendable (BrokerError) -> Void
    }

    private struct State {
      var isClosing = false
      var isOver = false
      var failure: BrokerError?
      var leaving: [CheckedContinuation<Void, Never>] = []
    }

    let ended = WakeSignal()
    private let bell: KafkaBell
    private let state = Mutex(State())

    private init(_ bell: KafkaBell) { self.bell = bell }

    /// Joins the group; that takes place later.
    static func join(
      _ group: BrokerGroup, _ configuration: KafkaBrokerConfiguration, intake: Intake,
      listener: Listener
    ) throws(BrokerError) -> KafkaConsumer {
      let settings = try ClientSettings.consuming(group.name, configuration)
      guard let bell = KafkaBell() else {
        throw BrokerError(.connection, "no pipe can be made: too many files are open")
      }
      let client = try KafkaClient(settings, consumes: true, bell: bell)
      if let refusal = client.subscribe(group.topics) {
        client.destroy()
        throw refusal.meaning("group \(group.name)")
      }
      let consumer = KafkaConsumer(bell)
      intake.use(consumer)
      Thread {
        var thread = KafkaConsumerThread(
          consumer, bell, client, group: group.name, configuration, intake, listener)
        thread.run()
      }.start()
      return consumer
    }

    /// Why it is over; nil while it is not.
    var failure: BrokerError? { state.withLock(\.failure) }

    /// There is something to look at: a handler has ended.
    func wake() { bell.ring() }

    /// Leaves the group and returns when that is done, and whoever is left in it has the
    /// partitions.
    func closed() async {
      state.withLock { $0.isClosing = true }
      bell.ring()
      // Not even a cancelled caller leaves before the thread has.
      await withCheckedContinuation { (waiter: CheckedContinuation<Void, Never>) in
        let isOver = state.withLock { state in
          if !state.isOver { state.leaving.append(waiter) }
          return state.isOver
        }
        if isOver { waiter.resume() }
      }
    }

    // MARK: - The thread

    var isClosing: Bool { state.withLock(\.isClosing) }

    func end(_ failure: BrokerError) {
      let leaving = state.withLock { state in
        state.failure = failure
        state.isOver = true
        defer { state.leaving = [] }
        return state.leaving
      }
      for waiter in leaving { waiter.resume() }
      ended.raise()
    }
  }
#endif
