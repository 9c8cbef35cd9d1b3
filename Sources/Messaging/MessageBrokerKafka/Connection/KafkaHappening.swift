// SPDX-License-Identifier: Apache-2.0

#if Kafka
  internal import CKafka

  /// Something that librdkafka tells; valid until whoever hands it over goes on.
  struct KafkaHappening {
    enum Kind {
      /// What no other names.
      case other
      /// Something is wrong with the client or its group.
      case error(KafkaRefusal)
      /// What came of messages that were sent.
      case reports
      case messages
      case assigned
      case revoked
      /// The answer to a commit; nil when all is well.
      case committed(KafkaRefusal?)
    }

    let kind: Kind
    let event: kafka_event

    init(_ event: kafka_event, of client: OpaquePointer) {
      self.event = event
      switch event.kind {
      case KAFKA_REPORTS: kind = .reports
      case KAFKA_MESSAGES: kind = .messages
      case KAFKA_ASSIGNED: kind = .assigned
      case KAFKA_REVOKED: kind = .revoked
      case KAFKA_COMMITTED: kind = .committed(event.code == 0 ? nil : Self.refusal(event))
      case KAFKA_ERROR: kind = .error(Self.error(event, of: client))
      default: kind = .other
      }
    }

    private static func refusal(_ event: kafka_event) -> KafkaRefusal {
      KafkaRefusal(Int(event.code), String(cString: event.words))
    }

    /// One that ends a client hides what ended it behind a number of its own.
    private static func error(_ event: kafka_event, of client: OpaquePointer) -> KafkaRefusal {
      guard event.is_fatal != 0 || event.code == KafkaRefusal.Code.fatal else {
        return refusal(event)
      }
      return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { memory in
        memory.initialize(repeating: 0)
        guard let start = memory.baseAddress else { return refusal(event) }
        let code = kafka_fatal_error(client, start, memory.count)
        guard code != 0 else { return refusal(event) }
        var cause = KafkaRefusal(Int(code), String(cString: start))
        if !cause.endsClient { cause.code = KafkaRefusal.Code.fatal }
        return cause
      }
    }

    // MARK: - Messages

    /// What came of a message that was sent.
    struct Report {
      var token: UInt
      var topic: String
      /// Nil when the server has stored it.
      var refusal: KafkaRefusal?
    }

    func eachReport(_ body: (Report) -> Void) {
      eachRecord { record in
        var report = Report(
          token: record.token, topic: String(cString: record.topic), refusal: nil)
        if record.is_stored == 0 {
          report.refusal = KafkaRefusal(Int(record.code), KafkaClient.text(record.code))
        }
        body(report)
      }
    }

    func eachMessage(_ body: (KafkaDelivery) -> Void) {
      eachRecord { record in
        guard record.code == 0 else { return }
        let topic = String(cString: record.topic)
        body(
          KafkaDelivery(
            place: KafkaPlace(
              partition: KafkaPartition(topic: topic, number: record.partition),
              offset: record.offset),
            record: KafkaRecord(
              topic: topic, key: [UInt8](record.key), headers: Self.headers(record.message),
              payload: [UInt8](record.payload))))
      }
    }

    private func eachRecord(_ body: (kafka_record) -> Void) {
      guard let event = event.event else { return }
      var record = kafka_record()
      while kafka_next_record(event, &record) != 0 { body(record) }
    }

    private static func headers(_ message: UnsafeRawPointer?) -> [KafkaHeader] {
      var headers: [KafkaHeader] = []
      var name: UnsafePointer<CChar>?
      var value = kafka_bytes()
      while kafka_header(message, headers.count, &name, &value) != 0, let name {
        headers.append(KafkaHeader(String(cString: name), [UInt8](value)))
      }
      return headers
    }

    // MARK: - Partitions

    /// The partitions that it is about.
    var partitions: [KafkaPartition] {
      guard let event = event.event else { return [] }
      var partitions: [KafkaPartition] = []
      var place = kafka_record()
      while kafka_place(event, Int32(partitions.count), &place) != 0 {
        partitions.append(
          KafkaPartition(topic: String(cString: place.topic), number: place.partition))
      }
      return partitions
    }
  }

  extension [UInt8] {
    /// A copy of what librdkafka holds.
    init(_ bytes: kafka_bytes) {
      self.init(UnsafeRawBufferPointer(start: bytes.start, count: bytes.count))
    }
  }
#endif
