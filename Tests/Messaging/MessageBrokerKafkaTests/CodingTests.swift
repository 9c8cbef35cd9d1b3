// SPDX-License-Identifier: Apache-2.0

import MessageBrokerKafka
import MessagingConformance
import Testing
import TransactionalMessaging

struct CodingTests {
  private let event = BrokerMessage(
    AppendedEvent(sequence: 1, version: 2, event: SampleEvents.event(1, aggregate: "50 % \"ä\"")))

  @Test func topicKeyAndHeadersAreDebeziums() throws {
    let encoded = try KafkaRecordCoding().encode(event)
    #expect(encoded.topic == "outbox.event.order")
    #expect(encoded.key == Array("50 % \"ä\"".utf8))
    #expect(encoded.headers.contains(KafkaHeader("id", SampleEvents.id(1))))
    #expect(encoded.headers.contains(KafkaHeader("aggregateversion", "2")))
    #expect(!encoded.headers.contains { $0.name == "aggregateid" })
    #expect(encoded.payload == event.payload)
    #expect(try KafkaRecordCoding().decode(encoded) == event)
  }

  @Test func cloudEventsAreReadWhateverIsWritten() throws {
    let encoded = try KafkaRecordCoding(cloudEventsSource: "/shop").encode(event)
    #expect(encoded.headers.contains(KafkaHeader("ce_specversion", "1.0")))
    #expect(encoded.headers.contains(KafkaHeader("ce_source", "/shop")))
    #expect(encoded.headers.contains(KafkaHeader("ce_id", SampleEvents.id(1))))
    #expect(encoded.headers.contains(KafkaHeader("ce_subject", "50 % \"ä\"")))
    #expect(encoded.headers.contains(KafkaHeader("content-type", "application/json")))
    #expect(try KafkaRecordCoding().decode(encoded) == event)
  }

  @Test(arguments: ["", "a/b", "..", String(repeating: "t", count: 250)])
  func topicsThatKafkaDoesNotTakeAreSaid(_ topic: String) {
    var message = event
    message.topic = topic
    do throws(BrokerError) {
      _ = try KafkaRecordCoding().encode(message)
      Issue.record("it was taken")
    } catch {
      #expect(error.code == .message)
      #expect(error.message.contains("no such name"))
    }
  }

  @Test func aMessageWithoutAKeyIsMalformed() {
    #expect(throws: MalformedMessage(header: "key", value: nil)) {
      try KafkaRecordCoding().decode(KafkaRecord(topic: "t", payload: [1]))
    }
    #expect(throws: MalformedMessage(header: "key", value: nil)) {
      try KafkaRecordCoding().decode(KafkaRecord(topic: "t", key: [0xFF]))
    }
  }

  @Test func headersOfOthersDoNoHarm() throws {
    var encoded = try KafkaRecordCoding().encode(event)
    encoded.headers.append(KafkaHeader("id", "of somebody else"))
    encoded.headers.append(KafkaHeader("picture", [0xFF, 0xD8]))
    #expect(try KafkaRecordCoding().decode(encoded) == event)
  }
}
