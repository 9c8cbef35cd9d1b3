// SPDX-License-Identifier: Apache-2.0

/// A message as a CloudEvent 1.0 in HTTP's binary mode: attributes are header fields, the body is
/// the payload as it was appended
/// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md).
///
/// `ce-id` is the event's id and `ce-subject` the aggregate's. What CloudEvents has no name for are
/// extension attributes: `aggregatetype`, `aggregateversion`, `schemaversion`, `occurredat`,
/// `tenant`, `payloadref`, and `eventheaders`, the event's own headers as a JSON object.
/// `traceparent` and `tracestate` are fields of their own as well, where tracing looks for them.
public enum CloudEventFields {
  /// A header field.
  public struct Field: Sendable, Equatable {
    /// Name in lower case.
    public var name: String
    /// Printable ASCII.
    public var value: String

    /// Creates a field.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  private static let attributes = [
    ("ce-id", MessageHeader.id), ("ce-type", MessageHeader.type),
    ("ce-aggregatetype", MessageHeader.aggregateType),
    ("ce-aggregateversion", MessageHeader.aggregateVersion),
    ("ce-schemaversion", MessageHeader.schemaVersion),
    ("ce-occurredat", MessageHeader.occurredAt), ("ce-tenant", MessageHeader.tenant),
    ("ce-payloadref", MessageHeader.payloadReference),
  ]
  private static let httpPrefix = "ce-"
  private static let subject = "ce-subject"
  private static let ownHeaders = "ce-eventheaders"
  private static let contentType = "content-type"

  /// The fields of a message; `source` says where it comes from, such as `/shop`.
  public static func fields(of message: BrokerMessage, source: String) throws -> [Field] {
    var own = message.headers
    var fields = [Field("ce-specversion", "1.0"), Field("ce-source", encoded(source))]
    for (name, header) in attributes {
      guard let value = own.removeValue(forKey: header) else { continue }
      fields.append(Field(name, encoded(value)))
      if header == MessageHeader.occurredAt, let time = Int64(value) {
        fields.append(Field("ce-time", CivilTime.text(milliseconds: time)))
      }
    }
    fields.append(Field(subject, encoded(message.key)))
    fields.append(Field(contentType, own[contentType].map(encoded) ?? "application/json"))
    for name in [MessageHeader.traceParent, MessageHeader.traceState] {
      if let value = own[name] { fields.append(Field(name, encoded(value))) }
    }
    if !own.isEmpty { fields.append(Field(ownHeaders, encoded(try HeaderText.encode(own)))) }
    return fields
  }

  /// The message that fields and body make; `ReceivedEvent` reads the event out of it.
  ///
  /// - Throws: `MalformedMessage` naming the first field that is missing or cannot be read.
  public static func message(
    _ fields: some Sequence<Field>, body: [UInt8]
  ) throws(MalformedMessage) -> BrokerMessage {
    let values = Dictionary(
      fields.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { first, _ in first })
    func value(_ name: String) throws(MalformedMessage) -> String? {
      guard let text = values[name] else { return nil }
      guard let value = decoded(text) else { throw MalformedMessage(header: name, value: text) }
      return value
    }
    var headers: [String: String] = [:]
    if let text = try value(ownHeaders) {
      do {
        headers = try HeaderText.decode(text, event: values["ce-id"] ?? "")
      } catch {
        throw MalformedMessage(header: ownHeaders, value: text)
      }
    }
    for (name, header) in attributes { headers[header] = try value(name) }
    guard let type = headers[MessageHeader.aggregateType] else {
      throw MalformedMessage(header: "ce-aggregatetype", value: nil)
    }
    guard let key = try value(subject) else { throw MalformedMessage(header: subject, value: nil) }
    return BrokerMessage(
      topic: BrokerMessage.topic(forAggregateType: type), key: key, headers: headers, payload: body)
  }

  /// The fields as a broker's binding names them: with a prefix in place of `ce-`, and values that
  /// are not quoted.
  package static func headers(
    of message: BrokerMessage, source: String, prefix: String
  ) throws -> [String: String] {
    var headers: [String: String] = [:]
    for field in try fields(of: message, source: source) {
      let value = decoded(field.value) ?? field.value
      if field.name.hasPrefix(httpPrefix) {
        headers[prefix + field.name.dropFirst(httpPrefix.count)] = value
      } else {
        headers[field.name] = value
      }
    }
    return headers
  }

  /// The message that such headers make; nil where none of the prefixes begins a CloudEvent.
  ///
  /// - Throws: `MalformedMessage` naming the first field that is missing or cannot be read.
  package static func message(
    headers: [String: String], prefixes: [String], body: [UInt8]
  ) throws(MalformedMessage) -> BrokerMessage? {
    guard prefixes.contains(where: { headers[$0 + "specversion"] != nil }) else { return nil }
    return try message(
      headers.map { name, value in
        let prefix = prefixes.first { name.hasPrefix($0) }
        return Field(
          prefix.map { httpPrefix + name.dropFirst($0.count) } ?? name, encoded(value))
      }, body: body)
  }

  /// What is not printable, and what quotes or encodes, as `%` and two digits for each byte.
  package static func encoded(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      if byte > 0x20, byte < 0x7F, byte != UInt8(ascii: "%"), byte != UInt8(ascii: "\"") {
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        encoded += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return encoded
  }

  /// Nil where a `%` is not followed by two digits, and for what is no UTF-8.
  package static func decoded(_ text: String) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = rest.prefix(2).compactMap(\.hexadecimalDigit)
      guard digits.count == 2 else { return nil }
      bytes.append(digits[0] << 4 | digits[1])
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}

extension UInt8 {
  fileprivate var hexadecimalDigit: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
