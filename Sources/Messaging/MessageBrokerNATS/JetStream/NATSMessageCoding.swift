// SPDX-License-Identifier: Apache-2.0

internal import TransactionalMessaging

/// How a broker's message looks in NATS.
///
/// The subject is the topic, as Debezium names it, or the prefix and the aggregate type. Headers
/// are the event's, Debezium's `id` among them, and `aggregateid` for the key; or they are those of
/// CloudEvents, as in its binding for NATS
/// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/nats-protocol-binding.md).
struct NATSMessageCoding: Sendable, Equatable {
  /// Before which the server drops a second message of the same id.
  static let messageID = "Nats-Msg-Id"
  static let expectedStream = "Nats-Expected-Stream"
  private static let serverPrefix = Array("nats-".utf8)
  private static let topicPrefix = BrokerMessage.topic(forAggregateType: "")
  private static let cloudEventsMark = "ce-specversion"

  var stream: String
  /// Nil keeps the topic.
  var subjectPrefix: String?
  /// Nil sends the event's own headers; else the `source` of CloudEvents.
  var cloudEventsSource: String?

  func subject(forTopic topic: String) -> String {
    guard let subjectPrefix else { return topic }
    let type =
      topic.hasPrefix(Self.topicPrefix) ? topic.dropFirst(Self.topicPrefix.count) : topic[...]
    return "\(subjectPrefix).\(type)"
  }

  func topic(ofSubject subject: String) -> String {
    guard let subjectPrefix, subject.hasPrefix(subjectPrefix + ".") else { return subject }
    return Self.topicPrefix + subject.dropFirst(subjectPrefix.count + 1)
  }

  /// The subject of a topic, which the server will take.
  ///
  /// - Throws: `BrokerError` with the code `message`.
  func checkedSubject(forTopic topic: String) throws(BrokerError) -> String {
    let subject = subject(forTopic: topic)
    guard Self.isSubject(subject) else {
      throw BrokerError(
        .message,
        "the topic \(topic) is no subject of NATS: it has an empty part, a blank or a wildcard")
    }
    return subject
  }

  /// - Throws: `BrokerError` with the code `message`.
  func encode(_ message: BrokerMessage) throws(BrokerError) -> NATSMessage {
    try encode(message, to: try checkedSubject(forTopic: message.topic))
  }

  /// - Parameter subject: that of its topic.
  func encode(
    _ message: consuming BrokerMessage, to subject: String
  ) throws(BrokerError) -> NATSMessage {
    let id = message.headers[MessageHeader.id]
    var headers: [String: String]
    if let cloudEventsSource {
      do {
        headers = Dictionary(
          try CloudEventFields.fields(of: message, source: cloudEventsSource)
            .map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
      } catch {
        throw BrokerError(.message, "the event cannot be sent as a CloudEvent: \(error)")
      }
    } else {
      headers = message.headers
      message.headers = [:]
      headers[MessageHeader.aggregateID] = message.key
      if let name = headers.keys.first(where: Self.isServers) {
        throw BrokerError(.message, "the server would act on the header \(name): rename it")
      }
    }
    headers[Self.messageID] = id
    headers[Self.expectedStream] = stream
    return NATSMessage(subject, headers: headers, payload: message.payload)
  }

  /// - Throws: `MalformedMessage` naming the header that is missing or cannot be read.
  func decode(_ message: NATSMessage) throws(MalformedMessage) -> BrokerMessage {
    let topic = topic(ofSubject: message.subject)
    var headers = Self.withoutServers(message.headers)
    if headers[Self.cloudEventsMark] != nil {
      var read = try CloudEventFields.message(
        headers.map { CloudEventFields.Field($0.key, $0.value) }, body: message.payload)
      read.topic = topic
      return read
    }
    guard let key = headers.removeValue(forKey: MessageHeader.aggregateID) else {
      throw MalformedMessage(header: MessageHeader.aggregateID, value: nil)
    }
    return BrokerMessage(topic: topic, key: key, headers: headers, payload: message.payload)
  }

  /// Headers without those that mean something to the server.
  static func withoutServers(_ headers: [String: String]) -> [String: String] {
    headers.filter { !isServers($0.key) }
  }

  /// In any case of its letters.
  private static func isServers(_ header: String) -> Bool {
    var rest = header.utf8.makeIterator()
    return serverPrefix.allSatisfy { letter in
      guard let next = rest.next() else { return false }
      return next | (letter == UInt8(ascii: "-") ? 0 : 0x20) == letter
    }
  }

  /// Whether the server would take it as the subject of one message.
  static func isSubject(_ text: String) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.allSatisfy { part in
      !part.isEmpty && part != "*" && part != ">"
        && part.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    }
  }

  /// Whether it can name a stream or a consumer.
  static func isName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 255
      && text.utf8.allSatisfy { byte in
        byte > 0x20 && byte < 0x7F && !Array(".*>/\\".utf8).contains(byte)
      }
  }
}
