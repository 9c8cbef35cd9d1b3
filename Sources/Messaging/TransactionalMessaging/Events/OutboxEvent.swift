// SPDX-License-Identifier: Apache-2.0

/// Something that happened to one aggregate, as the business transaction records it.
///
/// Field names follow Debezium's outbox table, so that the same table can be read by a Debezium
/// connector unchanged.
public struct OutboxEvent: Sendable, Equatable {
  /// Unique id of the event, lower-case UUID text; given by the caller so that retries keep it.
  public var id: String
  /// Kind of aggregate, such as `order`; names the topic `outbox.event.<aggregateType>`.
  public var aggregateType: String
  /// Which aggregate, such as `42`; the message key, and the unit of ordering.
  public var aggregateID: String
  /// What happened, such as `order-placed`.
  public var type: String
  /// Version of the payload's shape, from 1.
  public var schemaVersion: Int
  /// When it happened: milliseconds since 1970-01-01T00:00:00Z.
  public var occurredAt: Int64
  /// Headers that travel with the event, `traceparent` among them.
  public var headers: [String: String]
  /// The payload's bytes, JSON by convention.
  public var payload: [UInt8]
  /// Whose event it is where one database serves several customers; nil where that means nothing.
  public var tenant: String?
  /// Where the content is that is too large for a message, such as a link to an object store.
  public var payloadReference: String?

  /// Creates an event.
  public init(
    id: String, aggregateType: String, aggregateID: String, type: String, schemaVersion: Int = 1,
    occurredAt: Int64, headers: [String: String] = [:], payload: [UInt8], tenant: String? = nil,
    payloadReference: String? = nil
  ) {
    self.id = id
    self.aggregateType = aggregateType
    self.aggregateID = aggregateID
    self.type = type
    self.schemaVersion = schemaVersion
    self.occurredAt = occurredAt
    self.headers = headers
    self.payload = payload
    self.tenant = tenant
    self.payloadReference = payloadReference
  }
}
