// SPDX-License-Identifier: Apache-2.0

/// What the users ordered, by the answers they got: the truth that delivered events are held
/// against.
struct OrderLedger: Sendable {
  /// Orders whose placing was answered, by id, with the events they must have caused, in order.
  private(set) var expectedEvents: [String: [String]] = [:]
  /// Orders placed on the monolith, which has no outbox yet.
  private(set) var ordersOnLegacy = 0

  /// Notes an order that the shop confirmed.
  mutating func placed(_ id: Int64, on side: UserLedger.Side?) {
    if side == .extracted {
      expectedEvents[String(id)] = ["order-placed"]
    } else {
      ordersOnLegacy += 1
    }
  }

  /// Notes a cancellation that the shop confirmed.
  mutating func cancelled(_ id: Int64) {
    expectedEvents[String(id)]?.append("order-cancelled")
  }
}

/// How delivered events compare with what was ordered.
struct DeliveryAudit: Sendable, Equatable {
  /// One event as the consumer's effects recorded it.
  struct Delivery: Sendable {
    var eventID: String
    var aggregateID: String
    var type: String
  }

  var expected = 0
  var delivered = 0
  var lost = 0
  var doubled = 0
  var outOfOrder = 0
  var unexpected = 0

  /// - Parameters:
  ///   - expected: Event types per aggregate, in order.
  ///   - deliveries: What arrived, in the order of arrival.
  init(expected: [String: [String]], deliveries: [Delivery]) {
    self.expected = expected.values.reduce(0) { $0 + $1.count }
    delivered = deliveries.count
    let ids = Dictionary(grouping: deliveries, by: \.eventID)
    doubled = ids.values.reduce(0) { $0 + $1.count - 1 }
    let byAggregate = Dictionary(grouping: deliveries, by: \.aggregateID)
    for (aggregate, types) in expected {
      let arrived = (byAggregate[aggregate] ?? []).map(\.type)
      lost += types.filter { !arrived.contains($0) }.count
      unexpected += arrived.filter { !types.contains($0) }.count
      let positions = types.compactMap { arrived.firstIndex(of: $0) }
      if positions != positions.sorted() { outOfOrder += 1 }
    }
    for (aggregate, arrived) in byAggregate where expected[aggregate] == nil {
      unexpected += arrived.count
    }
  }

  /// True when every event arrived once and in order, and nothing else did.
  var isClean: Bool { lost + doubled + outOfOrder + unexpected == 0 && delivered == expected }
}
