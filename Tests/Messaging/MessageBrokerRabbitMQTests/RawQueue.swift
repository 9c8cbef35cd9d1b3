// SPDX-License-Identifier: Apache-2.0

#if RabbitMQ
  import MessageBrokerRabbitMQ
  import Synchronization
  import TransactionalMessaging

  /// A queue as AMQP shows it.
  final class RawQueue: Sendable {
    private let message = Mutex<AMQPMessage?>(nil)
    private let came = WakeSignal()

    /// Its first message, which stays there.
    static func first(_ queue: String) async throws -> AMQPMessage {
      let raw = RawQueue()
      let connection = try await RabbitMQConnection.open(
        try BrokerWorld.server(), as: "test",
        for: .consume(
          queue: queue, prefetch: 1,
          hear: { delivery in
            raw.message.withLock { $0 = delivery.message }
            raw.came.raise()
            return true
          }), needing: [])
      await raw.came.wait(after: 0)
      await connection.closed()
      guard let message = raw.message.withLock({ $0 }) else { throw CancellationError() }
      return message
    }

    /// Publishes a message that no relay would write.
    static func publish(_ message: AMQPMessage, to exchange: String) async throws {
      let connection = try await RabbitMQConnection.open(
        try BrokerWorld.server(), as: "test", for: .publish(exchange: exchange), needing: [])
      try await connection.publish(message)
      await connection.closed()
    }
  }
#endif
