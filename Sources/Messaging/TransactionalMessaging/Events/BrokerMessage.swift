// SPDX-License-Identifier: Apache-2.0

/// Names of the headers that carry an event's fields.
///
/// They are the outbox table's column names, which is what Debezium's outbox router writes with
/// `table.fields.additional.placement` set to
/// `type:header,aggregateversion:header,schema_version:header,occurred_at:header,tenant:header,
/// payload_ref:header`.
public enum MessageHeader {
  /// Event id.
  public static let id = "id"
  /// Event type.
  public static let type = "type"
  /// Kind of aggregate.
  public static let aggregateType = "aggregatetype"
  /// Which aggregate, where a broker has no keys of its own.
  public static let aggregateID = "aggregateid"
  /// Version within the aggregate, decimal.
  public static let aggregateVersion = "aggregateversion"
  /// Version of the payload's shape, decimal.
  public static let schemaVersion = "schema_version"
  /// Milliseconds since 1970, decimal.
  public static let occurredAt = "occurred_at"
  /// Whose event it is; only where the event names a tenant.
  public static let tenant = "tenant"
  /// Where the content is; only where the event has a reference.
  public static let payloadReference = "payload_ref"
  /// W3C trace context: one of the event's own headers.
  public static let traceParent = "traceparent"
  /// W3C trace context: one of the event's own headers.
  public static let traceState = "tracestate"

  /// Names that callers must not use for headers of their own.
  static let reserved: Set<String> = [
    id, type, aggregateType, aggregateID, aggregateVersion, schemaVersion, occurredAt, tenant,
    payloadReference,
  ]
}

/// What travels through a broker: an event in the shape that Debezium gives it.
public struct BrokerMessage: Sendable, Equatable {
  /// `outbox.event.<aggregateType>`.
  public var topic: String
  /// The aggregate id: messages of one key keep their order.
  public var key: String
  /// The event's own headers and those of `MessageHeader`.
  public var headers: [String: String]
  /// The payload, unchanged.
  public var payload: [UInt8]

  /// Creates a message.
  public init(topic: String, key: String, headers: [String: String], payload: [UInt8]) {
    self.topic = topic
    self.key = key
    self.headers = headers
    self.payload = payload
  }

  /// The topic on which events of an aggregate type travel.
  public static func topic(forAggregateType type: String) -> String { "outbox.event." + type }

  /// The message that announces an appended event.
  public init(_ appended: AppendedEvent) {
    let event = appended.event
    var headers = event.headers
    // With room for what a broker adds, so that it is not copied there.
    headers.reserveCapacity(headers.count + 12)
    headers[MessageHeader.id] = event.id
    headers[MessageHeader.type] = event.type
    headers[MessageHeader.aggregateType] = event.aggregateType
    headers[MessageHeader.aggregateVersion] = String(appended.version)
    headers[MessageHeader.schemaVersion] = String(event.schemaVersion)
    headers[MessageHeader.occurredAt] = String(event.occurredAt)
    if let tenant = event.tenant { headers[MessageHeader.tenant] = tenant }
    if let reference = event.payloadReference {
      headers[MessageHeader.payloadReference] = reference
    }
    self.init(
      topic: Self.topic(forAggregateType: event.aggregateType), key: event.aggregateID,
      headers: headers, payload: event.payload)
  }
}

/// A message that cannot be read as an event.
public struct MalformedMessage: Error, Sendable, Equatable, CustomStringConvertible {
  /// The header at fault.
  public var header: String
  /// Its value, nil when it is missing.
  public var value: String?

  /// Creates the error.
  public init(header: String, value: String?) {
    self.header = header
    self.value = value
  }

  /// One sentence with the header, its value and what was expected.
  public var description: String {
    if let value, header == MessageHeader.id {
      return "header \(header) has the value \"\(value)\", expected a UUID"
    }
    if let value { return "header \(header) has the value \"\(value)\", expected a number from 1" }
    return "header \(header) is missing; the message was not written by an outbox relay"
  }
}

extension ReceivedEvent {
  /// Reads a message back into the event that it announces.
  ///
  /// - Throws: `MalformedMessage` naming the first header that is missing, no number, or, for the
  ///   event's id, no UUID: no inbox could ever store it.
  public init(_ message: BrokerMessage) throws(MalformedMessage) {
    var own = message.headers
    func take(_ name: String) throws(MalformedMessage) -> String {
      guard let value = own.removeValue(forKey: name) else {
        throw MalformedMessage(header: name, value: nil)
      }
      return value
    }
    func number<Number: FixedWidthInteger>(
      _ name: String, from least: Number
    ) throws(MalformedMessage) -> Number {
      let text = try take(name)
      guard let number = Number(text), number >= least else {
        throw MalformedMessage(header: name, value: text)
      }
      return number
    }
    let id = try take(MessageHeader.id)
    guard id.lowercased().isLowercaseUUID else {
      throw MalformedMessage(header: MessageHeader.id, value: id)
    }
    let type = try take(MessageHeader.type)
    let aggregateType = try take(MessageHeader.aggregateType)
    let version: Int64 = try number(MessageHeader.aggregateVersion, from: 1)
    let schemaVersion: Int = try number(MessageHeader.schemaVersion, from: 1)
    let occurredAt: Int64 = try number(MessageHeader.occurredAt, from: .min)
    let tenant = own.removeValue(forKey: MessageHeader.tenant)
    let reference = own.removeValue(forKey: MessageHeader.payloadReference)
    self.init(
      version: version,
      event: OutboxEvent(
        id: id, aggregateType: aggregateType, aggregateID: message.key, type: type,
        schemaVersion: schemaVersion, occurredAt: occurredAt, headers: own,
        payload: message.payload, tenant: tenant, payloadReference: reference))
  }
}
