// SPDX-License-Identifier: Apache-2.0

public import TransactionalMessaging

/// A Kafka cluster, the consumer groups that read it, and how it is used. Times are milliseconds.
public struct KafkaBrokerConfiguration: Sendable, Equatable {
  /// A consumer group of Kafka with the topics that it reads.
  public typealias Group = BrokerGroup

  /// Most bytes of a topic's or a group's name.
  private static let longestName = 249

  /// Where.
  public var server: KafkaServer
  /// Groups that may be consumed.
  public var groups: [Group]
  /// Sends the attributes of CloudEvents, with this as their `source`, in place of Debezium's
  /// headers. Consumers read either.
  public var cloudEventsSource: String?
  /// Name of this client, as the server shows it.
  public var name: String
  /// Most messages that are sent and not confirmed; further publishers wait.
  public var inFlight = 1_024
  /// Most publishers that wait; beyond it the broker is unavailable.
  public var waiting = 16_384
  /// Most bytes of a message with its headers, 1,000 to 1,000,000,000; no more than the topics'
  /// `max.message.bytes`.
  public var largestMessage = 1_000_000
  /// Most messages that a call of `consume` holds, those that handlers are at among them.
  public var held = 256
  /// Most messages that are consumed behind one that is not: they come again when the process dies.
  /// Beyond it, a call of `consume` waits for that one.
  public var ahead = 10_000
  /// How long a member that is silent keeps its partitions. Servers allow 6 to 30 minutes at most
  /// and 6 s at least, unless they were told otherwise.
  public var session: Int64 = 10_000
  /// How long the server holds back an answer when there is nothing to read.
  public var fetching: Int64 = 500
  /// How long partitions that go to another member are held, until handlers have ended.
  public var handover: Int64 = 10_000

  /// Creates a configuration with the defaults above.
  public init(
    _ server: KafkaServer, groups: [Group] = [], cloudEventsSource: String? = nil,
    name: String = "strangler"
  ) {
    self.server = server
    self.groups = groups
    self.cloudEventsSource = cloudEventsSource
    self.name = name
  }

  /// Longest that `publish` may take before it gives up by itself: finding a broker, and waiting
  /// for the confirmation, whose time librdkafka looks at once a second.
  public var longestPublication: Int64 { server.connecting + server.answering + 2_000 }

  /// Topic of the messages that a group refused: `<group>.dead`.
  public func deadLetterTopic(ofGroup group: String) -> String { "\(group).dead" }

  /// - Throws: `BrokerError` with the code `configuration`.
  package func validate() throws(BrokerError) {
    _ = try server.endpoints()
    guard (1_000...1_000_000_000).contains(largestMessage) else {
      throw BrokerError(
        .configuration, "a largest message has 1,000 to 1,000,000,000 bytes, not \(largestMessage)")
    }
    for group in groups {
      let deadLetters = deadLetterTopic(ofGroup: group.name)
      guard !group.name.isEmpty, Self.isTopic(deadLetters) else {
        throw BrokerError(
          .configuration,
          """
          "\(group.name)" cannot name a group: its dead letters are a topic, \(deadLetters); use \
          letters, digits, '.', '_' and '-'
          """)
      }
      guard !group.topics.isEmpty else {
        throw BrokerError(.configuration, "the group \(group.name) reads no topic")
      }
      for topic in group.topics where !Self.isTopic(topic) {
        throw BrokerError(
          .configuration,
          """
          "\(topic)" cannot be a topic of Kafka: at most \(Self.longestName) letters, digits, '.', \
          '_' and '-'
          """)
      }
    }
  }

  /// Whether Kafka would take it for a topic's name.
  static func isTopic(_ text: String) -> Bool {
    guard !text.isEmpty, text.utf8.count <= longestName, text != ".", text != ".." else {
      return false
    }
    return text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "-"):
        true
      default: false
      }
    }
  }
}
