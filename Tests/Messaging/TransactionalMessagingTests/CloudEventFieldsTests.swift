// SPDX-License-Identifier: Apache-2.0

import MessagingConformance
import Testing

@testable import TransactionalMessaging

struct CloudEventFieldsTests {
  private let message: BrokerMessage = {
    var event = SampleEvents.event(1)
    event.headers["note"] = "ü"
    event.tenant = "north"
    event.payloadReference = "https://example.com/?a=1"
    return BrokerMessage(AppendedEvent(sequence: 9, version: 4, event: event))
  }()

  @Test func attributesAreThoseOfTheSpecification() throws {
    let fields = try CloudEventFields.fields(of: message, source: "/shop")
    let values = Dictionary(fields.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    #expect(values.count == fields.count)
    #expect(values["ce-specversion"] == "1.0" && values["ce-source"] == "/shop")
    #expect(values["ce-id"] == SampleEvents.id(1) && values["ce-type"] == "order-changed")
    #expect(values["ce-subject"] == "a" && values["ce-aggregateversion"] == "4")
    #expect(values["ce-time"] == "2023-11-14T22:13:20.001Z")
    #expect(values["content-type"] == "application/json")
    #expect(values["traceparent"] == "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    for field in fields {
      #expect(field.value.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "\(field)")
    }
  }

  @Test func whatWasSentIsReadBack() throws {
    let fields = try CloudEventFields.fields(of: message, source: "/shop").map {
      CloudEventFields.Field($0.name.uppercased(), $0.value)
    }
    let read = try CloudEventFields.message(fields, body: message.payload)
    #expect(read == message)
  }

  @Test func whatCannotBeReadIsNamed() throws {
    let fields = try CloudEventFields.fields(of: message, source: "/shop")
    for (name, value) in [
      ("ce-subject", nil), ("ce-aggregatetype", nil), ("ce-id", "%4"), ("ce-subject", "%zz"),
      ("ce-type", "%ff"), ("ce-eventheaders", "no JSON"),
    ] as [(String, String?)] {
      let changed =
        fields.filter { $0.name != name } + (value.map { [CloudEventFields.Field(name, $0)] } ?? [])
      #expect(throws: MalformedMessage(header: name, value: value)) {
        try CloudEventFields.message(changed, body: [])
      }
    }
  }

  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
      (951_782_400_250, "2000-02-29T00:00:00.250Z"),
      (4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
      (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
    ] as [(Int64, String)])
  func timesAreRFC3339(milliseconds: Int64, text: String) {
    #expect(CivilTime.text(milliseconds: milliseconds) == text)
  }
}
