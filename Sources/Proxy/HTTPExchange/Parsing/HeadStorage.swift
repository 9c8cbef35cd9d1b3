// SPDX-License-Identifier: Apache-2.0

/// Where a parser puts the fields of the head at hand. One per worker, used again for each head.
///
/// It holds ranges, never bytes: what it says is true only beside the bytes that were parsed.
package final class HeadStorage {
  let fields: UnsafeMutablePointer<HeaderField>
  let roles: UnsafeMutablePointer<KnownField>
  let capacity: Int
  /// Read for each field; one thread uses it, and no two accesses overlap.
  @exclusivity(unchecked) package internal(set) var count = 0
  /// Every line is `name: value` with one space, and so may be copied as it is.
  @exclusivity(unchecked) var isCanonical = true

  /// `capacity`: the most fields a head may have.
  package init(capacity: Int) {
    self.capacity = capacity
    fields = .allocate(capacity: max(capacity, 1))
    roles = .allocate(capacity: max(capacity, 1))
  }

  deinit {
    fields.deallocate()
    roles.deallocate()
  }

  /// The fields in received order.
  package var view: UnsafeBufferPointer<HeaderField> {
    UnsafeBufferPointer(start: fields, count: count)
  }

  /// Forgets the fields that say who the client is: neither routing nor an upstream sees them.
  package func removeForwarding() { remove { roles[$0] == .forwarding } }

  /// Forgets the fields that Connection names: what is not passed on is not routed by either, or a
  /// side would be chosen for a user of whom it never hears.
  func removeNamedByConnection() { remove { roles[$0] == .namedByConnection } }

  /// Forgets the fields of these names, which are in lower case, and those that some servers take
  /// for them since they do not tell an underscore from a hyphen.
  package func removeFields(named names: [[UInt8]], of bytes: UnsafeRawBufferPointer) {
    remove { index in
      let name = bytes[fields[index].name]
      return names.contains { wanted in
        wanted.elementsEqual(name) { letter, byte in
          letter == (byte &- 65 < 26 ? byte | 0x20 : byte) || (letter == 0x2d && byte == 0x5f)
        }
      }
    }
  }

  private func remove(where isUnwanted: (Int) -> Bool) {
    var kept = 0
    for index in 0..<count where !isUnwanted(index) {
      fields[kept] = fields[index]
      roles[kept] = roles[index]
      kept += 1
    }
    // Runs of lines that are copied whole would still hold them.
    if kept < count { isCanonical = false }
    count = kept
  }

  /// What the proxy makes of field `index`.
  package func role(_ index: Int) -> KnownField { roles[index] }
}
