// SPDX-License-Identifier: Apache-2.0

import HTTPExchange

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
