// SPDX-License-Identifier: Apache-2.0

/// A field as a store hands it over, without a copy: what it points to is gone with the next row.
package enum RawField {
  case null
  case integer(Int64)
  case real(Double)
  case boolean(Bool)
  /// Microseconds since 1970.
  case timestamp(microseconds: Int64)
  /// A decimal as the server writes it.
  case number(UnsafeRawBufferPointer)
  case text(UnsafeRawBufferPointer)
  case bytes(UnsafeRawBufferPointer)
}

/// Fields of one row, valid until the next one.
package typealias RawRow = UnsafeBufferPointer<RawField>

extension FieldValue {
  /// A field by what the store says of it; what its column does not say stays what it is.
  package init(_ raw: RawField, _ type: ColumnType) {
    switch raw {
    case .null: self = .null
    case .integer(let number):
      switch type {
      case .boolean where (0...1).contains(number): self = .boolean(number == 1)
      case .decimal: self = .decimal(ExactDecimal(number))
      default: self = .integer(number)
      }
    case .real(let number):
      if case .decimal = type, let exact = ExactDecimal(shortest: number) {
        self = .decimal(exact)
      } else {
        self = .real(number)
      }
    case .boolean(let truth): self = .boolean(truth)
    case .timestamp(let time): self = .time(time)
    case .number(let buffer):
      let text = String(decoding: buffer, as: UTF8.self)
      self = ExactDecimal(text).map { .decimal($0) } ?? .text(text)
    case .text(let buffer): self = .text(ExactText(bytes: Array(buffer)))
    case .bytes(let buffer): self = .bytes(Array(buffer))
    }
  }

  /// What is no time of the years 1 to 9999 is a text, which no conversion takes.
  private static func time(_ microseconds: Int64) -> FieldValue {
    if TimeText.range.contains(microseconds) { return .timestamp(microseconds: microseconds) }
    switch microseconds {
    case .max: return .text("infinity")
    case .min: return .text("-infinity")
    default: return .text("\(microseconds) microseconds since 1970")
    }
  }
}
