// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import StranglerDemo

@Suite struct DeliveryAuditTests {
  private let expected = ["1": ["order-placed", "order-cancelled"], "2": ["order-placed"]]

  private func delivery(_ id: String, _ aggregate: String, _ type: String) -> DeliveryAudit.Delivery
  {
    DeliveryAudit.Delivery(eventID: id, aggregateID: aggregate, type: "order-" + type)
  }

  @Test func `every event once and in order is clean`() {
    let audit = DeliveryAudit(
      expected: expected,
      deliveries: [
        delivery("a", "1", "placed"), delivery("c", "2", "placed"), delivery("b", "1", "cancelled"),
      ])
    #expect(audit.isClean)
    #expect(audit.expected == 3)
  }

  @Test func `a lost event is found`() {
    let audit = DeliveryAudit(
      expected: expected, deliveries: [delivery("a", "1", "placed"), delivery("c", "2", "placed")])
    #expect(audit.lost == 1)
    #expect(!audit.isClean)
  }

  @Test func `a doubled event is found`() {
    let audit = DeliveryAudit(
      expected: ["2": ["order-placed"]],
      deliveries: [delivery("c", "2", "placed"), delivery("c", "2", "placed")])
    #expect(audit.doubled == 1)
    #expect(!audit.isClean)
  }

  @Test func `a cancellation before its order is found`() {
    let audit = DeliveryAudit(
      expected: ["1": ["order-placed", "order-cancelled"]],
      deliveries: [delivery("b", "1", "cancelled"), delivery("a", "1", "placed")])
    #expect(audit.outOfOrder == 1)
    #expect(!audit.isClean)
  }

  @Test func `an event nobody caused is found`() {
    let audit = DeliveryAudit(expected: [:], deliveries: [delivery("x", "9", "placed")])
    #expect(audit.unexpected == 1)
    #expect(!audit.isClean)
  }

  @Test func `only confirmed orders of the new service are expected`() {
    var ledger = OrderLedger()
    ledger.placed(7, on: .extracted)
    ledger.placed(8, on: .legacy)
    ledger.cancelled(7)
    ledger.cancelled(8)
    #expect(ledger.expectedEvents == ["7": ["order-placed", "order-cancelled"]])
    #expect(ledger.ordersOnLegacy == 1)
  }
}
