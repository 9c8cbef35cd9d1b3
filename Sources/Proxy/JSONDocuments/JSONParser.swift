// SPDX-License-Identifier: Apache-2.0

/// Bounds of one document.
package struct JSONLimits: Sendable, Equatable {
  /// Deepest nesting of arrays and objects.
  package var depth: Int
  /// Most values of all kinds.
  package var values: Int

  package init(depth: Int = 64, values: Int = 200_000) {
    self.depth = depth
    self.values = values
  }
}

/// Why a document is not JSON, or not JSON that we compare.
package struct JSONProblem: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Reason: String, Sendable {
    case unexpectedByte = "an unexpected byte"
    case unexpectedEnd = "an unexpected end"
    case malformedNumber = "a malformed number"
    case malformedString = "a malformed string"
    case duplicateMember = "a member that comes twice"
    case tooDeep = "nesting beyond the limit"
    case tooManyValues = "more values than the limit"
    case trailingContent = "content behind the document"
  }

  package var reason: Reason
  /// Offset in bytes.
  package var offset: Int
  /// Name of the member that comes twice.
  package var member: String?

  package var description: String { "\(reason.rawValue) at byte \(offset)" }

  /// Line and column in the document, both from 1, the column in bytes.
  package func place(in document: [UInt8]) -> (line: Int, column: Int) {
    let before = document.prefix(offset)
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    return (line, offset - start + 1)
  }
}

/// Strict JSON (RFC 8259): valid UTF-8, no duplicate members, nothing behind the document.
package struct JSONParser {
  private let bytes: [UInt8]
  private let limits: JSONLimits
  private var offset = 0
  private var depth = 0
  private var values = 0

  package static func parse(
    _ bytes: [UInt8], limits: JSONLimits = JSONLimits()
  ) throws(JSONProblem) -> JSONValue {
    var parser = JSONParser(bytes: bytes, limits: limits)
    let value = try parser.value()
    parser.skipSpace()
    guard parser.offset == bytes.count else { throw parser.problem(.trailingContent) }
    return value
  }

  private init(bytes: [UInt8], limits: JSONLimits) {
    self.bytes = bytes
    self.limits = limits
  }

  private func problem(_ reason: JSONProblem.Reason) -> JSONProblem {
    JSONProblem(reason: reason, offset: offset)
  }

  private var byte: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func skipSpace() {
    while let byte, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
  }

  private mutating func expect(_ expected: UInt8) throws(JSONProblem) {
    guard let byte else { throw problem(.unexpectedEnd) }
    guard byte == expected else { throw problem(.unexpectedByte) }
    offset += 1
  }

  private mutating func value() throws(JSONProblem) -> JSONValue {
    skipSpace()
    values += 1
    guard values <= limits.values else { throw problem(.tooManyValues) }
    guard let byte else { throw problem(.unexpectedEnd) }
    switch byte {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func literal(
    _ text: String, _ value: JSONValue
  ) throws(JSONProblem) -> JSONValue {
    for expected in text.utf8 { try expect(expected) }
    return value
  }

  private mutating func enter() throws(JSONProblem) {
    offset += 1
    depth += 1
    guard depth <= limits.depth else { throw problem(.tooDeep) }
    skipSpace()
  }

  private mutating func object() throws(JSONProblem) -> JSONValue {
    try enter()
    defer { depth -= 1 }
    var members: [String: JSONValue] = [:]
    if byte == UInt8(ascii: "}") {
      offset += 1
      return .object(members)
    }
    while true {
      skipSpace()
      let start = offset
      guard byte == UInt8(ascii: "\"") else {
        throw problem(byte == nil ? .unexpectedEnd : .unexpectedByte)
      }
      let name = try string()
      guard members[name] == nil else {
        throw JSONProblem(reason: .duplicateMember, offset: start, member: name)
      }
      skipSpace()
      try expect(UInt8(ascii: ":"))
      members[name] = try value()
      skipSpace()
      if byte == UInt8(ascii: ",") {
        offset += 1
      } else {
        try expect(UInt8(ascii: "}"))
        return .object(members)
      }
    }
  }

  private mutating func array() throws(JSONProblem) -> JSONValue {
    try enter()
    defer { depth -= 1 }
    var elements: [JSONValue] = []
    if byte == UInt8(ascii: "]") {
      offset += 1
      return .array(elements)
    }
    while true {
      elements.append(try value())
      skipSpace()
      if byte == UInt8(ascii: ",") {
        offset += 1
      } else {
        try expect(UInt8(ascii: "]"))
        return .array(elements)
      }
    }
  }

  // MARK: - Scalars

  private mutating func digits() -> Int {
    let start = offset
    while let byte, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { offset += 1 }
    return offset - start
  }

  private mutating func number() throws(JSONProblem) -> JSONNumber {
    let start = offset
    if byte == UInt8(ascii: "-") { offset += 1 }
    let leadingZero = byte == UInt8(ascii: "0")
    let whole = digits()
    guard whole > 0 else { throw problem(byte == nil ? .unexpectedEnd : .unexpectedByte) }
    guard !(leadingZero && whole > 1) else { throw problem(.malformedNumber) }
    if byte == UInt8(ascii: ".") {
      offset += 1
      guard digits() > 0 else { throw problem(.malformedNumber) }
    }
    if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
      offset += 1
      if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { offset += 1 }
      guard digits() > 0 else { throw problem(.malformedNumber) }
    }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    guard let number = JSONNumber(valid: text) else { throw problem(.malformedNumber) }
    return number
  }

  private mutating func string() throws(JSONProblem) -> String {
    offset += 1
    var content: [UInt8] = []
    while true {
      guard let byte else { throw problem(.unexpectedEnd) }
      switch byte {
      case UInt8(ascii: "\""):
        offset += 1
        guard let string = String(validating: content, as: UTF8.self) else {
          throw problem(.malformedString)
        }
        return string
      case UInt8(ascii: "\\"):
        offset += 1
        try escape(into: &content)
      case 0..<0x20:
        throw problem(.malformedString)
      default:
        content.append(byte)
        offset += 1
      }
    }
  }

  private mutating func escape(into content: inout [UInt8]) throws(JSONProblem) {
    guard let byte else { throw problem(.unexpectedEnd) }
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0C)
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "u"): content.append(contentsOf: Array(String(try unicode()).utf8))
    default: throw problem(.malformedString)
    }
  }

  private mutating func unicode() throws(JSONProblem) -> Unicode.Scalar {
    let first = try hexadecimal()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard (0xD800..<0xDC00).contains(first) else { throw problem(.malformedString) }
    try expect(UInt8(ascii: "\\"))
    try expect(UInt8(ascii: "u"))
    let second = try hexadecimal()
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
    else { throw problem(.malformedString) }
    return scalar
  }

  private mutating func hexadecimal() throws(JSONProblem) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte else { throw problem(.unexpectedEnd) }
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw problem(.malformedString)
      }
      value = value << 4 | UInt32(digit)
      offset += 1
    }
    return value
  }
}
