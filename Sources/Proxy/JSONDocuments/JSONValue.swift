// SPDX-License-Identifier: Apache-2.0

/// A JSON document with exact numbers. Member order carries no meaning and is not kept.
package indirect enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// Name of the value's JSON type.
  package var typeName: String {
    switch self {
    case .null: "null"
    case .bool: "boolean"
    case .number: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }

  /// Compact text with sorted members, at most about `limit` bytes.
  package func text(limit: Int) -> String {
    var text = ""
    write(to: &text, limit: limit)
    guard text.utf8.count > limit else { return text }
    return String(decoding: text.utf8.prefix(limit), as: UTF8.self) + "…"
  }

  private func write(to text: inout String, limit: Int) {
    guard text.utf8.count <= limit else { return }
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .number(let number): text += number.text
    case .string(let string): text += "\"" + string + "\""
    case .array(let elements):
      text += "["
      for (index, element) in elements.enumerated() where text.utf8.count <= limit {
        if index > 0 { text += "," }
        element.write(to: &text, limit: limit)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (index, key) in members.keys.sorted().enumerated() where text.utf8.count <= limit {
        if index > 0 { text += "," }
        text += "\"" + key + "\":"
        members[key]?.write(to: &text, limit: limit)
      }
      text += "}"
    }
  }
}

/// A JSON number as exact decimal: `1`, `1.0` and `10e-1` are equal, and no digit is ever rounded.
package struct JSONNumber: Sendable, Hashable {
  /// Text as received.
  package let text: String
  private let isNegative: Bool
  private let digits: [UInt8]
  private let exponent: Int

  /// Takes the text of a valid JSON number; nil when its exponent is beyond all reason.
  package init?(valid text: String) {
    self.text = text
    var digits: [UInt8] = []
    var fraction = 0
    var seenPoint = false
    var written = 0
    let bytes = Array(text.utf8)
    var index = bytes.first == UInt8(ascii: "-") ? 1 : 0
    let negative = index == 1
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if byte == UInt8(ascii: ".") {
        seenPoint = true
      } else if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
        let rest = bytes[index...].drop { $0 == UInt8(ascii: "+") }
        guard let value = Int(String(decoding: rest, as: UTF8.self)), abs(value) < 1_000_000 else {
          return nil
        }
        written = value
        break
      } else {
        if seenPoint { fraction += 1 }
        if !(digits.isEmpty && byte == UInt8(ascii: "0")) { digits.append(byte) }
      }
    }
    var exponent = written - fraction
    while digits.last == UInt8(ascii: "0") {
      digits.removeLast()
      exponent += 1
    }
    self.digits = digits
    self.exponent = digits.isEmpty ? 0 : exponent
    isNegative = negative && !digits.isEmpty
  }

  /// The nearest double, for comparisons with a tolerance only.
  package var approximation: Double { Double(text) ?? .nan }

  /// Equal when the values are.
  package static func == (left: JSONNumber, right: JSONNumber) -> Bool {
    left.isNegative == right.isNegative && left.exponent == right.exponent
      && left.digits == right.digits
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(isNegative)
    hasher.combine(exponent)
    hasher.combine(digits)
  }
}

extension JSONNumber: Comparable {
  package static func < (left: JSONNumber, right: JSONNumber) -> Bool {
    guard left.sign == right.sign else { return left.sign < right.sign }
    return left.isNegative ? right.isCloser(left) : left.isCloser(right)
  }

  private var sign: Int { digits.isEmpty ? 0 : isNegative ? -1 : 1 }

  /// Whether the value lies closer to zero; both have one sign.
  private func isCloser(_ other: JSONNumber) -> Bool {
    let (length, otherLength) = (digits.count + exponent, other.digits.count + other.exponent)
    guard length == otherLength else { return length < otherLength }
    // No digits are trailing zeros: of two that begin alike the longer is the larger.
    return digits.lexicographicallyPrecedes(other.digits)
  }

  /// Whether there is nothing behind the point.
  package var isInteger: Bool { exponent >= 0 }

  /// The nearest whole number that is not below, or not above; nil from 10^18 on.
  package func whole(roundingUp: Bool) -> Int? {
    let length = digits.count + exponent
    guard length <= 18 else { return nil }
    var magnitude = digits.prefix(max(0, length)).reduce(0) {
      $0 * 10 + Int($1 - UInt8(ascii: "0"))
    }
    for _ in 0..<max(0, exponent) { magnitude *= 10 }
    if !isInteger, roundingUp != isNegative { magnitude += 1 }
    return isNegative ? -magnitude : magnitude
  }

  /// Whether the value is a whole number of times another, which is above zero; nil where that has
  /// more digits than are computed with, which are 18.
  package func isMultiple(of other: JSONNumber) -> Bool? {
    guard !digits.isEmpty else { return true }
    guard !other.digits.isEmpty, other.digits.count <= 18 else { return nil }
    // Neither has a zero at its end, so what lies behind the other's last place is left over.
    guard exponent >= other.exponent else { return false }
    let divisor = other.digits.reduce(UInt64(0)) { $0 * 10 + UInt64($1 - UInt8(ascii: "0")) }
    func product(_ left: UInt64, _ right: UInt64) -> UInt64 {
      divisor.dividingFullWidth(left.multipliedFullWidth(by: right)).remainder
    }
    var rest = digits.reduce(UInt64(0)) { rest, digit in
      (product(rest, 10 % divisor) + UInt64(digit - UInt8(ascii: "0"))) % divisor
    }
    var (power, square) = (exponent - other.exponent, 10 % divisor)
    while power > 0 {
      if power & 1 == 1 { rest = product(rest, square) }
      square = product(square, square)
      power >>= 1
    }
    return rest == 0
  }
}
