// SPDX-License-Identifier: Apache-2.0

#if Kafka
  public import Logging
  public import MessageRelay
  public import TransactionalMessaging

  /// Carries messages over topics of Kafka and a consumer group for each group.
  ///
  /// `publish` returns when all copies of the partition that are in sync have stored the message
  /// (`acks=all`), and an idempotent producer keeps order and stores once what it has to send
  /// again. How much that is worth is up to the topic: with three copies and
  /// `min.insync.replicas=2` a message survives the loss of a server.
  ///
  /// The key chooses the partition, as it does for Java's clients, so that messages of a key keep
  /// their order as long as the topic has as many partitions. Partitions are shared out among a
  /// group's processes; within a process keys go on beside each other.
  ///
  /// Kafka remembers one position for each partition and group, and no single messages. A message
  /// that is to come again is held here while later ones go on; when the process dies meanwhile,
  /// those come again too, at most `ahead` of them. What is refused for ever goes to a topic of
  /// dead letters.
  public final class KafkaBroker: MessageBroker {
    let configuration: KafkaBrokerConfiguration
    let coding: KafkaRecordCoding
    let clock: any MessagingClock
    let permits: Permits
    let record: BrokerRecord
    /// The one that publishes.
    let connection: SharedConnection<KafkaProducer>

    /// Creates a broker; it connects when it is used. Call `close` at the end.
    ///
    /// - Parameters:
    ///   - configuration: the cluster and how it is used.
    ///   - clock: decides about waiting; the machine's clock by default.
    ///   - logger: gets a line for each outage.
    /// - Throws: `BrokerError` when the configuration cannot be used.
    public init(
      _ configuration: KafkaBrokerConfiguration,
      clock: any MessagingClock = SystemMessagingClock(), logger: Logger
    ) throws(BrokerError) {
      try configuration.validate()
      self.configuration = configuration
      self.clock = clock
      coding = KafkaRecordCoding(cloudEventsSource: configuration.cloudEventsSource)
      permits = Permits(configuration.inFlight, waiting: configuration.waiting)
      var logger = logger
      logger[metadataKey: "client"] = "\(configuration.name)"
      let record = BrokerRecord(logger: logger)
      self.record = record
      connection = SharedConnection(clock: clock, record: record) { _ in
        do throws(BrokerError) {
          return .success(
            try await KafkaProducer.open(configuration) { record.note(outage: $0.message) })
        } catch {
          return .failure(error)
        }
      }
    }

    /// Order per key over all consumers of a group, and storage. Nothing is dropped that comes
    /// twice, and messages are not settled one by one.
    public var features: BrokerFeatures {
      BrokerFeatures(
        order: .perKey, persistent: true, publishAwaitsConsumers: false, deduplicates: false,
        settlesSingly: false)
    }

    /// What it has done so far.
    public var status: BrokerStatus { record.status }

    /// Connects, so that what is wrong from the start is known then.
    ///
    /// - Throws: `BrokerError`, which says what to do.
    public func check() async throws(BrokerError) { _ = try await connection.get() }

    /// Ends the connections; whoever publishes or consumes hears of it.
    public func close() { connection.close() }
  }
#endif
