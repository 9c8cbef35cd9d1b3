// SPDX-License-Identifier: Apache-2.0

import HTTPExchange

/// Finds fields that only few requests are asked for.
enum FieldLookup {
  /// The first value that is not empty; `name` in lower case.
  static func value(
    of name: StaticString, in fields: UnsafeBufferPointer<HeaderField>,
    _ bytes: UnsafeRawBufferPointer
  ) -> UnsafeRawBufferPointer? {
    let name = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    for field in fields where field.value.length > 0 && Int(field.name.length) == name.count {
      let found = bytes[Int(field.name.start)..<field.name.end]
      let isEqual = zip(found, name).allSatisfy { byte, letter in
        byte == letter || ((0x41...0x5A).contains(byte) && byte | 0x20 == letter)
      }
      if isEqual {
        return UnsafeRawBufferPointer(rebasing: bytes[Int(field.value.start)..<field.value.end])
      }
    }
    return nil
  }
}

/// The field `Retry-After` of an answer.
enum RetryAfter {
  /// What it asks for; nil when it is absent or a date, which needs a calendar that agrees.
  static func milliseconds(
    _ bytes: UnsafeRawBufferPointer, _ fields: UnsafeBufferPointer<HeaderField>
  ) -> UInt64? {
    guard let value = FieldLookup.value(of: "retry-after", in: fields, bytes) else { return nil }
    if value.count > 9 || !value.allSatisfy({ (0x30...0x39).contains($0) }) { return nil }
    return value.reduce(0) { $0 * 10 + UInt64($1 - 0x30) } * 1000
  }
}
