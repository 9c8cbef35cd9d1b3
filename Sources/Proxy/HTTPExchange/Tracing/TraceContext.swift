// SPDX-License-Identifier: Apache-2.0

/// A place in a distributed trace, as W3C Trace Context (level 1) passes it on.
package struct TraceContext: Sendable, Equatable {
  /// Both halves of the trace's id; never both 0.
  package var trace: (high: UInt64, low: UInt64)
  /// The span that a request belongs to; never 0.
  package var span: UInt64
  package var flags: UInt8

  package static let fieldName: StaticString = "traceparent"
  package static let stateFieldName: StaticString = "tracestate"
  /// Bytes of a field's value: version, trace, span and flags.
  package static let length = 55
  /// Where in a value the span's id begins.
  package static let spanOffset = 36
  /// Bytes between the span's id in `fieldLine` and the end of the head that it is the last of.
  package static let spanFromEnd = length - spanOffset + 4

  /// The bit that says that the trace is recorded.
  package static let sampledFlag: UInt8 = 1
  package var isSampled: Bool { flags & Self.sampledFlag != 0 }

  package init(trace: (high: UInt64, low: UInt64), span: UInt64, flags: UInt8) {
    self.trace = trace
    self.span = span
    self.flags = flags
  }

  /// Reads a field's value; nil for one that has to be ignored.
  ///
  /// Of a version to come only the known part is read, and nothing of version ff.
  package init?(_ value: UnsafeRawBufferPointer) {
    guard value.count >= Self.length, value[2] == 45, value[35] == 45, value[52] == 45,
      let version = Self.number(value, 0..<2), version != 0xff,
      value.count == Self.length || (version > 0 && value[Self.length] == 45),
      let high = Self.number(value, 3..<19), let low = Self.number(value, 19..<35),
      let span = Self.number(value, 36..<52), let flags = Self.number(value, 53..<55),
      high | low != 0, span != 0
    else { return nil }
    // Of later versions no flag but this one is known.
    let known = version == 0 ? UInt8(flags) : UInt8(flags) & Self.sampledFlag
    self.init(trace: (high, low), span: span, flags: known)
  }

  package static func == (left: TraceContext, right: TraceContext) -> Bool {
    left.trace == right.trace && left.span == right.span && left.flags == right.flags
  }

  /// The same trace, seen from another span.
  package func child(_ span: UInt64) -> TraceContext {
    TraceContext(trace: trace, span: span, flags: flags)
  }

  /// The field with its line end.
  package var fieldLine: [UInt8] { Array("traceparent: ".utf8) + value + [13, 10] }

  /// The field's value in version 00.
  package var value: [UInt8] {
    var text = Array("00-".utf8)
    text.reserveCapacity(Self.length)
    Self.append(trace.high, digits: 16, to: &text)
    Self.append(trace.low, digits: 16, to: &text)
    text.append(45)
    Self.append(span, digits: 16, to: &text)
    text.append(45)
    Self.append(UInt64(flags), digits: 2, to: &text)
    return text
  }

  /// A span's id in its 16 digits.
  package static func digits(ofSpan span: UInt64) -> [UInt8] {
    var text: [UInt8] = []
    append(span, digits: 16, to: &text)
    return text
  }

  /// Lower-case hexadecimal digits of a number, with leading zeros.
  package static func append(_ number: UInt64, digits: Int, to text: inout [UInt8]) {
    for place in stride(from: (digits - 1) * 4, through: 0, by: -4) {
      let digit = UInt8(truncatingIfNeeded: number >> UInt64(place)) & 0xf
      text.append(digit < 10 ? 48 + digit : 87 + digit)
    }
  }

  /// Upper-case digits are not allowed.
  private static func number(_ value: UnsafeRawBufferPointer, _ range: Range<Int>) -> UInt64? {
    var number: UInt64 = 0
    for index in range {
      switch value[index] {
      case let byte where (48...57).contains(byte): number = number << 4 | UInt64(byte - 48)
      case let byte where (97...102).contains(byte): number = number << 4 | UInt64(byte - 87)
      default: return nil
      }
    }
    return number
  }
}
