// SPDX-License-Identifier: Apache-2.0

/// What a column can hold, in terms that both kinds of stores share.
package enum ColumnType: Sendable, Hashable {
  /// 16, 32 or 64 bits.
  case integer(bits: Int)
  /// Digits in all and behind the point; nil for as many as there are.
  case decimal(precision: Int?, scale: Int?)
  /// A number in binary of 32 or 64 bits.
  case real(bits: Int)
  /// Most characters; nil for as many as there are.
  case text(limit: Int?)
  case bytes
  case boolean
  /// Digits behind the point of a second.
  case timestamp(hasZone: Bool, digits: Int)
  /// `2024-02-29`.
  case date
  /// 36 characters, in small letters.
  case uuid
  /// Anything else, by the name that its store has for it; carried between columns of one name.
  case other(String)
}

extension ColumnType: CustomStringConvertible {
  /// What a cast names.
  package enum Family: String, Sendable, CaseIterable {
    case integer, decimal, real, text, bytes, boolean, timestamp, date, uuid, other
  }

  package var family: Family {
    switch self {
    case .integer: .integer
    case .decimal: .decimal
    case .real: .real
    case .text: .text
    case .bytes: .bytes
    case .boolean: .boolean
    case .timestamp: .timestamp
    case .date: .date
    case .uuid: .uuid
    case .other: .other
    }
  }

  package var description: String {
    switch self {
    case .integer(let bits): "integer of \(bits) bits"
    case .decimal(let precision?, let scale): "decimal(\(precision), \(scale ?? 0))"
    case .real(let bits): "real of \(bits) bits"
    case .text(let limit?): "text of \(limit) characters"
    case .timestamp(let hasZone, let digits):
      "timestamp\(digits == 6 ? "" : "(\(digits))") \(hasZone ? "with" : "without") time zone"
    case .other(let name): name
    default: family.rawValue
    }
  }

  /// The numbers that an integer of so many bits can be.
  static func range(bits: Int) -> ClosedRange<Int64> {
    let largest = Int64.max >> (64 - bits)
    return (-largest - 1)...largest
  }

  /// Why the column cannot hold a value that is not NULL; nil when it can.
  func objection(to value: FieldValue) -> String? {
    switch (self, value) {
    case (.integer(let bits), .integer(let number)):
      Self.range(bits: bits).contains(number) ? nil : "is beyond \(bits) bits"
    case (.decimal(let precision, let scale), .decimal(let number)):
      Self.objection(number, precision, scale)
    case (.real(64), .realBits), (.bytes, .bytes), (.boolean, .boolean): nil
    case (.real, .realBits(let bits)):
      Double(Float(Double(bitPattern: bits))).bitPattern == bits ? nil : "needs 64 bits"
    case (.timestamp(_, let digits), .timestamp(let time)):
      Self.objection(time, digits)
    case (.text, .text(let text)), (.date, .text(let text)), (.uuid, .text(let text)),
      (.other, .text(let text)):
      text.string.map { objection(to: $0) } ?? "is not UTF-8"
    case (.text, _), (.integer, _), (.decimal, _), (.real, _), (.bytes, _), (.boolean, _),
      (.timestamp, _), (.date, _), (.uuid, _), (.other, _):
      "is \(value.kind), where the column is \(self)"
    }
  }

  private static func objection(
    _ number: ExactDecimal, _ precision: Int?, _ scale: Int?
  ) -> String? {
    guard let precision else { return nil }
    let scale = scale ?? 0
    if number.scale > scale { return "has more than \(scale) digits behind the point" }
    return number.wholeDigits > precision - scale
      ? "has more than \(precision - scale) digits before the point" : nil
  }

  private static func objection(_ time: Int64, _ digits: Int) -> String? {
    guard TimeText.range.contains(time) else { return "is outside the years 1 to 9999" }
    let step = (digits..<6).reduce(Int64(1)) { step, _ in step * 10 }
    return time % step == 0 ? nil : "has more than \(digits) digits behind the second"
  }

  private func objection(to text: String) -> String? {
    switch self {
    case .text(let limit?):
      text.unicodeScalars.count > limit ? "has more than \(limit) characters" : nil
    case .date: TimeText.isDate(text) ? nil : "is no day such as 2024-02-29"
    case .uuid:
      Self.isUUID(text)
        ? nil : "is no UUID in small letters, such as 3f2504e0-4f89-41d3-9a0c-0305e82c3301"
    default: nil
    }
  }

  private static func isUUID(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    return parts.map(\.count) == [8, 4, 4, 4, 12]
      && parts.joined().allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
  }
}
