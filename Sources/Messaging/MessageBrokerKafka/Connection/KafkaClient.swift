// SPDX-License-Identifier: Apache-2.0

#if Kafka
  internal import CKafka
  internal import Synchronization
  internal import TransactionalMessaging

  /// Where a client's thread hears that there is something to do, from librdkafka and from others.
  final class KafkaBell: Sendable {
    private let bell: Int32
    /// Where it is rung; librdkafka does so too.
    let rope: Int32
    private let isRung = Atomic(false)

    init?() {
      var (bell, rope): (Int32, Int32) = (-1, -1)
      guard kafka_make_bell(&bell, &rope) == 0 else { return nil }
      self.bell = bell
      self.rope = rope
    }

    deinit { kafka_remove_bell(bell, rope) }

    /// Cheap, never blocks, may be called from any thread.
    func ring() {
      if !isRung.exchange(true, ordering: .acquiringAndReleasing) { kafka_ring(rope) }
    }

    /// Returns when it was rung or the time is over, in milliseconds; nil for no end.
    func wait(atMost milliseconds: Int64?) {
      kafka_wait(bell, milliseconds.map { Int32(clamping: max(0, $0)) } ?? -1)
      kafka_calm(bell)
      // What was done before it was rung is seen from here on; whoever rings later is heard the
      // next time. In the other order, a bell that counts as rung could be one that nobody hears.
      isRung.store(false, ordering: .releasing)
    }
  }

  /// A client of librdkafka with the queues of what happens to it. Its owner destroys it.
  struct KafkaClient: @unchecked Sendable {  // librdkafka's clients and queues are for all threads
    private static let room = 512

    private let client: OpaquePointer
    private let happenings: OpaquePointer
    /// Of the partitions that are read; nil for who publishes.
    private let messages: OpaquePointer?

    /// Begins to connect.
    ///
    /// - Throws: `BrokerError` with the code `configuration`.
    init(
      _ settings: [String: String], consumes: Bool, bell: KafkaBell
    ) throws(BrokerError) {
      let made = kafka_settings()
      for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
        let refusal = Self.words { words, room in kafka_set(made, name, value, words, room) }
        if let refusal {
          rd_kafka_conf_destroy(made)
          throw BrokerError(.configuration, "librdkafka does not take \(name): \(refusal)")
        }
      }
      var opened: OpaquePointer?
      let refusal = Self.words { words, room in
        opened = kafka_client(made, consumes ? 1 : 0, words, room)
        return opened == nil ? -1 : 0
      }
      guard let client = opened else {
        throw BrokerError(.configuration, "no client can be made: \(refusal ?? "")")
      }
      self.client = client
      happenings = kafka_happenings(client, consumes ? 1 : 0, bell.rope)
      messages = consumes ? kafka_queue(client, bell.rope) : nil
    }

    /// Nobody may use it any more.
    func destroy() {
      kafka_remove_queue(happenings)
      if let messages { kafka_remove_queue(messages) }
      kafka_destroy(client)
    }

    /// The words that something says that fails, which is anything but 0.
    private static func words(
      _ body: (UnsafeMutablePointer<CChar>, Int) -> Int32
    ) -> String? {
      withUnsafeTemporaryAllocation(of: CChar.self, capacity: room) { memory in
        memory.initialize(repeating: 0)
        guard let start = memory.baseAddress, body(start, room) != 0 else { return nil }
        return String(cString: start)
      }
    }

    // MARK: - What happens

    /// Why no broker answers; nil when one does. Blocks.
    func reach(milliseconds: Int64) -> KafkaRefusal? {
      let code = kafka_reach(client, Int32(clamping: max(1, milliseconds)))
      return code == 0 ? nil : KafkaRefusal(Int(code), Self.text(code))
    }

    /// Hands over what has happened, without waiting.
    func hear(_ body: (KafkaHappening) -> Void) {
      Self.each(happenings) { event in body(KafkaHappening(event, of: client)) }
    }

    /// Hands over messages that are there, without waiting, as long as more are wanted.
    ///
    /// - Returns: whether some are left.
    func read(while isWanted: () -> Bool, _ body: (KafkaHappening) -> Void) -> Bool {
      guard let messages else { return false }
      var left = 1_024
      while isWanted(), left > 0 {
        let event = kafka_next(messages)
        guard let held = event.event else {
          if kafka_has_more(messages) == 0 { return false }
          left -= 1
          continue
        }
        body(KafkaHappening(event, of: client))
        kafka_release(held)
        left -= 1
      }
      return kafka_has_more(messages) != 0
    }

    private static func each(_ queue: OpaquePointer, _ body: (kafka_event) -> Void) {
      while true {
        let event = kafka_next(queue)
        guard let held = event.event else {
          if kafka_has_more(queue) == 0 { return }
          continue
        }
        body(event)
        kafka_release(held)
      }
    }

    static func text(_ code: Int32) -> String {
      "\(String(cString: kafka_words(code))) (\(String(cString: kafka_name(code))))"
    }

    // MARK: - Publishing

    /// Takes a copy of a message; a report with the token says later what came of it.
    func publish(_ record: KafkaRecord, token: UInt) -> KafkaRefusal? {
      let headers = kafka_headers(record.headers.count)
      for header in record.headers {
        Self.lend(header.value) { kafka_add_header(headers, header.name, $0) }
      }
      let code = Self.lend(record.key) { key in
        Self.lend(record.payload) { payload in
          kafka_publish(client, record.topic, key, payload, headers, token)
        }
      }
      return code == 0 ? nil : KafkaRefusal(Int(code), Self.text(code))
    }

    private static func lend<Value>(_ bytes: [UInt8], _ body: (kafka_bytes) -> Value) -> Value {
      bytes.withUnsafeBytes { body(kafka_bytes(start: $0.baseAddress, count: $0.count)) }
    }

    // MARK: - Groups

    func subscribe(_ topics: Set<String>) -> KafkaRefusal? {
      let list = kafka_partitions(Int32(topics.count))
      defer { kafka_remove_partitions(list) }
      for topic in topics.sorted() { kafka_add_partition(list, topic, -1, 0) }
      let code = kafka_subscribe(client, list)
      return code == 0 ? nil : KafkaRefusal(Int(code), Self.text(code))
    }

    func unassign() { _ = kafka_unassign(client) }

    /// Whether the partitions belong to somebody else already.
    var hasLostAssignment: Bool { kafka_has_lost(client) != 0 }

    /// Reads the partitions that a happening assigned.
    func assign(_ happening: KafkaHappening) {
      _ = kafka_assign(client, happening.event.event, messages)
    }

    /// Asks the group to remember positions; the answer is a happening.
    func commit(_ positions: [KafkaPlace]) -> Bool {
      let list = kafka_partitions(Int32(positions.count))
      defer { kafka_remove_partitions(list) }
      for place in positions {
        kafka_add_partition(list, place.partition.topic, place.partition.number, place.offset)
      }
      return kafka_commit(client, list, happenings) == 0
    }

    /// Begins to leave the group.
    func leave() -> Bool { kafka_leave(client, happenings) == 0 }

    var hasLeft: Bool { kafka_has_left(client) != 0 }
  }
#endif
