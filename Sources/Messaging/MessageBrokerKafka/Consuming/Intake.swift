// SPDX-License-Identifier: Apache-2.0

#if Kafka
  internal import MessageRelay
  internal import Synchronization
  internal import TransactionalMessaging

  /// What a call of `consume` holds: messages of the partitions at hand, in order within their
  /// lanes, and what is consumed of each partition.
  ///
  /// Partitions come and go all at once. Before they go, what no handler has begun is dropped, and
  /// they are held until handlers have ended, so that whoever has them next begins behind that.
  final class Intake: Sendable {
    typealias Turn = TurnQueue<Held>.Turn

    /// A message that is not settled yet.
    struct Held: Sendable {
      var content: Content
      var delivery: KafkaDelivery
      /// Under which assignment it came.
      var epoch: UInt64
      /// The generation of `leaving` after which that ends.
      var leaving: UInt64
    }

    enum Content: Sendable {
      case message(BrokerMessage)
      /// It cannot be read; why.
      case malformed(reason: String)
    }

    /// Positions that the group is told.
    struct Commit: Sendable {
      var places: [KafkaPlace]
      fileprivate var passed: [KafkaPartition: Int]
      fileprivate var epoch: UInt64

      /// How many messages they pass.
      var count: Int { passed.values.reduce(0, +) }
    }

    private struct State {
      var connection: KafkaConsumer?
      var epoch: UInt64 = 0
      /// Partitions are at hand and stay for now.
      var isAssigned = false
      var ledgers: [KafkaPartition: OffsetLedger] = [:]
    }

    let turns: TurnQueue<Held>
    /// Raised when partitions are about to go.
    let leaving = WakeSignal()
    private let coding: KafkaRecordCoding
    private let capacity: Int
    private let ahead: Int
    private let state = Mutex(State())

    init(coding: KafkaRecordCoding, capacity: Int, ahead: Int, concurrency: Int) {
      self.coding = coding
      self.capacity = max(1, capacity)
      self.ahead = max(self.capacity, ahead)
      // What handlers of an earlier assignment are at is held besides.
      turns = TurnQueue(
        capacity: self.capacity * 2 + max(1, concurrency), concurrency: concurrency)
    }

    var isStopped: Bool { turns.isStopped }
    var stopped: WakeSignal { turns.stopped }
    func stop() { turns.stop() }

    var connection: KafkaConsumer? { state.withLock(\.connection) }
    func use(_ connection: KafkaConsumer) { state.withLock { $0.connection = connection } }

    // MARK: - Assignments, on a connection's thread

    func assigned() {
      state.withLock { state in
        state.epoch += 1
        state.isAssigned = true
      }
      turns.arrivals.raise()
    }

    /// Partitions are about to go: no handler begins any more.
    func leave() {
      state.withLock { state in
        state.isAssigned = false
        turns.removeWaiting()
      }
      leaving.raise()
    }

    /// Whether handlers have ended.
    var isIdle: Bool { turns.count == 0 }

    /// Partitions are gone.
    func unassigned() {
      leave()
      state.withLock { state in
        state.epoch += 1
        for partition in Array(state.ledgers.keys) {
          state.ledgers[partition]?.ended()
          state.ledgers[partition]?.forgetEarlier(beyond: ahead)
        }
      }
    }

    // MARK: - Arrivals, on a connection's thread

    /// Whether more messages may come.
    var hasRoom: Bool {
      state.withLock { state in
        state.isAssigned && turns.count < capacity
          && state.ledgers.values.reduce(0) { $0 + $1.count } < ahead
      }
    }

    func came(_ delivery: KafkaDelivery) {
      var content: Content
      var key = ""
      do throws(MalformedMessage) {
        let read = try coding.decode(delivery.record)
        key = read.key
        content = .message(read)
      } catch {
        content = .malformed(reason: error.description)
      }
      let lane = TurnQueue<Held>.LaneKey(topic: delivery.record.topic, key: key)
      state.withLock { state in
        guard state.isAssigned,
          state.ledgers[delivery.place.partition, default: OffsetLedger()]
            .came(delivery.place.offset)
        else { return }
        let held = Held(
          content: content, delivery: delivery, epoch: state.epoch, leaving: leaving.generation)
        _ = turns.offer(held, lane: lane)
      }
    }

    // MARK: - Positions, on a connection's thread

    /// What the group has to be told; nil when it knows.
    func takeCommit() -> Commit? {
      state.withLock { state in
        var commit = Commit(places: [], passed: [:], epoch: state.epoch)
        for partition in Array(state.ledgers.keys) {
          guard let position = state.ledgers[partition]?.takePosition() else { continue }
          commit.places.append(KafkaPlace(partition: partition, offset: position.offset))
          commit.passed[partition] = position.passed
        }
        return commit.places.isEmpty ? nil : commit
      }
    }

    /// The group was not told after all.
    func giveBack(_ commit: Commit) {
      state.withLock { state in
        guard state.epoch == commit.epoch else { return }
        for (partition, passed) in commit.passed {
          state.ledgers[partition]?.giveBack(passed: passed)
        }
      }
    }

    // MARK: - Turns

    /// The next message, when a handler is free and its partition stays.
    func next() -> Turn? {
      state.withLock { state in state.isAssigned ? turns.next() : nil }
    }

    /// The message was consumed, or is kept elsewhere.
    func settle(_ turn: Turn) {
      let held = turn.element
      let connection = state.withLock { state in
        turns.settled(turn)
        let place = held.delivery.place
        if state.epoch == held.epoch {
          state.ledgers[place.partition]?.consumed(place.offset)
        } else {
          state.ledgers[place.partition]?.consumedLate(place.offset)
        }
        return state.connection
      }
      connection?.wake()
    }

    /// It comes again before what follows in its lane: from here, or from the server when its
    /// partition goes.
    func giveBack(_ turn: Turn) {
      let connection = state.withLock { state in
        if state.epoch == turn.element.epoch, state.isAssigned {
          turns.giveBack(turn)
        } else {
          turns.settled(turn)
        }
        return state.connection
      }
      connection?.wake()
    }
  }
#endif
