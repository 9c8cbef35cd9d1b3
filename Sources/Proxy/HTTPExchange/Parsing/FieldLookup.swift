// SPDX-License-Identifier: Apache-2.0

/// Finds fields that only few requests are asked for.
package enum FieldLookup {
  /// The first value that is not empty; `name` in lower case.
  package static func value(
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
