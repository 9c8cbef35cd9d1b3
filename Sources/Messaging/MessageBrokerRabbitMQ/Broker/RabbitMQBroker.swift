// SPDX-License-Identifier: Apache-2.0

#if RabbitMQ
  public import Logging
  public import MessageRelay
  internal import Synchronization
  public import TransactionalMessaging

  /// Carries messages over an exchange of RabbitMQ and a quorum queue for each consumer group.
  ///
  /// `publish` returns when every queue of the topic has stored the message, as the server's
  /// confirmation says: messages are persistent and mandatory, so that one that no queue takes is
  /// an error. What the server did not confirm counts as not sent, and comes again.
  ///
  /// A group's queue has one active consumer at a time, in whichever process; others stand by and
  /// take over when it goes, after the server has put back what it held. So messages of a key keep
  /// their order over all processes of the group, also while one dies, and within the process keys
  /// go on beside each other. A queue for each part of the keys would let processes share a group,
  /// but the number of parts could never change again without losing that order, and the server
  /// would give them all to whoever came first. Several groups share work by topic instead.
  ///
  /// RabbitMQ knows no ids: what is published twice comes twice, and an inbox takes it once.
  public final class RabbitMQBroker: MessageBroker {
    /// What is true of the connection that publishes.
    private struct Phase {
      var connection: RabbitMQConnection?
      var isOpening = false
      var attempt: UInt64 = 0
      var failure: RabbitMQError?
      var isClosed = false
      /// Attempts that failed one after the other, and until when there is no next one.
      var failures = 0
      var pauseEnds: Int64 = 0
      /// Until when a queue that was made here may be forgotten by the server.
      var isSettledAt: Int64 = 0
    }

    private enum Step {
      case use(RabbitMQConnection)
      case fail(RabbitMQError)
      case wait(attempt: UInt64, starts: Bool)
    }

    private static let outage = Backoff(first: 20, most: 2_000)

    let configuration: RabbitMQBrokerConfiguration
    let coding: AMQPMessageCoding
    let clock: any MessagingClock
    let logger: Logger
    let permits: Permits
    /// Raised once, when the broker is closed.
    let closing = WakeSignal()
    private let phase = Mutex(Phase())
    private let changed = WakeSignal()
    private let current = Mutex(RabbitMQBrokerStatus())

    /// Creates a broker; it connects when it is used. Call `close` at the end.
    ///
    /// - Parameter clock: decides about waiting; the machine's clock by default.
    /// - Throws: `RabbitMQError` when the configuration cannot be used.
    public init(
      _ configuration: RabbitMQBrokerConfiguration,
      clock: any MessagingClock = SystemMessagingClock(), logger: Logger
    ) throws(RabbitMQError) {
      try configuration.validate()
      self.configuration = configuration
      self.clock = clock
      coding = AMQPMessageCoding(cloudEventsSource: configuration.cloudEventsSource)
      permits = Permits(configuration.inFlight, waiting: configuration.waiting)
      var logger = logger
      logger[metadataKey: "exchange"] = "\(configuration.exchange)"
      self.logger = logger
    }

    /// Order per key over all consumers of a group, and storage; nothing is dropped that comes
    /// twice.
    public var features: BrokerFeatures {
      BrokerFeatures(
        order: .perKey, persistent: true, publishAwaitsConsumers: false, deduplicates: false)
    }

    /// What it has done so far.
    public var status: RabbitMQBrokerStatus { current.withLock { $0 } }

    /// Connects and looks at exchange and queues, so that what is wrong from the start is known
    /// then.
    ///
    /// - Throws: `RabbitMQError`, which says what to do.
    public func check() async throws(RabbitMQError) { _ = try await connection() }

    /// Ends the connections; whoever publishes or consumes hears of it.
    public func close() {
      let connection = phase.withLock { phase in
        phase.isClosed = true
        defer { phase.connection = nil }
        return phase.connection
      }
      connection?.close()
      changed.raise()
      closing.raise()
    }

    // MARK: - The connection that publishes

    var isClosed: Bool { phase.withLock(\.isClosed) }

    /// The connection, opened by whoever comes first. A failure is that of all who waited for it,
    /// and of all who come before it is time to try again.
    func connection() async throws(RabbitMQError) -> RabbitMQConnection {
      var mine: UInt64?
      while true {
        let generation = changed.generation
        let now = clock.now()
        switch phase.withLock({ Self.step(&$0, mine, now: now) }) {
        case .use(let connection): return connection
        case .fail(let failure): throw failure
        case .wait(let attempt, let starts):
          mine = attempt
          if starts { Task { await self.openConnection() } }
          await changed.wait(after: generation)
          if Task.isCancelled { throw RabbitMQError(.notSent, "the caller was cancelled") }
        }
      }
    }

    private static func step(_ phase: inout Phase, _ mine: UInt64?, now: Int64) -> Step {
      if phase.isClosed { return .fail(RabbitMQError(.connection, "the broker was closed")) }
      if let connection = phase.connection {
        if connection.failure == nil { return .use(connection) }
        phase.connection = nil
      }
      if phase.isOpening { return .wait(attempt: mine ?? phase.attempt, starts: false) }
      if let failure = phase.failure, mine == phase.attempt || now < phase.pauseEnds {
        return .fail(failure)
      }
      phase.attempt += 1
      phase.isOpening = true
      phase.failure = nil
      return .wait(attempt: phase.attempt, starts: true)
    }

    private func openConnection() async {
      do throws(RabbitMQError) {
        let connection = try await RabbitMQConnection.open(
          configuration.server, as: configuration.name,
          for: .publish(exchange: configuration.exchange),
          needing: Topology(configuration).publishing, willMakeQueue: willMakeQueue)
        await settle()
        let isUsed = phase.withLock { phase in
          phase.isOpening = false
          phase.failures = 0
          if !phase.isClosed { phase.connection = connection }
          return !phase.isClosed
        }
        if !isUsed { connection.close() }
        connected()
      } catch {
        note(outage: error.message)
        var random = SystemRandomNumberGenerator()
        let now = clock.now()
        phase.withLock { phase in
          phase.isOpening = false
          phase.failure = error
          phase.failures += 1
          phase.pauseEnds =
            now + Self.outage.delay(afterAttempt: phase.failures, using: &random)
        }
      }
      changed.raise()
    }

    /// A queue will be made, by whichever connection.
    func willMakeQueue() {
      let end = clock.now() + (configuration.creation?.settling ?? 0)
      phase.withLock { $0.isSettledAt = max($0.isSettledAt, end) }
    }

    private func settle() async {
      let left = phase.withLock(\.isSettledAt) - clock.now()
      if left > 0 { _ = await clock.wait(milliseconds: left, or: [(closing, 0)]) }
    }

    // MARK: - Counting

    func count(_ change: (inout RabbitMQBrokerStatus) -> Void) { current.withLock { change(&$0) } }

    func connected() {
      count { status in
        status.connections += 1
        status.outage = nil
      }
    }

    func note(outage reason: String) {
      let isNew = current.withLock { status in
        status.outages += 1
        defer { status.outage = reason }
        return status.outage != reason
      }
      if isNew { logger.warning("the broker cannot be used", metadata: ["reason": "\(reason)"]) }
    }
  }
#endif
