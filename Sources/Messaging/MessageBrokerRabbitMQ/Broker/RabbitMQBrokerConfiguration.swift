// SPDX-License-Identifier: Apache-2.0

public import TransactionalMessaging

/// An exchange of RabbitMQ, the queues of its consumer groups, and how they are used. Times are
/// milliseconds.
public struct RabbitMQBrokerConfiguration: Sendable, Equatable {
  /// A consumer group: a queue of its own, bound to each of the topics.
  public typealias Group = BrokerGroup

  /// How exchanges and queues are created that are not there.
  public struct Creation: Sendable, Equatable {
    /// Most bytes of a queue, nil for as much as the server has. When it is full it refuses what is
    /// new, and drops nothing.
    public var maxBytes: Int64?
    /// Copies in the cluster; nil for the server's choice.
    public var replicas: Int?
    /// After how many deliveries that came to nothing a message goes to the dead letters; nil for
    /// never. It counts deliveries to consumers that were killed, and what else they held counts
    /// with it, so that a low limit sets messages aside that did no harm.
    public var deliveryLimit: Int?
    /// How long nothing is published after a queue was made. RabbitMQ writes up to three seconds
    /// later to its disk which quorum queues it has. Killed before, it begins the queue anew:
    /// without what it had confirmed, and without a leader, so that it confirms nothing more.
    public var settling: Int64

    /// Creates a value.
    public init(
      maxBytes: Int64? = nil, replicas: Int? = nil, deliveryLimit: Int? = nil,
      settling: Int64 = 4_000
    ) {
      self.maxBytes = maxBytes
      self.replicas = replicas
      self.deliveryLimit = deliveryLimit
      self.settling = settling
    }
  }

  /// Where.
  public var server: RabbitMQServer
  /// Name of the exchange; routing keys are topics.
  public var exchange: String
  /// Groups that may be consumed.
  public var groups: [Group]
  /// Sends the attributes of CloudEvents, with this as their `source`, in place of Debezium's
  /// headers. Consumers read either.
  public var cloudEventsSource: String?
  /// Creates exchanges and quorum queues that are not there; nil leaves that to an administrator,
  /// and what is missing is an error. A queue made by hand has to name the exchange of refused
  /// messages (`x-dead-letter-exchange`, strategy `at-least-once`), or the server drops them.
  public var creation: Creation?
  /// Name of this client, as the server shows it.
  public var name: String
  /// Most messages that are sent and not confirmed; further publishers wait.
  public var inFlight = 1_024
  /// Most publishers that wait; beyond it the broker is unavailable.
  public var waiting = 16_384
  /// Most messages that a call of `consume` holds unacknowledged, 65,535 at most.
  public var held = 256

  /// Creates a configuration with the defaults above.
  public init(
    _ server: RabbitMQServer, exchange: String, groups: [Group] = [],
    cloudEventsSource: String? = nil, creation: Creation? = nil, name: String = "strangler"
  ) {
    self.server = server
    self.exchange = exchange
    self.groups = groups
    self.cloudEventsSource = cloudEventsSource
    self.creation = creation
    self.name = name
  }

  /// Longest that `publish` may take before it gives up by itself: connecting and logging in,
  /// making or finding what is needed, letting a new queue settle, a socket that takes nothing, and
  /// waiting for the confirmation.
  public var longestPublication: Int64 {
    (server.connecting + server.answering) * Int64(max(1, server.addresses.count))
      + server.answering * 3 + Int64(server.heartbeatSeconds) * 2_000 + (creation?.settling ?? 0)
  }

  /// Queue of a group: `<exchange>.<group>`.
  public func queue(ofGroup group: String) -> String { "\(exchange).\(group)" }

  /// Queue of the messages that a group refused: `<exchange>.<group>.dead`.
  public func deadLetterQueue(ofGroup group: String) -> String { "\(exchange).\(group).dead" }

  /// Exchange of refused messages; the routing key is the group.
  public var deadLetterExchange: String { "\(exchange).dead" }

  /// - Throws: `BrokerError` with the code `configuration`.
  package func validate() throws(BrokerError) {
    _ = try server.endpoints()
    for name in [exchange] + groups.map(\.name) where !AMQPMessageCoding.isName(name) {
      throw BrokerError(
        .configuration,
        """
        "\(name)" cannot name an exchange or a group: printable ASCII without blanks, not beginning \
        with amq.
        """)
    }
    for group in groups {
      guard deadLetterQueue(ofGroup: group.name).utf8.count <= AMQPMessageCoding.shortBytes else {
        throw BrokerError(
          .configuration, "the names of exchange and group \(group.name) are too long together")
      }
      for topic in group.topics where !AMQPMessageCoding.isTopic(topic) {
        throw BrokerError(
          .configuration,
          "the topic \"\(topic)\" is no routing key: 1 to 255 bytes, and no wildcard")
      }
    }
  }
}
