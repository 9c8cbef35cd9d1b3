// SPDX-License-Identifier: Apache-2.0

#if Kafka
  internal import Foundation
  internal import MessageRelay
  internal import Synchronization
  package import TransactionalMessaging

  /// One idempotent producer of librdkafka, which finds the brokers of the cluster by itself, and
  /// those that take over.
  ///
  /// It ends when nothing more can come of it: its credentials are refused, or the server fenced it
  /// off. Whoever waits for a confirmation hears that then, and its owner opens the next one.
  package final class KafkaProducer: BrokerConnection {
    /// Hears what is wrong while the producer goes on.
    package typealias Trouble = @Sendable (BrokerError) -> Void

    private let line: KafkaProducerLine

    private init(_ line: KafkaProducerLine) { self.line = line }

    deinit { line.close() }

    /// Makes a producer and waits for a broker that answers it.
    package static func open(
      _ configuration: KafkaBrokerConfiguration, trouble: @escaping Trouble
    ) async throws(BrokerError) -> KafkaProducer {
      let settings = try ClientSettings.publishing(configuration)
      guard let bell = KafkaBell() else {
        throw BrokerError(.connection, "no pipe can be made: too many files are open")
      }
      let line = KafkaProducerLine(bell)
      let failure = await withCheckedContinuation { opened in
        Thread {
          KafkaProducerThread.run(
            line, settings, configuration.server, trouble: trouble, opened: opened)
        }.start()
      }
      if let failure { throw failure }
      return KafkaProducer(line)
    }

    /// Raised once, when the producer is over.
    package var ended: WakeSignal { line.ended }

    /// Why the producer is over; nil while it is not.
    package var failure: BrokerError? { line.failure }

    /// Ends it; whoever waits for a confirmation hears of it.
    package func close() { line.close() }

    /// Returns when all copies that are in sync have stored the message.
    package func publish(_ record: KafkaRecord) async throws(BrokerError) {
      if let failure = await line.publish(record) { throw failure }
    }
  }

  /// What publishers and the producer's thread share.
  final class KafkaProducerLine: Sendable {
    /// Nil when all is well.
    typealias Waiter = CheckedContinuation<BrokerError?, Never>

    private struct State {
      var client: KafkaClient?
      var waiters: [UInt: Waiter] = [:]
      var nextToken: UInt = 0
      var isClosing = false
      var failure: BrokerError?
    }

    let ended = WakeSignal()
    let bell: KafkaBell
    private let state = Mutex(State())

    init(_ bell: KafkaBell) { self.bell = bell }

    var failure: BrokerError? { state.withLock(\.failure) }
    var isClosing: Bool { state.withLock(\.isClosing) }

    // MARK: - Publishers

    /// Nil says that the message was stored.
    func publish(_ record: KafkaRecord) async -> BrokerError? {
      let token = state.withLock { state in
        state.nextToken += 1
        return state.nextToken
      }
      return await withTaskCancellationHandler {
        await withCheckedContinuation { (waiter: Waiter) in
          let failure = state.withLock { state in
            Self.send(record, token, waiter, &state)
          }
          if let failure { waiter.resume(returning: failure) }
          // The handler below may have run already and found nothing.
          if Task.isCancelled { answer(token, Self.cancelled) }
        }
      } onCancel: {
        answer(token, Self.cancelled)
      }
    }

    /// The producer may be destroyed by nobody meanwhile; librdkafka takes a copy and waits for
    /// nothing.
    private static func send(
      _ record: KafkaRecord, _ token: UInt, _ waiter: Waiter, _ state: inout State
    ) -> BrokerError? {
      if let failure = state.failure { return failure }
      guard let client = state.client, !state.isClosing else { return closed }
      if let refusal = client.publish(record, token: token) {
        return refusal.meaning("topic \(record.topic)")
      }
      state.waiters[token] = waiter
      return nil
    }

    func close() {
      state.withLock { $0.isClosing = true }
      bell.ring()
    }

    private static var cancelled: BrokerError {
      BrokerError(.notSent, "the caller was cancelled")
    }

    static var closed: BrokerError { BrokerError(.connection, "the connection was closed") }

    // MARK: - The thread

    func use(_ client: KafkaClient) { state.withLock { $0.client = client } }

    /// Nil says that the message was stored. Whoever waited may have left.
    func answer(_ token: UInt, _ failure: BrokerError?) {
      state.withLock { $0.waiters.removeValue(forKey: token) }?.resume(returning: failure)
    }

    /// The producer is over, and nobody uses it any more.
    func end(_ failure: BrokerError) {
      let waiters = state.withLock { state in
        if state.failure == nil { state.failure = failure }
        state.client = nil
        defer { state.waiters = [:] }
        return Array(state.waiters.values)
      }
      for waiter in waiters { waiter.resume(returning: failure) }
      ended.raise()
    }
  }
#endif
