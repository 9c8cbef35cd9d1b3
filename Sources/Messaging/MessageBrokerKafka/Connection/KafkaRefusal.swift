// SPDX-License-Identifier: Apache-2.0

package import TransactionalMessaging

/// A no: a number of Kafka's protocol
/// (https://kafka.apache.org/protocol.html#protocol_error_codes), or one below 0 of librdkafka's
/// own, and the words to it.
package struct KafkaRefusal: Equatable, Sendable {
  /// Numbers that something depends on.
  package enum Code {
    static let fatal = -150
    static let authentication = -169
    static let allBrokersDown = -187
    static let messageTimedOut = -192
    static let timedOut = -185
    static let outage: Set<Int> = [-195, -193, allBrokersDown]
    static let queueFull = -184
    static let tls = -181
    static let purged: Set<Int> = [-152, -151, -197]
    static let unknownTopic: Set<Int> = [3, -188, -190]
    static let tooLarge: Set<Int> = [10, 18]
    static let invalid = 87
    static let invalidTopic = 17
    static let fewReplicas: Set<Int> = [19, 20]
    static let storage = 56
    static let authorization: Set<Int> = [29, 30, 31, 53]
    static let login: Set<Int> = [33, 34, 58, authentication]
    /// The server knows another producer, or nothing, in place of this one.
    static let fenced: Set<Int> = [45, 47, 59, 90, -144]
    /// The group's members are changing.
    static let rebalancing: Set<Int> = [22, 25, 27, -142]
  }

  package var code: Int
  package var text: String

  package init(_ code: Int, _ text: String) {
    self.code = code
    self.text = text
  }

  /// The same words about TLS.
  var asTLS: KafkaRefusal { KafkaRefusal(Code.tls, text) }

  /// Whether nothing more can come of a client that heard this.
  var endsClient: Bool {
    code == Code.fatal || Code.login.contains(code) || Code.authorization.contains(code)
      || Code.fenced.contains(code)
  }

  /// What it means for whoever was about to do that, such as `topic outbox.event.order`.
  package func meaning(_ what: String) -> BrokerError {
    switch code {
    case _ where Code.unknownTopic.contains(code):
      BrokerError(
        .unroutable,
        """
        \(what) is not there (\(text)): create it, with as many partitions and copies as you want; \
        then replay what waits
        """)
    case _ where Code.tooLarge.contains(code):
      BrokerError(
        .message,
        """
        the message is larger than \(what) takes (\(text)): raise its max.message.bytes and the \
        largest message here, or keep the content elsewhere and send a reference (payload_ref)
        """)
    case Code.invalidTopic:
      BrokerError(.message, "\(what): Kafka takes no such name (\(text)): name the type otherwise")
    case Code.invalid:
      BrokerError(.message, "\(what): the server does not take this message (\(text))")
    case _ where Code.fewReplicas.contains(code):
      BrokerError(
        .notStored,
        """
        \(what): too few copies are in sync (\(text)): bring the brokers that are missing back; \
        events wait in the outbox meanwhile
        """)
    case Code.storage:
      BrokerError(
        .notStored, "\(what): the server could not write (\(text)): look at its disk")
    case _ where Code.login.contains(code):
      BrokerError(
        .credentials,
        """
        \(what): the server does not take these credentials (\(text)): check user, password and \
        mechanism
        """)
    case _ where Code.authorization.contains(code):
      BrokerError(
        .credentials,
        """
        \(what): access was refused (\(text)): grant the user Write or Read on the topic, Read on \
        the group and, before Kafka 3.0, IdempotentWrite on the cluster (kafka-acls)
        """)
    default: connectionMeaning(what)
    }
  }

  /// What it means where it is about the connection, or about no one thing.
  private func connectionMeaning(_ what: String) -> BrokerError {
    switch code {
    case _ where Code.fenced.contains(code):
      BrokerError(
        .connection,
        """
        \(what): the server fenced this producer off (\(text)): it no longer knows what was stored \
        of it, or another has its identity; a new one begins, and what was not confirmed comes again
        """)
    case _ where Code.outage.contains(code):
      BrokerError(.connection, "\(what): \(text)")
    case Code.tls:
      BrokerError(
        .configuration,
        """
        \(what): no TLS (\(text)): give the file of the authority that signed the certificates, \
        the \
        host names that they were issued for, and plaintext:// where a server speaks none
        """)
    case Code.messageTimedOut, Code.timedOut:
      BrokerError(
        .timedOut,
        """
        \(what): no confirmation came in time (\(text)): its partition has no leader, too few \
        copies are in sync (min.insync.replicas), or the servers are overloaded or their disks full
        """)
    case Code.queueFull:
      BrokerError(.notSent, "too many messages wait to be sent already")
    case _ where Code.purged.contains(code):
      BrokerError(.connection, "the connection was closed")
    default: BrokerError(.refused(code), "\(what): \(text) (error \(code))")
    }
  }
}
