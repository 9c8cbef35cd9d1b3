// SPDX-License-Identifier: Apache-2.0

import HTTPExchange

/// Writes one JSON object of a log, member by member.
struct JSONBytes {
  /// Bytes of a text that are kept of it; clients choose how long a target or a field is.
  static let longestText = 2048

  private(set) var bytes: [UInt8] = []

  init(capacity: Int = 512) { bytes.reserveCapacity(capacity) }

  mutating func raw(_ text: StaticString) {
    bytes.append(
      contentsOf: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  mutating func raw(_ other: JSONBytes) { bytes += other.bytes }

  mutating func text(_ text: String) {
    var text = text
    text.withUTF8 { self.text(UnsafeRawBufferPointer($0)) }
  }

  /// A text as it was received, which need not be UTF-8.
  mutating func text(_ text: UnsafeRawBufferPointer) {
    bytes.append(34)
    let kept = UnsafeRawBufferPointer(rebasing: text.prefix(Self.longestText))
    if kept.allSatisfy({ $0 >= 0x20 && $0 < 0x7f && $0 != 34 && $0 != 92 }) {
      bytes.append(contentsOf: kept)
    } else {
      for byte in String(decoding: kept, as: UTF8.self).utf8 { escape(byte) }
    }
    bytes.append(34)
  }

  private mutating func escape(_ byte: UInt8) {
    switch byte {
    case 34, 92: bytes += [92, byte]
    case 0..<0x20, 0x7f:
      raw("\\u00")
      hexadecimal(UInt64(byte), digits: 2)
    default: bytes.append(byte)
    }
  }

  mutating func hexadecimal(_ number: UInt64, digits: Int) {
    TraceContext.append(number, digits: digits, to: &bytes)
  }

  mutating func number(_ number: UInt64, digits: Int = 1) {
    var rest = number
    var count = 0
    repeat {
      bytes.append(48 + UInt8(rest % 10))
      rest /= 10
      count += 1
    } while rest > 0 || count < digits
    bytes[(bytes.count - count)...].reverse()
  }

  /// Nanoseconds as milliseconds with three decimals.
  mutating func milliseconds(_ nanoseconds: UInt64) {
    number(nanoseconds / 1_000_000)
    raw(".")
    number(nanoseconds / 1000 % 1000, digits: 3)
  }

  /// `"2026-11-23T12:00:00.250Z"`, of nanoseconds since 1970.
  mutating func time(_ nanoseconds: UInt64) {
    let seconds = nanoseconds / 1_000_000_000
    let date = Self.date(days: seconds / 86_400)
    raw("\"")
    number(date.year, digits: 4)
    raw("-")
    number(date.month, digits: 2)
    raw("-")
    number(date.day, digits: 2)
    raw("T")
    number(seconds / 3600 % 24, digits: 2)
    raw(":")
    number(seconds / 60 % 60, digits: 2)
    raw(":")
    number(seconds % 60, digits: 2)
    raw(".")
    number(nanoseconds / 1_000_000 % 1000, digits: 3)
    raw("Z\"")
  }

  /// The Gregorian date so many days after 1970-01-01, in years that begin with March.
  private static func date(days: UInt64) -> (year: UInt64, month: UInt64, day: UInt64) {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let march = (5 * dayOfYear + 2) / 153
    let month = march < 10 ? march + 3 : march - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * march + 2) / 5 + 1)
  }
}
