// SPDX-License-Identifier: Apache-2.0

#if NATS
  internal import MessageRelay
  public import TransactionalMessaging

  extension NATSBroker: BatchPublisher {
    private static let duplicate = Array("\"duplicate\"".utf8)
    private static let sequence = Array("\"seq\"".utf8)

    /// Returns when the stream has stored the message.
    ///
    /// - Throws: `.rejected` for what is wrong with this message, such as its size; `.unavailable`
    ///   for everything else, a full stream among it.
    public func publish(_ message: BrokerMessage) async throws(PublishFailure) {
      do throws(BrokerError) {
        let encoded = try coding.encode(message)
        let isDuplicate = try await permits.use { () throws(BrokerError) in
          try await store(encoded, in: configuration.stream)
        }
        count(isDuplicate: isDuplicate)
      } catch {
        if error.code == .missing { connection.doubt() }
        throw error.publishFailure
      }
    }

    /// Publishes messages that go to the server together; each is settled when the stream has
    /// stored it.
    public func publish(
      _ messages: [BrokerMessage], settle: @escaping @Sendable (Int, PublishFailure?) -> Void
    ) async {
      var (encoded, places): ([NATSMessage], [Int]) = ([], [])
      encoded.reserveCapacity(messages.count)
      places.reserveCapacity(messages.count)
      // Nearly all go to one topic.
      var (topic, subject) = ("", "")
      for (place, message) in messages.enumerated() {
        do throws(BrokerError) {
          if message.topic != topic || subject.isEmpty {
            subject = try coding.checkedSubject(forTopic: message.topic)
            topic = message.topic
          }
          encoded.append(try coding.encode(message, to: subject))
          places.append(place)
        } catch {
          settle(place, error.publishFailure)
        }
      }
      let connection: NATSConnection
      do throws(BrokerError) {
        connection = try await self.connection.get()
      } catch {
        for place in places { settle(place, error.publishFailure) }
        return
      }
      await connection.request(
        NATSBatch(encoded) { [self, encoded, places] place, answer in
          do throws(BrokerError) {
            count(
              isDuplicate: try confirmation(of: answer.get(), to: encoded[place].subject))
            settle(places[place], nil)
          } catch {
            if error.code == .missing { self.connection.doubt() }
            settle(places[place], error.publishFailure)
          }
        })
    }

    private func count(isDuplicate: Bool) {
      record.count { status in
        status.published += 1
        if isDuplicate { status.duplicates += 1 }
      }
    }

    /// Nearly every answer is a short yes; it costs no decoding.
    private func confirmation(
      of answer: NATSAnswer, to subject: String
    ) throws(BrokerError) -> Bool {
      guard answer.contains("\"seq\""), !answer.contains("\"error\"") else {
        return try confirmation(of: answer.copy, to: subject, in: configuration.stream)
      }
      return answer.contains("\"duplicate\"")
    }

    /// Sends a message and waits until the stream says that it has it.
    ///
    /// - Returns: whether it had it before.
    func store(_ message: NATSMessage, in stream: String) async throws(BrokerError) -> Bool {
      let answer = try await connection.get().request(message)
      return try confirmation(of: answer, to: message.subject, in: stream)
    }

    /// - Returns: whether the stream had it before.
    private func confirmation(
      of answer: NATSMessage, to subject: String, in stream: String
    ) throws(BrokerError) -> Bool {
      if let refusal = JetStreamRefusal(answer) {
        throw refusal.meaning(stream: stream, subject: subject)
      }
      guard answer.payload.contains(Self.sequence) else {
        throw BrokerError(
          .unsuitable, "the answer to \(subject) confirms nothing: no stream sent it")
      }
      return answer.payload.contains(Self.duplicate)
    }
  }
#endif
