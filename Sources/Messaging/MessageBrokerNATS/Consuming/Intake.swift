// SPDX-License-Identifier: Apache-2.0

#if NATS
  internal import MessageRelay
  internal import Synchronization
  internal import TransactionalMessaging

  /// What a call of `consume` holds: messages in order within their lanes, and what was asked for.
  ///
  /// It outlives connections. A message that comes again while it is held changes nothing but where
  /// its acknowledgement goes.
  final class Intake: Sendable {
    typealias Turn = TurnQueue<Held>.Turn

    /// A message that is not settled yet.
    struct Held: Sendable {
      /// Position in the stream.
      var sequence: UInt64
      var content: Content
    }

    enum Content: Sendable {
      case message(BrokerMessage)
      /// It cannot be read; why.
      case malformed(NATSMessage, reason: String)
    }

    /// What became of a message that came.
    enum Arrival: Sendable {
      case held(redelivered: Bool)
      case again
      /// It belongs to another topic; its acknowledgement goes there.
      case skipped(reply: String)
      /// The server said something about a request.
      case notice
      /// More came than was asked for: it comes again later.
      case noRoom
    }

    private struct State {
      /// Where acknowledgements of what is held go, by positions in the stream.
      var replies: [UInt64: String] = [:]
      var window: PullWindow
      var trouble: String?
      /// When the server was last heard of, or asked.
      var heard: Int64 = 0
      var pulse: Int64 = 1_000
    }

    let turns: TurnQueue<Held>
    /// Raised when messages can be asked for, or something is wrong.
    let room = WakeSignal()
    /// Raised once, when nothing is under way any more.
    let finished = WakeSignal()

    private let topics: Set<String>
    private let coding: NATSMessageCoding
    private let state: Mutex<State>

    init(topics: Set<String>, coding: NATSMessageCoding, capacity: Int, concurrency: Int) {
      self.topics = topics
      self.coding = coding
      let window = PullWindow(batch: (capacity + 1) / 2, capacity: capacity)
      // Twice the window: what was asked for on a connection that is lost may still have come.
      turns = TurnQueue(capacity: window.capacity * 2, concurrency: concurrency)
      state = Mutex(State(window: window))
    }

    /// How often the server is told that what is held is still wanted, in milliseconds.
    var pulse: Int64 {
      get { state.withLock(\.pulse) }
      set { state.withLock { $0.pulse = newValue } }
    }

    var isStopped: Bool { turns.isStopped }
    var stopped: WakeSignal { turns.stopped }

    func stop() {
      turns.stop()
      room.raise()
    }

    // MARK: - Arrivals, on libnats' threads

    func came(_ message: NATSMessage, now: Int64) -> Arrival {
      if let status = message.status { return noticed(status, message, now: now) }
      guard let reply = message.reply, let delivery = Delivery(replySubject: reply) else {
        return .notice
      }
      let topic = coding.topic(ofSubject: message.subject)
      guard topics.contains(topic) else {
        note(now) { $0.window.came() }
        return .skipped(reply: reply)
      }
      let content: Content
      let key: String
      do throws(MalformedMessage) {
        let read = try coding.decode(message)
        key = read.key
        content = .message(read)
      } catch {
        key = ""
        content = .malformed(message, reason: error.description)
      }
      let held = Held(sequence: delivery.sequence, content: content)
      return note(now) { state in
        state.window.came()
        let isHeld = state.replies.updateValue(reply, forKey: held.sequence) != nil
        if isHeld { return .again }
        if turns.offer(held, lane: TurnQueue<Held>.LaneKey(topic: topic, key: key)) {
          return .held(redelivered: delivery.count > 1)
        }
        state.replies[held.sequence] = nil
        return .noRoom
      }
    }

    private func noticed(_ status: Int, _ message: NATSMessage, now: Int64) -> Arrival {
      let text = message.headers["Description"] ?? ""
      note(now) { state in
        switch status {
        // The request's time is over, or nothing is there: it is asked again. A request beyond a
        // limit of the consumer would be refused again at once, and one that was deleted is gone.
        case 404, 408,
          409 where !text.contains("Deleted") && !text.contains("Exceeded"):
          state.window.ended(unserved: message.headers["Nats-Pending-Messages"].flatMap { Int($0) })
        case 100: break
        default:
          state.window.reset()
          state.trouble = """
            the server ended the delivery (\(status) \(text)): make the consumer again where it \
            was \
            deleted, and give it no limits for requests (max_batch, max_expires)
            """
        }
      }
      room.raise()
      return .notice
    }

    private func note<Value: Sendable>(
      _ now: Int64, _ change: @Sendable (inout State) -> Value
    ) -> Value {
      let (value, isDue) = state.withLock { state in
        state.heard = now
        let value = change(&state)
        return (
          value, state.window.outstanding == 0 || state.window.due(held: turns.count) != nil
        )
      }
      if isDue { room.raise() }
      return value
    }

    // MARK: - Asking

    /// A connection begins: nothing is asked for on it.
    func begin(now: Int64) {
      state.withLock { state in
        state.window.reset()
        state.trouble = nil
        state.heard = now
      }
    }

    /// Whether nothing more comes that was asked for.
    var isServed: Bool { state.withLock { $0.window.outstanding == 0 } }

    /// How many messages to ask for now.
    func ask(now: Int64) -> Int? {
      state.withLock { state in
        guard let count = state.window.due(held: turns.count) else { return nil }
        state.window.asked(for: count)
        state.heard = now
        return count
      }
    }

    /// Why this connection's deliveries are over. A server that is silent for longer than a request
    /// lasts has forgotten it, or the consumer is gone.
    func trouble(now: Int64, silence: Int64) -> String? {
      state.withLock { state in
        if let trouble = state.trouble { return trouble }
        guard state.window.outstanding > 0, now - state.heard > silence else { return nil }
        return "the server answers no request for messages: stream or consumer are gone"
      }
    }

    // MARK: - Turns

    /// Where the acknowledgement goes, by the latest delivery.
    func reply(_ turn: Turn) -> String? {
      state.withLock { $0.replies[turn.element.sequence] }
    }

    func settled(_ turn: Turn) {
      let isDue = state.withLock { state in
        state.replies[turn.element.sequence] = nil
        turns.settled(turn)
        return state.window.due(held: turns.count) != nil
      }
      if isDue { room.raise() }
    }

    /// Where acknowledgements of all that is held go, in the stream's order.
    var replies: [String] {
      state.withLock { state in state.replies.sorted { $0.key < $1.key }.map(\.value) }
    }
  }
#endif
