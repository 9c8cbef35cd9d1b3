// SPDX-License-Identifier: Apache-2.0

#if NATS
  public import Logging
  public import MessageRelay
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
    let configuration: NATSBrokerConfiguration
    let coding: NATSMessageCoding
    let clock: any MessagingClock
    let permits: Permits
    let record: BrokerRecord
    let connection: SharedConnection<NATSConnection>

    /// Creates a broker; it connects when it is used. Call `close` at the end.
    ///
    /// - Parameters:
    ///   - configuration: the stream and how it is used.
    ///   - clock: decides about waiting; the machine's clock by default.
    ///   - logger: gets a line for each outage.
    /// - Throws: `BrokerError` when the configuration cannot be used.
    public init(
      _ configuration: NATSBrokerConfiguration,
      clock: any MessagingClock = SystemMessagingClock(), logger: Logger
    ) throws(BrokerError) {
      try configuration.validate()
      self.configuration = configuration
      self.clock = clock
      coding = configuration.coding
      permits = Permits(configuration.inFlight, waiting: configuration.waiting)
      var logger = logger
      logger[metadataKey: "stream"] = "\(configuration.stream)"
      let record = BrokerRecord(logger: logger)
      self.record = record
      connection = SharedConnection(clock: clock, record: record) { known in
        await Self.open(configuration, known)
      }
    }

    /// Order per key within a consumer, storage, and no second message of an id for a while.
    public var features: BrokerFeatures {
      BrokerFeatures(
        order: .perKey, persistent: true, publishAwaitsConsumers: false, deduplicates: true)
    }

    /// What it has done so far.
    public var status: BrokerStatus { record.status }

    /// Connects and looks at the stream, so that what is wrong from the start is known then.
    ///
    /// - Throws: `BrokerError`, which says what to do.
    public func check() async throws(BrokerError) { _ = try await connection.get() }

    /// Ends the connection; whoever publishes or consumes hears of it.
    public func close() { connection.close() }

    /// A connection whose server has the stream, or makes it where it may.
    private static func open(
      _ configuration: NATSBrokerConfiguration, _ known: NATSConnection?
    ) async -> Result<NATSConnection, BrokerError> {
      do throws(BrokerError) {
        let connection: NATSConnection
        if let known {
          connection = known
        } else {
          connection = try await NATSConnection.open(configuration.server, as: configuration.name)
        }
        do throws(BrokerError) {
          try await JetStreamSetUp(connection, configuration).stream()
          return .success(connection)
        } catch {
          if known == nil { connection.close() }
          return .failure(error)
        }
      } catch {
        return .failure(error)
      }
    }
  }
#endif
