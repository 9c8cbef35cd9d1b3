// SPDX-License-Identifier: Apache-2.0

#if Kafka
  internal import CKafka

  /// Brokers on loopback that speak Kafka's protocol and keep everything in memory: librdkafka's
  /// mock cluster. It has groups, positions and idempotent producers; it writes nothing to a disk,
  /// has no copies and asks for no credentials.
  public final class MockCluster: @unchecked Sendable {  // librdkafka's mock is for all threads
    /// Kinds of requests, by their numbers in the protocol.
    public enum Request: Int16, Sendable {
      case produce = 0
      case fetch = 1
      case offsetCommit = 8
      case findCoordinator = 10
      case joinGroup = 11
      case initProducer = 22
    }

    /// Numbers of the protocol's errors.
    public enum Failure: Int32, Sendable {
      case messageTooLarge = 10
      case notEnoughReplicas = 19
      case topicAuthorization = 29
      case groupAuthorization = 30
      case clusterAuthorization = 31
      case invalidProducerEpoch = 47
      case outOfOrderSequence = 45
      case producerFenced = 90
      case coordinatorNotAvailable = 15
      case unknownTopic = 3
      /// The broker's disk does not take it, such as one that is full.
      case storage = 56
      /// The connection is cut.
      case disconnect = -195
    }

    /// It could not be made.
    public struct Unavailable: Error {}

    private let mock: kafka_mock

    /// Starts brokers.
    public init(brokers: Int32 = 3) throws {
      mock = kafka_mock_start(brokers)
      guard mock.client != nil, mock.cluster != nil else { throw Unavailable() }
    }

    deinit { kafka_mock_end(mock) }

    /// Hosts with ports.
    public var brokers: [String] {
      String(cString: kafka_mock_addresses(mock)).split(separator: ",").map(String.init)
    }

    /// Addresses as the broker takes them.
    public var addresses: [String] { brokers.map { "plaintext://\($0)" } }

    /// Makes a topic.
    public func create(_ topic: String, partitions: Int32 = 4) {
      _ = kafka_mock_create(mock, topic, partitions, 1)
    }

    /// Says that a topic is not there, or that it is: the mock cluster makes what somebody asks
    /// for.
    public func hide(_ topic: String, _ isHidden: Bool = true) {
      kafka_mock_fail_topic(mock, topic, isHidden ? Failure.unknownTopic.rawValue : 0)
    }

    /// The next requests of that kind fail.
    public func fail(_ request: Request, with failure: Failure, times: Int32 = 1) {
      kafka_mock_fail(mock, request.rawValue, failure.rawValue, times)
    }

    /// No partition of the topic has a leader.
    public func depose(_ topic: String, partitions: Int32 = 4) {
      for number in 0..<partitions { _ = kafka_mock_lead(mock, topic, number, -1) }
    }

    /// All partitions of the topic have this leader.
    public func lead(_ topic: String, by broker: Int32, partitions: Int32 = 4) {
      for number in 0..<partitions { _ = kafka_mock_lead(mock, topic, number, broker) }
    }

    /// All brokers go, and what they hold stays.
    public func goDown() { kafka_mock_down(mock) }

    /// All brokers are back, at the same addresses.
    public func comeUp() { kafka_mock_up(mock) }

    /// How long each answer is held back, in milliseconds.
    public func delay(milliseconds: Int32) { kafka_mock_delay(mock, milliseconds) }
  }
#endif
