// SPDX-License-Identifier: Apache-2.0

#if NATS
  public import Logging
  public import MessageRelay
  internal import Synchronization
  public import TransactionalMessaging

  /// Carries messages over a stream of NATS JetStream.
  ///
  /// `publish` returns when the stream has stored the message and said so. The event's id travels
  /// as `Nats-Msg-Id`, so within the stream's window a second publication is dropped. Groups are
  /// durable pull consumers: a message is acknowledged after its handler, the server confirms that,
  /// and while a handler runs long the server is told to wait.
  ///
  /// One connection serves all of it. When it is lost, publishers hear at once that the broker is
  /// unavailable, consumers keep what they hold and connect again, and nothing is sent later behind
  /// anybody's back.
  ///
  /// Messages of a key keep their order within a call of `consume`. What a consumer held that died
  /// comes again after `ackWait`, and what several processes of one group receive is not ordered
  /// between them: an inbox puts it in order, since it knows the versions.
  public final class NATSBroker: MessageBroker {
    /// What is true of the connection.
    private struct Phase {
      var connection: NATSConnection?
      /// Somebody heard that the stream is gone: it is looked at again before it is used.
      var isStreamDoubtful = false
      var isOpening = false
      var attempt: UInt64 = 0
      var failure: NATSError?
      var isClosed = false
    }

    private enum Step {
      case use(NATSConnection)
      case fail(NATSError)
      case wait(attempt: UInt64, starts: Bool)
    }

    let configuration: NATSBrokerConfiguration
    let coding: NATSMessageCoding
    let clock: any MessagingClock
    let logger: Logger
    let permits: Permits
    private let phase = Mutex(Phase())
    private let changed = WakeSignal()
    private let current = Mutex(NATSBrokerStatus())

    /// Creates a broker; it connects when it is used. Call `close` at the end.
    ///
    /// - Parameter clock: decides about waiting; the machine's clock by default.
    /// - Throws: `NATSError` when the configuration cannot be used.
    public init(
      _ configuration: NATSBrokerConfiguration,
      clock: any MessagingClock = SystemMessagingClock(), logger: Logger
    ) throws(NATSError) {
      try configuration.validate()
      self.configuration = configuration
      self.clock = clock
      coding = configuration.coding
      permits = Permits(configuration.inFlight, waiting: configuration.waiting)
      var logger = logger
      logger[metadataKey: "stream"] = "\(configuration.stream)"
      self.logger = logger
    }

    /// Order per key within a consumer, storage, and no second message of an id for a while.
    public var features: BrokerFeatures {
      BrokerFeatures(
        order: .perKey, persistent: true, publishAwaitsConsumers: false, deduplicates: true)
    }

    /// What it has done so far.
    public var status: NATSBrokerStatus { current.withLock { $0 } }

    /// Connects and looks at the stream, so that what is wrong from the start is known then.
    ///
    /// - Throws: `NATSError`, which says what to do.
    public func check() async throws(NATSError) { _ = try await connection() }

    /// Ends the connection; whoever publishes or consumes hears of it.
    public func close() {
      let connection = phase.withLock { phase in
        phase.isClosed = true
        defer { phase.connection = nil }
        return phase.connection
      }
      connection?.close()
      changed.raise()
    }

    // MARK: - The connection

    var isClosed: Bool { phase.withLock(\.isClosed) }

    /// The connection where there is one; opens none.
    var open: NATSConnection? { phase.withLock(\.connection) }

    /// The connection, opened by whoever comes first. A failure is that of all who waited for it;
    /// the next caller tries again.
    func connection() async throws(NATSError) -> NATSConnection {
      var mine: UInt64?
      while true {
        let generation = changed.generation
        switch phase.withLock({ Self.step(&$0, mine) }) {
        case .use(let connection): return connection
        case .fail(let failure): throw failure
        case .wait(let attempt, let starts):
          mine = attempt
          if starts { Task { await self.openConnection() } }
          await changed.wait(after: generation)
          if Task.isCancelled { throw NATSError(.notSent, "the caller was cancelled") }
        }
      }
    }

    private static func step(_ phase: inout Phase, _ mine: UInt64?) -> Step {
      if phase.isClosed { return .fail(NATSError(.connection, "the broker was closed")) }
      if let connection = phase.connection {
        if connection.failure != nil {
          phase.connection = nil
        } else if !phase.isStreamDoubtful {
          return .use(connection)
        }
      }
      if phase.isOpening { return .wait(attempt: mine ?? phase.attempt, starts: false) }
      if let mine, mine == phase.attempt, let failure = phase.failure { return .fail(failure) }
      phase.attempt += 1
      phase.isOpening = true
      phase.failure = nil
      return .wait(attempt: phase.attempt, starts: true)
    }

    /// Whoever publishes next looks at the stream first, and makes it again where it may.
    func doubtStream() { phase.withLock { $0.isStreamDoubtful = true } }

    private func openConnection() async {
      let known = open.flatMap { $0.failure == nil ? $0 : nil }
      do throws(NATSError) {
        let connection: NATSConnection
        if let known {
          connection = known
        } else {
          connection = try await NATSConnection.open(configuration.server, as: configuration.name)
        }
        do throws(NATSError) {
          try await JetStreamSetUp(connection, configuration).stream()
        } catch {
          if known == nil { connection.close() }
          throw error
        }
        let isUsed = phase.withLock { phase in
          phase.isOpening = false
          phase.isStreamDoubtful = false
          if !phase.isClosed { phase.connection = connection }
          return !phase.isClosed
        }
        if !isUsed { connection.close() }
        current.withLock { status in
          if known == nil { status.connections += 1 }
          status.outage = nil
        }
      } catch {
        note(outage: error.message)
        phase.withLock { phase in
          phase.isOpening = false
          phase.failure = error
        }
      }
      changed.raise()
    }

    func count(_ change: (inout NATSBrokerStatus) -> Void) { current.withLock { change(&$0) } }

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
