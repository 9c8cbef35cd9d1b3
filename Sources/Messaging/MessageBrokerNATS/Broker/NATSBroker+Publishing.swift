// SPDX-License-Identifier: Apache-2.0

#if NATS
  internal import MessageRelay
  public import TransactionalMessaging

  extension NATSBroker {
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
        record.count { status in
          status.published += 1
          if isDuplicate { status.duplicates += 1 }
        }
      } catch {
        if error.code == .missing { connection.doubt() }
        throw error.publishFailure
      }
    }

    /// Sends a message and waits until the stream says that it has it.
    ///
    /// - Returns: whether it had it before.
    func store(_ message: NATSMessage, in stream: String) async throws(BrokerError) -> Bool {
      let answer = try await connection.get().request(message)
      if let refusal = JetStreamRefusal(answer) {
        throw refusal.meaning(stream: stream, subject: message.subject)
      }
      guard answer.payload.contains(Self.sequence) else {
        throw BrokerError(
          .unsuitable, "the answer to \(message.subject) confirms nothing: no stream sent it")
      }
      return answer.payload.contains(Self.duplicate)
    }
  }
#endif
