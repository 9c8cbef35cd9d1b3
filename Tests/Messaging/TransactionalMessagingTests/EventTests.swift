// SPDX-License-Identifier: Apache-2.0

import MessagingConformance
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

  @Test func theRestOfTheEnvelopeTravelsAsHeaders() throws {
    var event = SampleEvents.event(1)
    event.tenant = "north"
    event.payloadReference = "https://example.com/1"
    let message = BrokerMessage(AppendedEvent(sequence: 9, version: 3, event: event))
    #expect(message.headers["tenant"] == "north")
    #expect(message.headers["payload_ref"] == "https://example.com/1")
    #expect(try ReceivedEvent(message).event == event)
    #expect(rejection { $0.tenant = "" } == .emptyField("tenant"))
    #expect(rejection { $0.tenant = "a\n" } == .controlCharacter(field: "tenant"))
    #expect(rejection { $0.aggregateID = "a\0" } == .controlCharacter(field: "aggregateID"))
    #expect(rejection { $0.headers = ["Tenant": "x"] } == .reservedHeader("Tenant"))
  }

  @Test func knowsATraceFromWhatOnlyLooksLikeOne() {
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    var event = SampleEvents.event(1)
    event.traceContext = TraceContext(parent: parent, state: "a=1")
    #expect(event.headers["traceparent"] == parent && event.headers["tracestate"] == "a=1")
    #expect(event.traceContext?.properties == "traceparent=\(parent)\ntracestate=a=1")
    event.traceContext = nil
    #expect(event.headers.isEmpty)
    for wrong in [
      "", "00-1", parent.uppercased(), parent + "-00", "ff" + parent.dropFirst(2),
      "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
    ] {
      #expect(TraceContext(parent: wrong) == nil, "\(wrong)")
    }
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
