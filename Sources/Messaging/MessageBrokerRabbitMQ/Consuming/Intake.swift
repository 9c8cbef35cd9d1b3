// SPDX-License-Identifier: Apache-2.0

#if RabbitMQ
  internal import MessageRelay
  internal import Synchronization
  internal import TransactionalMessaging

  /// What a call of `consume` holds: messages of the connection at hand, in order within their
  /// lanes.
  ///
  /// When a connection is over, the server puts back what was not acknowledged and sends it again,
  /// in order, over the next one. So what no handler has begun is dropped then; what handlers are
  /// at keeps its lane until they are finished.
  final class Intake: Sendable {
    typealias Turn = TurnQueue<Held>.Turn

    /// A message that is not settled yet.
    struct Held: Sendable {
      var content: Content
      var tag: UInt64
      /// Which connection it came over.
      var epoch: UInt64
      /// The message's id; empty when it has none.
      var id: String
      var isRedelivered: Bool
    }

    enum Content: Sendable {
      case message(BrokerMessage)
      /// It cannot be read; why.
      case malformed(reason: String)
      /// It belongs to another topic than the group's.
      case foreign
    }

    private struct State {
      var connection: RabbitMQConnection?
      var epoch: UInt64 = 0
      /// Messages of earlier connections that were consumed and come again.
      var owed: Set<String> = []
      var arrived = 0
    }

    let turns: TurnQueue<Held>
    private let topics: Set<String>
    private let coding: AMQPMessageCoding
    private let capacity: Int
    private let state = Mutex(State())

    init(topics: Set<String>, coding: AMQPMessageCoding, capacity: Int, concurrency: Int) {
      self.topics = topics
      self.coding = coding
      self.capacity = max(1, capacity)
      // What handlers of an earlier connection are at is held besides.
      turns = TurnQueue(
        capacity: self.capacity * 2 + max(1, concurrency), concurrency: concurrency)
    }

    var isStopped: Bool { turns.isStopped }
    var stopped: WakeSignal { turns.stopped }
    func stop() { turns.stop() }

    // MARK: - Connections

    /// A connection will be opened; its number.
    func begin() -> UInt64 {
      state.withLock { state in
        state.epoch += 1
        state.connection = nil
        state.arrived = 0
        turns.removeWaiting()
        return state.epoch
      }
    }

    /// Turns begin when their answers can be sent.
    func use(_ connection: RabbitMQConnection) {
      state.withLock { $0.connection = connection }
      turns.arrivals.raise()
    }

    /// The connection is over.
    ///
    /// - Returns: whether messages came over it.
    func lost() -> Bool {
      state.withLock { state in
        state.epoch += 1
        state.connection = nil
        turns.removeWaiting()
        return state.arrived > 0
      }
    }

    var connection: RabbitMQConnection? { state.withLock(\.connection) }

    // MARK: - Arrivals, on a connection's thread

    /// False when it holds more than was asked for.
    func came(_ delivery: AMQPDelivery, epoch: UInt64) -> Bool {
      let topic = delivery.message.routingKey
      var key = ""
      var content = Content.foreign
      if topics.contains(topic) {
        do throws(MalformedMessage) {
          let read = try coding.decode(delivery.message)
          key = read.key
          content = .message(read)
        } catch {
          content = .malformed(reason: error.description)
        }
      }
      let held = Held(
        content: content, tag: delivery.tag, epoch: epoch, id: delivery.message.id,
        isRedelivered: delivery.isRedelivered)
      return state.withLock { state in
        // Nobody waits for what still comes over an earlier connection.
        guard state.epoch == epoch else { return true }
        state.arrived += 1
        return turns.offer(held, lane: TurnQueue<Held>.LaneKey(topic: topic, key: key))
      }
    }

    // MARK: - Turns

    /// The next message, when a handler is free and its answer can be sent.
    func next() -> Turn? {
      state.withLock { state in state.connection == nil ? nil : turns.next() }
    }

    /// Whether the message was consumed when it came over an earlier connection.
    func isOwed(_ held: Held) -> Bool {
      held.isRedelivered && state.withLock { $0.owed.remove(held.id) != nil }
    }

    /// Tells the server over the connection that the message came over.
    ///
    /// - Returns: false when that is lost: the message comes again.
    func settle(_ turn: Turn, _ tell: (RabbitMQConnection, UInt64) -> Bool) -> Bool {
      let connection = state.withLock { state -> RabbitMQConnection? in
        turns.settled(turn)
        return state.epoch == turn.element.epoch ? state.connection : nil
      }
      return connection.map { tell($0, turn.element.tag) } ?? false
    }

    /// A message was consumed whose connection is lost: it is not handled again when it comes.
    func owe(_ held: Held) {
      guard !held.id.isEmpty else { return }
      state.withLock { state in
        // It may have gone to another process; what is left of those must not pile up.
        if state.owed.count >= capacity { state.owed = [] }
        state.owed.insert(held.id)
      }
    }

    /// It comes again before what follows in its lane: from here, or from the server when the
    /// connection is lost that it came over.
    func giveBack(_ turn: Turn) {
      state.withLock { state in
        if state.epoch == turn.element.epoch {
          turns.giveBack(turn)
        } else {
          turns.settled(turn)
        }
      }
    }
  }
#endif
