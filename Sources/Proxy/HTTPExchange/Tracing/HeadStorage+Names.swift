// SPDX-License-Identifier: Apache-2.0

/// Fields by names that the parser gives no role; a search of all fields.
extension HeadStorage {
  /// Calls with the value of the first field of a name, if there is one.
  package func withFirstField(
    named name: StaticString, of bytes: UnsafeRawBufferPointer,
    _ body: (UnsafeRawBufferPointer) -> Void
  ) {
    for field in view where bytes[field.name].equalsIgnoringCase(name) {
      return body(bytes[field.value])
    }
  }

  /// Leaves all fields of a name out when the head is written again; calls with each one's value.
  package func dropFields(
    named name: StaticString, of bytes: UnsafeRawBufferPointer,
    _ body: (UnsafeRawBufferPointer) -> Void
  ) {
    for (index, field) in view.enumerated() where bytes[field.name].equalsIgnoringCase(name) {
      body(bytes[field.value])
      roles[index] = .ownMark
    }
  }
}
