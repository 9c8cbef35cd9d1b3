// SPDX-License-Identifier: Apache-2.0

/// Bounds that every event must keep; checked when it is appended, so that the business
/// transaction fails at once and not the relay an hour later.
public struct EventLimits: Sendable, Equatable {
  /// Longest aggregate type, aggregate id, event type and header name, in UTF-8 bytes. Debezium's
  /// columns hold 255 characters.
  public var nameBytes: Int
  /// Largest payload in bytes.
  public var payloadBytes: Int
  /// Most headers of one event.
  public var headerCount: Int
  /// Largest sum of header names and values in UTF-8 bytes.
  public var headerBytes: Int

  /// Creates limits; the defaults fit every broker we know of (NATS refuses more than 1 MiB).
  public init(
    nameBytes: Int = 255, payloadBytes: Int = 900 << 10, headerCount: Int = 64,
    headerBytes: Int = 16 << 10
  ) {
    self.nameBytes = nameBytes
    self.payloadBytes = payloadBytes
    self.headerCount = headerCount
    self.headerBytes = headerBytes
  }
}

/// Why an event cannot be appended.
public enum EventRejection: Error, Sendable, Equatable {
  /// A required field is empty.
  case emptyField(String)
  /// A field exceeds its limit, both in bytes (headers: in count for `headers`).
  case tooLarge(field: String, size: Int, limit: Int)
  /// The id is not the lower-case text of a UUID.
  case malformedID(String)
  /// The aggregate type has characters that a topic name must not have.
  case malformedAggregateType(String)
  /// A header has a name that the messages themselves use, or one that is not printable ASCII.
  case reservedHeader(String)
  /// A field other than a header holds a control character.
  case controlCharacter(field: String)
  /// A header value holds a control character.
  case malformedHeaderValue(header: String)
  /// The schema version is below 1.
  case malformedSchemaVersion(Int)
}

extension EventRejection: CustomStringConvertible {
  /// One sentence: what is wrong and what to do.
  public var description: String {
    switch self {
    case .emptyField(let field):
      "\(field) is empty; every event needs one"
    case .tooLarge(let field, let size, let limit):
      "\(field) has \(size), the limit is \(limit); store large content elsewhere and send a link"
    case .malformedID(let id):
      "id \"\(id)\" is not the lower-case text of a UUID"
    case .malformedAggregateType(let type):
      "aggregate type \"\(type)\" names a topic: use letters, digits, '-', '_' and '.' only"
    case .reservedHeader(let name):
      "header \"\(name)\" is reserved or not printable ASCII; choose another name"
    case .controlCharacter(let field):
      "\(field) holds a control character; encode it"
    case .malformedHeaderValue(let header):
      "the value of header \"\(header)\" holds a control character; encode it"
    case .malformedSchemaVersion(let version):
      "schema version \(version) is below 1, the first version"
    }
  }
}

extension OutboxEvent {
  /// Checks everything that a store or broker would stumble over later.
  public func validate(_ limits: EventLimits = EventLimits()) throws(EventRejection) {
    let names = [
      ("aggregateType", aggregateType), ("aggregateID", aggregateID), ("type", type),
    ]
    for (field, value) in names {
      guard !value.isEmpty else { throw .emptyField(field) }
      guard value.utf8.count <= limits.nameBytes else {
        throw .tooLarge(field: field, size: value.utf8.count, limit: limits.nameBytes)
      }
      // PostgreSQL's text holds no NUL, and a key with a line break ends a header.
      guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
        throw .controlCharacter(field: field)
      }
    }
    guard id.isLowercaseUUID else { throw .malformedID(id) }
    guard aggregateType.utf8.allSatisfy(\.isTopicCharacter) else {
      throw .malformedAggregateType(aggregateType)
    }
    guard schemaVersion >= 1 else { throw .malformedSchemaVersion(schemaVersion) }
    guard payload.count <= limits.payloadBytes else {
      throw .tooLarge(field: "payload", size: payload.count, limit: limits.payloadBytes)
    }
    try validateEnvelope(limits)
    try validateHeaders(limits)
  }

  /// What is sent as a header although it is a column of its own.
  private func validateEnvelope(_ limits: EventLimits) throws(EventRejection) {
    let fields = [
      (MessageHeader.tenant, tenant, limits.nameBytes),
      (MessageHeader.payloadReference, payloadReference, limits.headerBytes),
    ]
    for (field, value, limit) in fields {
      guard let value else { continue }
      guard !value.isEmpty else { throw .emptyField(field) }
      guard value.utf8.count <= limit else {
        throw .tooLarge(field: field, size: value.utf8.count, limit: limit)
      }
      guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
        throw .controlCharacter(field: field)
      }
    }
  }

  private func validateHeaders(_ limits: EventLimits) throws(EventRejection) {
    guard headers.count <= limits.headerCount else {
      throw .tooLarge(field: "headers", size: headers.count, limit: limits.headerCount)
    }
    var bytes = 0
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
      let printable = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
      guard !name.isEmpty, printable, !MessageHeader.reserved.contains(name.lowercased()) else {
        throw .reservedHeader(name)
      }
      guard name.utf8.count <= limits.nameBytes else {
        throw .tooLarge(field: "header name", size: name.utf8.count, limit: limits.nameBytes)
      }
      guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
        throw .malformedHeaderValue(header: name)
      }
      bytes += name.utf8.count + value.utf8.count
    }
    guard bytes <= limits.headerBytes else {
      throw .tooLarge(field: "header bytes", size: bytes, limit: limits.headerBytes)
    }
  }
}

extension String {
  /// True for `8-4-4-4-12` lower-case hexadecimal digits.
  var isLowercaseUUID: Bool {
    guard utf8.count == 36 else { return false }
    for (index, byte) in utf8.enumerated() {
      switch index {
      case 8, 13, 18, 23:
        guard byte == UInt8(ascii: "-") else { return false }
      default:
        let digit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        let letter = (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
        guard digit || letter else { return false }
      }
    }
    return true
  }
}

extension UInt8 {
  fileprivate var isTopicCharacter: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
      UInt8(ascii: "."):
      true
    default: false
    }
  }
}
