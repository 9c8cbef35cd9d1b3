// SPDX-License-Identifier: Apache-2.0

#if RabbitMQ
  internal import MessageRelay
  public import TransactionalMessaging

  extension RabbitMQBroker {
    /// Returns when every queue that takes the message has stored it.
    ///
    /// - Throws: `.rejected` for what is wrong with this message, such as its size or a topic that
    ///   no queue takes; `.unavailable` for everything else, a full queue among it. Queues that had
    ///   room have then stored it all the same.
    public func publish(_ message: BrokerMessage) async throws(PublishFailure) {
      do throws(BrokerError) {
        let encoded = try coding.encode(message)
        try await permits.use { () throws(BrokerError) in
          try await connection.get().publish(encoded)
        }
        record.count { $0.published += 1 }
      } catch {
        throw error.publishFailure
      }
    }
  }
#endif
