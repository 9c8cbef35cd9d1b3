// SPDX-License-Identifier: Apache-2.0

public import TransactionalMessaging

/// A stream of JetStream and how it is used. Times are milliseconds.
public struct NATSBrokerConfiguration: Sendable, Equatable {
  /// A consumer group: a durable pull consumer of the same name. With one topic the server filters;
  /// with several it delivers what the stream has, and what belongs to other topics is skipped.
  public typealias Group = BrokerGroup

  /// How streams are created that are not there.
  public struct Creation: Sendable, Equatable {
    /// How long messages are kept, whoever has read them; 0 for ever.
    public var maxAge: Int64
    /// Most bytes of the stream, nil for as much as the server has. When it is full it refuses what
    /// is new, and drops nothing.
    public var maxBytes: Int64?
    /// Copies in the cluster.
    public var replicas: Int
    /// How long a second message of the same id is dropped.
    public var duplicates: Int64

    /// Creates a value; messages are kept for seven days.
    public init(
      maxAge: Int64 = 7 * 86_400_000, maxBytes: Int64? = nil, replicas: Int = 1,
      duplicates: Int64 = 120_000
    ) {
      self.maxAge = maxAge
      self.maxBytes = maxBytes
      self.replicas = replicas
      self.duplicates = duplicates
    }
  }

  /// Where.
  public var server: NATSServer
  /// Name of the stream.
  public var stream: String
  /// Groups that may be consumed.
  public var groups: [Group]
  /// Subjects are this, a dot and the aggregate type; nil for Debezium's topics as they are,
  /// `outbox.event.` and the aggregate type.
  public var subjectPrefix: String?
  /// Sends the attributes of CloudEvents, with this as their `source`, in place of Debezium's
  /// headers. Consumers read either.
  public var cloudEventsSource: String?
  /// Creates stream, dead letters and durable consumers that are not there; nil leaves that to an
  /// administrator, and what is missing is an error.
  public var creation: Creation?
  /// How long the stream must drop a second message of the same id, at least; nil takes whatever a
  /// stream does that is there already. A relay that was killed publishes again what it had not
  /// heard of; consumers with an inbox know it all the same.
  public var leastDuplicates: Int64?
  /// Name of this client, as the server shows it.
  public var name: String
  /// Most messages that are sent and not confirmed of those that are published one by one; further
  /// publishers wait. Whoever publishes batches bounds them: a relay by its own concurrency.
  public var inFlight = 1_024
  /// Most publishers that wait; beyond it the broker is unavailable.
  public var waiting = 16_384
  /// Most messages that a call of `consume` holds or has asked for.
  public var held = 256
  /// How long the server waits for an acknowledgement before it delivers again. It is told in time
  /// when a handler takes longer. What a consumer that died had is delivered again after this.
  public var ackWait: Int64 = 30_000
  /// Most messages of a group that are delivered and not acknowledged, over all its consumers.
  public var unacknowledged = 2_048

  /// Creates a configuration with the defaults above.
  public init(
    _ server: NATSServer, stream: String, groups: [Group] = [], subjectPrefix: String? = nil,
    cloudEventsSource: String? = nil, creation: Creation? = nil, name: String = "strangler"
  ) {
    self.server = server
    self.stream = stream
    self.groups = groups
    self.subjectPrefix = subjectPrefix
    self.cloudEventsSource = cloudEventsSource
    self.creation = creation
    self.name = name
  }

  /// Stream of the messages that groups refused.
  public var deadLetterStream: String { "\(stream)-DEAD" }

  /// Subject of the messages that a group refused: `dead.<stream>.<group>`.
  public func deadLetterSubject(ofGroup group: String) -> String { "dead.\(stream).\(group)" }

  /// Longest that `publish` may take before it gives up by itself: connecting, looking at the
  /// stream or making it, a socket that takes nothing, and waiting for the answer.
  public var longestPublication: Int64 {
    server.connecting * Int64(max(1, server.addresses.count)) + server.answering * 3
      + NATSServer.writing
  }

  var coding: NATSMessageCoding {
    NATSMessageCoding(
      stream: stream, subjectPrefix: subjectPrefix, cloudEventsSource: cloudEventsSource)
  }

  /// All that topics of outboxes become.
  var subjects: [String] { [coding.subject(forTopic: "outbox.event.>")] }

  /// - Throws: `BrokerError` with the code `configuration`.
  package func validate() throws(BrokerError) {
    try server.validate()
    for name in [stream] + groups.map(\.name) where !NATSMessageCoding.isName(name) {
      throw BrokerError(
        .configuration,
        "\"\(name)\" cannot name a stream or a group: no '.', '*', '>', '/', '\\' and no blanks")
    }
    if let subjectPrefix, !NATSMessageCoding.isSubject(subjectPrefix) {
      throw BrokerError(.configuration, "\"\(subjectPrefix)\" cannot begin a subject")
    }
    for topic in groups.flatMap(\.topics)
    where !NATSMessageCoding.isSubject(coding.subject(forTopic: topic)) {
      throw BrokerError(.configuration, "the topic \"\(topic)\" is no subject of NATS")
    }
  }
}
