// SPDX-License-Identifier: Apache-2.0

#if Kafka
  import KafkaTesting
  import Logging
  import MessageBrokerKafka
  import MessagingTestSupport
  import Testing
  import TransactionalMessaging

  /// All that is tested against librdkafka's mock cluster.
  @Suite(.timeLimit(.minutes(2)))
  enum KafkaClusterTests {}

  /// A cluster of its own with a broker for it.
  struct BrokerWorld: BrokerTesting {
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    let cluster: MockCluster
    let configuration: KafkaBrokerConfiguration
    let broker: KafkaBroker

    init(
      partitions: Int32 = 4, topics: [String] = [Self.topic, "one.dead", "two.dead"],
      logger: Logger = Self.logger, configure: (inout KafkaBrokerConfiguration) -> Void = { _ in }
    ) throws {
      cluster = try MockCluster()
      for topic in topics { cluster.create(topic, partitions: partitions) }
      var configuration = Self.configuration(cluster)
      configure(&configuration)
      self.configuration = configuration
      broker = try KafkaBroker(configuration, logger: logger)
    }

    /// Another process, as it were.
    func another(
      configure: (inout KafkaBrokerConfiguration) -> Void = { _ in }
    ) throws -> KafkaBroker {
      var configuration = configuration
      configure(&configuration)
      return try KafkaBroker(configuration, logger: Self.logger)
    }

    /// The mock cluster holds back answers to who reads for as long as it is allowed to. A new
    /// group
    /// waits for three seconds, in which it must not forget its first member, and one that changes
    /// for nearly a session.
    private static func configuration(_ cluster: MockCluster) -> KafkaBrokerConfiguration {
      var configuration = KafkaBrokerConfiguration(
        KafkaServer(cluster.addresses),
        groups: [.init("one", topics: [topic]), .init("two", topics: [topic])])
      configuration.session = 4_000
      configuration.fetching = 10
      return configuration
    }
  }
#endif
