// SPDX-License-Identifier: Apache-2.0

import MessagingTestSupport
import Testing
import TransactionalMessaging

struct EventTests {
  private func rejection(
    _ limits: EventLimits = EventLimits(), _ change: (inout OutboxEvent) -> Void
  ) -> EventRejection? {
    var event = SampleEvents.event(1)
    change(&event)
    do throws(EventRejection) {
      try event.validate(limits)
      return nil
    } catch {
      return error
    }
  }

  @Test func acceptsAGoodEvent() { #expect(rejection { _ in } == nil) }

  @Test func namesWhatIsWrong() {
    #expect(rejection { $0.type = "" } == .emptyField("type"))
    #expect(rejection { $0.id = "A" } == .malformedID("A"))
    #expect(rejection { $0.id = $0.id.uppercased() + "x" } != nil)
    #expect(rejection { $0.aggregateType = "a b" } == .malformedAggregateType("a b"))
    #expect(rejection { $0.schemaVersion = 0 } == .malformedSchemaVersion(0))
    #expect(rejection { $0.headers = ["ID": "x"] } == .reservedHeader("ID"))
    #expect(rejection { $0.headers = ["a b": "x"] } == .reservedHeader("a b"))
    #expect(rejection { $0.headers = ["a": "x\n"] } == .malformedHeaderValue(header: "a"))
  }

  @Test func everyLimitHoldsAtItsValueAndNotBeyond() {
    let limits = EventLimits(nameBytes: 13, payloadBytes: 4, headerCount: 2, headerBytes: 6)
    func size(_ change: (inout OutboxEvent) -> Void) -> EventRejection? {
      rejection(limits) {
        $0.headers = [:]
        $0.payload = []
        change(&$0)
      }
    }
    #expect(size { $0.payload = [1, 2, 3, 4] } == nil)
    #expect(
      size { $0.payload = [1, 2, 3, 4, 5] } == .tooLarge(field: "payload", size: 5, limit: 4))
    #expect(size { $0.type = "order-changed" } == nil)
    #expect(
      size { $0.type = "order-changed2" } == .tooLarge(field: "type", size: 14, limit: 13))
    #expect(size { $0.headers = ["a": "12", "b": "34"] } == nil)
    #expect(
      size { $0.headers = ["a": "", "b": "", "c": ""] }
        == .tooLarge(field: "headers", size: 3, limit: 2))
    #expect(
      size { $0.headers = ["a": "123456"] }
        == .tooLarge(field: "header bytes", size: 7, limit: 6))
  }

  @Test func travelsAsDebeziumWouldWriteIt() throws {
    let appended = AppendedEvent(sequence: 9, version: 3, event: SampleEvents.event(1))
    let message = BrokerMessage(appended)
    #expect(message.topic == "outbox.event.order")
    #expect(message.key == "a")
    #expect(message.headers["id"] == SampleEvents.id(1))
    #expect(message.headers["aggregateversion"] == "3")
    #expect(try ReceivedEvent(message) == ReceivedEvent(version: 3, event: appended.event))
  }

  @Test func saysWhichHeaderIsMalformed() {
    var message = BrokerMessage(
      AppendedEvent(sequence: 1, version: 1, event: SampleEvents.event(1)))
    message.headers["aggregateversion"] = "0"
    #expect(throws: MalformedMessage(header: "aggregateversion", value: "0")) {
      try ReceivedEvent(message)
    }
    message.headers["aggregateversion"] = nil
    #expect(throws: MalformedMessage(header: "aggregateversion", value: nil)) {
      try ReceivedEvent(message)
    }
  }
}
