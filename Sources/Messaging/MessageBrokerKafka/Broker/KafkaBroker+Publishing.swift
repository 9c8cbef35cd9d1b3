// SPDX-License-Identifier: Apache-2.0

#if Kafka
  internal import MessageRelay
  public import TransactionalMessaging

  extension KafkaBroker {
    /// Returns when all copies that are in sync have stored the message.
    ///
    /// - Throws: `.rejected` for what is wrong with this message, such as its size or a topic that
    ///   is not there; `.unavailable` for everything else. A message whose publisher was cancelled,
    ///   or heard nothing in time, may still be stored.
    public func publish(_ message: BrokerMessage) async throws(PublishFailure) {
      do throws(BrokerError) {
        let encoded = try coding.encode(message)
        try await permits.use { () throws(BrokerError) in try await send(encoded) }
      } catch {
        throw error.publishFailure
      }
    }

    /// - Throws: `BrokerError`.
    func send(_ message: KafkaRecord) async throws(BrokerError) {
      try await connection.get().publish(message)
      record.count { status in
        status.published += 1
        status.outage = nil
      }
    }
  }
#endif
