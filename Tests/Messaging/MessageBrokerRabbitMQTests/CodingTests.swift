// SPDX-License-Identifier: Apache-2.0

import MessageBrokerRabbitMQ
import MessagingConformance
import Testing
import TransactionalMessaging

struct CodingTests {
  private let coding = AMQPMessageCoding()

  private func message(
    topic: String = "outbox.event.order", headers: [String: String] = ["id": SampleEvents.id(1)]
  ) -> BrokerMessage {
    BrokerMessage(topic: topic, key: "k", headers: headers, payload: [1])
  }

  private func refusal(_ message: BrokerMessage) -> String? {
    do throws(BrokerError) {
      _ = try coding.encode(message)
      return nil
    } catch {
      return error.code == .message ? error.message : "not about the message: \(error)"
    }
  }

  @Test func topicsAreRoutingKeysOf255Bytes() {
    #expect(refusal(message(topic: String(repeating: "t", count: 255))) == nil)
    #expect(refusal(message(topic: String(repeating: "t", count: 256)))?.contains("256") == true)
    #expect(refusal(message(topic: "")) != nil)
  }

  @Test(arguments: ["CC", "BCC", "x-death", "x-delivery-count"])
  func headersThatTheServerActsOnAreRefused(_ name: String) {
    #expect(refusal(message(headers: ["id": "1", name: "x"]))?.contains(name) == true)
  }

  @Test func whatTheServerAddsIsNoHeaderOfTheEvent() throws {
    var encoded = try coding.encode(message())
    encoded.headers["x-delivery-count"] = "3"
    #expect(try coding.decode(encoded) == message())
  }

  @Test func bothSeparatorsOfCloudEventsAreRead() throws {
    let event = BrokerMessage(
      AppendedEvent(sequence: 1, version: 2, event: SampleEvents.event(1, aggregate: "50 % \"ä\"")))
    var encoded = try AMQPMessageCoding(cloudEventsSource: "/shop").encode(event)
    #expect(try coding.decode(encoded) == event)
    encoded.headers = Dictionary(
      uniqueKeysWithValues: encoded.headers.map { name, value in
        (name.replacing("cloudEvents_", with: "cloudEvents:"), value)
      })
    #expect(try coding.decode(encoded) == event)
  }

  @Test func aMessageWithoutItsAggregateIsMalformed() {
    #expect(throws: MalformedMessage(header: "aggregateid", value: nil)) {
      try coding.decode(AMQPMessage("outbox.event.order", headers: ["id": "1"]))
    }
  }
}
