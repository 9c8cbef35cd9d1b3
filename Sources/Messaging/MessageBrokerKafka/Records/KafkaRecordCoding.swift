// SPDX-License-Identifier: Apache-2.0

package import TransactionalMessaging

/// How a broker's message looks in Kafka.
///
/// Topic and key are the message's, as Debezium's connector writes them, and headers are the
/// event's, Debezium's `id` among them; or they are the attributes of CloudEvents, as in its
/// binding for Kafka
/// (CloudEvents 1.0.2, Kafka protocol binding).
package struct KafkaRecordCoding: Sendable, Equatable {
  private static let attribute = "ce_"
  /// What dead letters say of themselves.
  static let reason = "dead-letter-reason"
  static let origin = "dead-letter-origin"

  /// Nil sends the event's own headers; else the `source` of CloudEvents.
  package var cloudEventsSource: String?

  package init(cloudEventsSource: String? = nil) { self.cloudEventsSource = cloudEventsSource }

  /// - Throws: `BrokerError` with the code `message`.
  package func encode(_ message: BrokerMessage) throws(BrokerError) -> KafkaRecord {
    guard KafkaBrokerConfiguration.isTopic(message.topic) else {
      throw KafkaRefusal(KafkaRefusal.Code.invalidTopic, "letters, digits, '.', '_' and '-'")
        .meaning("topic \(message.topic)")
    }
    var headers = message.headers
    if let cloudEventsSource {
      do {
        headers = try CloudEventFields.headers(
          of: message, source: cloudEventsSource, prefix: Self.attribute)
      } catch {
        throw BrokerError(.message, "the event cannot be sent as a CloudEvent: \(error)")
      }
    }
    return KafkaRecord(
      topic: message.topic, key: Array(message.key.utf8),
      headers: headers.sorted { $0.key < $1.key }.map { KafkaHeader($0.key, $0.value) },
      payload: message.payload)
  }

  /// - Throws: `MalformedMessage` naming what is missing or cannot be read.
  package func decode(_ record: KafkaRecord) throws(MalformedMessage) -> BrokerMessage {
    var headers: [String: String] = [:]
    for header in record.headers {
      // What is no text was not written by a relay.
      guard let text = String(validating: header.value, as: UTF8.self) else { continue }
      headers[header.name] = headers[header.name] ?? text
    }
    if var read = try CloudEventFields.message(
      headers: headers, prefixes: [Self.attribute], body: record.payload)
    {
      read.topic = record.topic
      return read
    }
    guard !record.key.isEmpty, let key = String(validating: record.key, as: UTF8.self) else {
      throw MalformedMessage(header: "key", value: nil)
    }
    return BrokerMessage(topic: record.topic, key: key, headers: headers, payload: record.payload)
  }

  /// A message that a group refused, as its dead letters keep it.
  func deadLetter(_ delivery: KafkaDelivery, because reason: String, in topic: String)
    -> KafkaRecord
  {
    var record = delivery.record
    record.topic = topic
    record.headers.append(KafkaHeader(Self.origin, "\(delivery.place)"))
    record.headers.append(KafkaHeader(Self.reason, reason))
    return record
  }
}
