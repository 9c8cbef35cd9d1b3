// SPDX-License-Identifier: Apache-2.0

#if NATS
  internal import TransactionalMessaging

  /// Looks whether streams and consumers are there and fit, and creates what may be created.
  struct JetStreamSetUp {
    private let connection: NATSConnection
    private let configuration: NATSBrokerConfiguration

    init(_ connection: NATSConnection, _ configuration: NATSBrokerConfiguration) {
      self.connection = connection
      self.configuration = configuration
    }

    /// The stream that events go to.
    func stream() async throws(BrokerError) {
      let name = configuration.stream
      let found = try await ask(
        JetStreamAPI.StreamAnswer.self, JetStreamAPI.streamInfo(name), of: name)
      switch found {
      case .success(let answer): try check(answer.config)
      case .failure(let refusal):
        try await create(name, subjects: configuration.subjects, because: refusal)
      }
    }

    /// The stream that refused messages go to; only looked at where it may be created.
    func deadLetters() async throws(BrokerError) {
      guard configuration.creation != nil else { return }
      let name = configuration.deadLetterStream
      let found = try await ask(
        JetStreamAPI.StreamAnswer.self, JetStreamAPI.streamInfo(name), of: name)
      guard case .failure(let refusal) = found else { return }
      try await create(
        name, subjects: [configuration.deadLetterSubject(ofGroup: "*")], because: refusal)
    }

    /// The group's durable consumer.
    ///
    /// - Returns: how long the server waits for an acknowledgement, in milliseconds.
    func consumer(of group: BrokerGroup) async throws(BrokerError) -> Int64 {
      let stream = configuration.stream
      let found = try await ask(
        JetStreamAPI.ConsumerAnswer.self, JetStreamAPI.consumerInfo(stream, group.name), of: stream)
      switch found {
      case .success(let answer):
        try check(answer.config, of: group)
        return (answer.config.ackWait ?? 0) / JetStreamAPI.nanoseconds
      case .failure(let refusal):
        guard refusal.number == JetStreamRefusal.consumerNotFound else {
          throw refusal.meaning(stream: stream, subject: stream)
        }
        guard configuration.creation != nil else {
          throw BrokerError(
            .missing,
            """
            stream \(stream) has no durable consumer \(group.name): create a pull consumer with \
            explicit acknowledgement, or let it be created
            """)
        }
        return try await create(group)
      }
    }

    /// The only topic of a group, as the server filters it.
    private func filter(_ group: BrokerGroup) -> String? {
      guard group.topics.count == 1, let topic = group.topics.first else { return nil }
      return configuration.coding.subject(forTopic: topic)
    }

    private func create(
      _ group: BrokerGroup
    ) async throws(BrokerError) -> Int64 {
      let stream = configuration.stream
      let request = JetStreamAPI.CreateConsumer(
        stream: stream,
        config: JetStreamAPI.Consumer(
          durable: group.name, deliverPolicy: "all", ackPolicy: "explicit",
          ackWait: max(100, configuration.ackWait) * JetStreamAPI.nanoseconds, maxDeliver: -1,
          maxAckPending: max(configuration.held, configuration.unacknowledged),
          filterSubject: filter(group), replayPolicy: "instant"))
      let made = try await ask(
        JetStreamAPI.ConsumerAnswer.self, JetStreamAPI.createConsumer(stream, group.name),
        JetStreamAPI.encode(request), of: stream)
      switch made {
      case .success(let answer):
        return (answer.config.ackWait ?? 0) / JetStreamAPI.nanoseconds
      case .failure(let refusal):
        throw refusal.meaning(stream: stream, subject: stream)
      }
    }

    private func check(
      _ consumer: JetStreamAPI.Consumer, of group: BrokerGroup
    ) throws(BrokerError) {
      let complaint: String? =
        if consumer.deliverSubject?.isEmpty == false {
          "pushes its messages; a pull consumer is needed"
        } else if consumer.ackPolicy != "explicit" {
          "has the ack_policy \(consumer.ackPolicy ?? "none"); explicit is needed"
        } else if let most = consumer.maxDeliver, most > 0 {
          "gives up after \(most) deliveries, which loses events; max_deliver -1 is needed"
        } else if let subject = consumer.filterSubject, !subject.isEmpty,
          group.topics.contains(where: { configuration.coding.subject(forTopic: $0) != subject })
        {
          "only gets \(subject), and the group reads "
            + group.topics.sorted().joined(separator: ", ")
        } else {
          nil
        }
      if let complaint {
        throw BrokerError(
          .unsuitable,
          "consumer \(group.name) of stream \(configuration.stream) \(complaint): change or "
            + "delete it")
      }
    }

    private func check(_ stream: JetStreamAPI.Stream) throws(BrokerError) {
      let window = (stream.duplicateWindow ?? 0) / JetStreamAPI.nanoseconds
      let complaint: String? =
        if stream.noAck == true {
          "confirms nothing (no_ack)"
        } else if stream.sealed == true {
          "is sealed"
        } else if stream.storage == "memory" {
          "keeps messages in memory, and a restart of the server loses them; storage file is needed"
        } else if let least = configuration.leastDuplicates, window < least {
          "drops a second message of an id for \(window) ms (duplicate_window), and \(least) ms "
            + "are asked for"
        } else {
          nil
        }
      if let complaint {
        throw BrokerError(
          .unsuitable, "stream \(stream.name) \(complaint): change it or name another")
      }
    }

    private func create(
      _ name: String, subjects: [String], because refusal: JetStreamRefusal
    ) async throws(BrokerError) {
      guard refusal.number == JetStreamRefusal.streamNotFound, let creation = configuration.creation
      else { throw refusal.meaning(stream: name, subject: subjects.joined(separator: ", ")) }
      let request = JetStreamAPI.Stream(
        name: name, subjects: subjects, retention: "limits",
        // A full stream refuses; it must not drop what nobody has read.
        discard: "new", storage: "file",
        maxAge: max(0, creation.maxAge) * JetStreamAPI.nanoseconds,
        maxBytes: creation.maxBytes ?? -1, replicas: max(1, creation.replicas),
        duplicateWindow: Self.window(creation) * JetStreamAPI.nanoseconds)
      let made = try await ask(
        JetStreamAPI.StreamAnswer.self, JetStreamAPI.createStream(name),
        JetStreamAPI.encode(request), of: name)
      if case .failure(let refusal) = made {
        throw refusal.meaning(stream: name, subject: subjects.joined(separator: ", "))
      }
    }

    /// The server refuses a window that is longer than messages are kept.
    private static func window(_ creation: NATSBrokerConfiguration.Creation) -> Int64 {
      let longest = creation.maxAge > 0 ? creation.maxAge : .max
      return min(max(100, creation.duplicates), longest)
    }

    private func ask<Answer: Decodable>(
      _ type: Answer.Type, _ subject: String, _ payload: [UInt8] = [], of stream: String
    ) async throws(BrokerError) -> Result<Answer, JetStreamRefusal> {
      do throws(BrokerError) {
        let answer = try await connection.request(NATSMessage(subject, payload: payload))
        if answer.status == JetStreamRefusal.nobodyListens {
          throw BrokerError(
            .unsuitable, "JetStream is off: start nats-server with -js (--jetstream)")
        }
        return JetStreamAPI.decode(type, from: answer)
      } catch {
        guard [.timedOut, .credentials].contains(error.code) else { throw error }
        throw BrokerError(error.code, "stream \(stream) cannot be looked at: \(error.message)")
      }
    }
  }
#endif
