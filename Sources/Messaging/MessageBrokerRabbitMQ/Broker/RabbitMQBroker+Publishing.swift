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
      do throws(RabbitMQError) {
        let encoded = try coding.encode(message)
        switch await permits.take() {
        case .yours: break
        case .cancelled: throw RabbitMQError(.notSent, "the publisher was cancelled")
        case .full:
          throw RabbitMQError(
            .notSent, "\(configuration.waiting) publishers wait for the broker already")
        }
        defer { permits.release() }
        try await connection().publish(encoded)
        count { $0.published += 1 }
      } catch {
        throw error.publishFailure
      }
    }
  }
#endif
