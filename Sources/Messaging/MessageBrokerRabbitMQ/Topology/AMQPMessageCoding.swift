// SPDX-License-Identifier: Apache-2.0

package import TransactionalMessaging

/// How a broker's message looks in AMQP 0-9-1.
///
/// The routing key is the topic, as Debezium names it. Headers are the event's, Debezium's `id`
/// among them, and `aggregateid` for the key; or they are the attributes of CloudEvents, named as
/// in its binding for AMQP
/// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/amqp-protocol-binding.md),
/// which the server maps to these headers. Property `message-id` is the event's id either way.
package struct AMQPMessageCoding: Sendable, Equatable {
  private static let attribute = "cloudEvents_"
  /// The binding allows either separator.
  private static let otherAttribute = "cloudEvents:"
  private static let contentType = "content-type"
  private static let json = "application/json"
  /// What AMQP's short strings hold.
  static let shortBytes = 255
  /// Headers that the server acts on, or writes itself.
  private static let servers: Set<String> = [
    "CC", "BCC", "x-death", "x-delivery-count", "x-first-death-exchange", "x-first-death-queue",
    "x-first-death-reason", "x-last-death-exchange", "x-last-death-queue", "x-last-death-reason",
    "x-stream-offset",
  ]

  /// Nil sends the event's own headers; else the `source` of CloudEvents.
  package var cloudEventsSource: String?

  package init(cloudEventsSource: String? = nil) { self.cloudEventsSource = cloudEventsSource }

  /// - Throws: `BrokerError` with the code `message`.
  package func encode(_ message: BrokerMessage) throws(BrokerError) -> AMQPMessage {
    guard !message.topic.isEmpty, message.topic.utf8.count <= Self.shortBytes else {
      throw BrokerError(
        .message,
        """
        the topic \(message.topic) has \(message.topic.utf8.count) bytes, and routing keys hold 1 \
        to \(Self.shortBytes): give the aggregate type a shorter name
        """)
    }
    var encoded = AMQPMessage(
      message.topic, id: message.headers[MessageHeader.id] ?? "",
      contentType: message.headers[Self.contentType] ?? Self.json,
      type: message.headers[MessageHeader.type] ?? "", payload: message.payload)
    guard encoded.id.utf8.count <= Self.shortBytes else {
      throw BrokerError(.message, "the event's id has more than \(Self.shortBytes) bytes")
    }
    if encoded.contentType.utf8.count > Self.shortBytes { encoded.contentType = Self.json }
    if encoded.type.utf8.count > Self.shortBytes { encoded.type = "" }
    if let cloudEventsSource {
      encoded.headers = try Self.attributes(of: message, source: cloudEventsSource)
    } else {
      encoded.headers = message.headers
      encoded.headers[MessageHeader.aggregateID] = message.key
    }
    for name in encoded.headers.keys {
      guard !Self.servers.contains(name) else {
        throw BrokerError(.message, "the server would act on the header \(name): rename it")
      }
      guard name.utf8.count <= Self.shortBytes else {
        throw BrokerError(
          .message, "the header \(name) has a name of more than \(Self.shortBytes) bytes")
      }
    }
    return encoded
  }

  private static func attributes(
    of message: BrokerMessage, source: String
  ) throws(BrokerError) -> [String: String] {
    do {
      var headers = try CloudEventFields.headers(of: message, source: source, prefix: attribute)
      // A property of its own.
      headers[contentType] = nil
      return headers
    } catch {
      throw BrokerError(.message, "the event cannot be sent as a CloudEvent: \(error)")
    }
  }

  /// - Throws: `MalformedMessage` naming the header that is missing or cannot be read.
  package func decode(_ message: AMQPMessage) throws(MalformedMessage) -> BrokerMessage {
    var headers = message.headers.filter { !Self.servers.contains($0.key) }
    if var read = try CloudEventFields.message(
      headers: headers, prefixes: [Self.attribute, Self.otherAttribute], body: message.payload)
    {
      read.topic = message.routingKey
      return read
    }
    guard let key = headers.removeValue(forKey: MessageHeader.aggregateID) else {
      throw MalformedMessage(header: MessageHeader.aggregateID, value: nil)
    }
    return BrokerMessage(
      topic: message.routingKey, key: key, headers: headers, payload: message.payload)
  }

  /// Whether it can name an exchange, a queue or a group: the server keeps `amq.` for itself.
  static func isName(_ text: String) -> Bool {
    !text.isEmpty && !text.hasPrefix("amq.")
      && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }

  /// Whether a queue bound with it gets exactly the messages of that topic.
  static func isTopic(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= shortBytes
      && !text.split(separator: ".", omittingEmptySubsequences: false)
        .contains { $0 == "*" || $0 == "#" }
  }
}
