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
    typealias LaneKey = GroupQueue<Held>.LaneKey

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

    /// A message whose turn has come.
    struct Turn: Sendable {
      var held: Held
      var lane: LaneKey
    }

    enum Content: Sendable {
      case message(BrokerMessage)
      /// It cannot be read; why.
      case malformed(reason: String)
      /// It belongs to another topic than the group's.
      case foreign
      /// A handler said so after the connection was lost over which it had come.
      case acknowledged
    }

    private struct State {
      var queue: GroupQueue<Held>
      var connection: RabbitMQConnection?
      var epoch: UInt64 = 0
      var slots: Int
      /// Messages of earlier connections that were consumed and come again.
      var owed: Set<String> = []
      var arrived = 0
    }

    /// Raised when a message may have its turn.
    let arrivals = WakeSignal()
    /// Raised once, when no more messages are wanted.
    let stopped = WakeSignal()

    private let topics: Set<String>
    private let coding: AMQPMessageCoding
    private let capacity: Int
    private let state: Mutex<State>

    init(topics: Set<String>, coding: AMQPMessageCoding, capacity: Int, concurrency: Int) {
      self.topics = topics
      self.coding = coding
      self.capacity = max(1, capacity)
      // What handlers of an earlier connection are at is held besides.
      state = Mutex(
        State(
          queue: GroupQueue(capacity: self.capacity * 2 + max(1, concurrency)),
          slots: max(1, concurrency)))
    }

    var isStopped: Bool { stopped.generation > 0 }

    func stop() {
      stopped.raise()
      arrivals.raise()
    }

    // MARK: - Connections

    /// A connection will be opened; its number.
    func begin() -> UInt64 {
      state.withLock { state in
        state.epoch += 1
        state.connection = nil
        state.arrived = 0
        state.queue.removeWaiting()
        return state.epoch
      }
    }

    /// Turns begin when their answers can be sent.
    func use(_ connection: RabbitMQConnection) {
      state.withLock { $0.connection = connection }
      arrivals.raise()
    }

    /// The connection is over.
    ///
    /// - Returns: whether messages came over it.
    func lost() -> Bool {
      state.withLock { state in
        state.epoch += 1
        state.connection = nil
        state.queue.removeWaiting()
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
      let lane = LaneKey(topic: topic, key: key)
      let hasRoom = state.withLock { state in
        // Nobody waits for what still comes over an earlier connection.
        guard state.epoch == epoch else { return true }
        state.arrived += 1
        return state.queue.offer(held, lane: lane)
      }
      arrivals.raise()
      return hasRoom
    }

    // MARK: - Turns

    /// The next message, when a handler is free.
    func next() -> Turn? {
      state.withLock { state in
        guard state.connection != nil, state.slots > 0, let next = state.queue.take()
        else { return nil }
        state.slots -= 1
        var held = next.element
        if held.isRedelivered, state.owed.remove(held.id) != nil { held.content = .acknowledged }
        return Turn(held: held, lane: next.lane)
      }
    }

    /// The handler of a turn is free again; the lane is not yet.
    func handled() {
      state.withLock { $0.slots += 1 }
      arrivals.raise()
    }

    /// Tells the server over the connection that the message came over.
    ///
    /// - Returns: false when that is lost: the message comes again.
    func settle(_ turn: Turn, _ tell: (RabbitMQConnection, UInt64) -> Void) -> Bool {
      let connection = state.withLock { state -> RabbitMQConnection? in
        state.queue.consumed(turn.lane)
        return state.epoch == turn.held.epoch ? state.connection : nil
      }
      if let connection { tell(connection, turn.held.tag) }
      arrivals.raise()
      return connection != nil
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

    /// It comes again before what follows in its lane.
    func giveBack(_ turn: Turn) {
      state.withLock { state in
        if state.epoch == turn.held.epoch {
          state.queue.giveBack(turn.lane)
        } else {
          state.queue.consumed(turn.lane)
        }
      }
      arrivals.raise()
    }
  }
#endif
