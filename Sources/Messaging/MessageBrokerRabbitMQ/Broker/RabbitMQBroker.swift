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
    let configuration: RabbitMQBrokerConfiguration
    let coding: AMQPMessageCoding
    let clock: any MessagingClock
    let permits: Permits
    let record: BrokerRecord
    /// The one that publishes.
    let connection: SharedConnection<RabbitMQConnection>
    let newQueues: NewQueues

    /// Creates a broker; it connects when it is used. Call `close` at the end.
    ///
    /// - Parameters:
    ///   - configuration: the exchange and how it is used.
    ///   - clock: decides about waiting; the machine's clock by default.
    ///   - logger: gets a line for each outage.
    /// - Throws: `BrokerError` when the configuration cannot be used.
    public init(
      _ configuration: RabbitMQBrokerConfiguration,
      clock: any MessagingClock = SystemMessagingClock(), logger: Logger
    ) throws(BrokerError) {
      try configuration.validate()
      self.configuration = configuration
      self.clock = clock
      coding = AMQPMessageCoding(cloudEventsSource: configuration.cloudEventsSource)
      permits = Permits(configuration.inFlight, waiting: configuration.waiting)
      var logger = logger
      logger[metadataKey: "exchange"] = "\(configuration.exchange)"
      let record = BrokerRecord(logger: logger)
      let newQueues = NewQueues(clock: clock, settling: configuration.creation?.settling ?? 0)
      self.record = record
      self.newQueues = newQueues
      connection = SharedConnection(clock: clock, record: record) { _ in
        do throws(BrokerError) {
          let connection = try await RabbitMQConnection.open(
            configuration.server, as: configuration.name,
            for: .publish(exchange: configuration.exchange),
            needing: Topology(configuration).publishing, noteNewQueue: newQueues.noteNew)
          await newQueues.settle(or: connection.ended)
          return .success(connection)
        } catch {
          return .failure(error)
        }
      }
    }

    /// Order per key over all consumers of a group, and storage; nothing is dropped that comes
    /// twice.
    public var features: BrokerFeatures {
      BrokerFeatures(
        order: .perKey, persistent: true, publishAwaitsConsumers: false, deduplicates: false)
    }

    /// What it has done so far.
    public var status: BrokerStatus { record.status }

    /// Connects and looks at exchange and queues, so that what is wrong from the start is known
    /// then.
    ///
    /// - Throws: `BrokerError`, which says what to do.
    public func check() async throws(BrokerError) { _ = try await connection.get() }

    /// Ends the connections; whoever publishes or consumes hears of it.
    public func close() { connection.close() }
  }

  /// Queues that were made here a moment ago, which the server forgets when it is killed now.
  package final class NewQueues: Sendable {
    private let clock: any MessagingClock
    private let settling: Int64
    /// Until when nothing may be published.
    private let end = Mutex<Int64>(0)

    /// - Parameter settling: how long a queue is new, in milliseconds.
    package init(clock: any MessagingClock, settling: Int64) {
      self.clock = clock
      self.settling = settling
    }

    /// A queue will be made, or was made just now, by whichever connection.
    package func noteNew() {
      let end = clock.now() + settling
      self.end.withLock { $0 = max($0, end) }
    }

    /// Returns when the server has written down that they are there, or the signal was raised.
    package func settle(or ended: WakeSignal) async {
      // One that was about to be made may be made meanwhile.
      while ended.generation == 0, !Task.isCancelled {
        let left = end.withLock { $0 } - clock.now()
        guard left > 0 else { return }
        _ = await clock.wait(milliseconds: left, or: [(ended, 0)])
      }
    }
  }
#endif
