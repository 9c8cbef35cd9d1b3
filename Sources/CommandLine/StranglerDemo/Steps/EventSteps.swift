// SPDX-License-Identifier: Apache-2.0

/// The outbox step: what arrived at the consumer against what users ordered.
extension DemoRun {
  private static let settlingLimit = Duration.seconds(10)

  mutating func auditEvents() async throws {
    narrator.section("Outbox: events of the new service, through relay and inbox")
    let expected = traffic.orderLedger.expectedEvents
    let count = expected.values.reduce(0) { $0 + $1.count }
    try await events.settle(expecting: count, within: Self.settlingLimit)
    let audit = DeliveryAudit(expected: expected, deliveries: try await events.recorded())
    narrator.line(
      "\(audit.expected) events appended with their orders, \(audit.delivered) applied by the "
        + "consumer; \(events.duplicatesDropped) redeliveries recognised and dropped")
    summary.demand(
      "outbox events delivered once and in order",
      "\(audit.delivered) of \(audit.expected); lost \(audit.lost), doubled \(audit.doubled), "
        + "out of order \(audit.outOfOrder), unexpected \(audit.unexpected)",
      audit.isClean && audit.expected > 0)
  }
}
