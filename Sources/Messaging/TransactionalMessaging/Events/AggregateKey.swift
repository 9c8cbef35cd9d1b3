// SPDX-License-Identifier: Apache-2.0

/// Names one aggregate: the unit of ordering, of versions and of parking.
public struct AggregateKey: Sendable, Hashable, Comparable {
  /// Kind of aggregate, such as `order`.
  public var type: String
  /// Which aggregate of that kind, such as `42`.
  public var id: String

  /// Creates a key.
  public init(type: String, id: String) {
    self.type = type
    self.id = id
  }

  /// Orders by type, then id.
  public static func < (left: AggregateKey, right: AggregateKey) -> Bool {
    (left.type, left.id) < (right.type, right.id)
  }
}

extension AggregateKey: CustomStringConvertible {
  /// `order/42`.
  public var description: String { "\(type)/\(id)" }
}

extension OutboxEvent {
  /// The aggregate that the event belongs to.
  public var aggregate: AggregateKey { AggregateKey(type: aggregateType, id: aggregateID) }
}
