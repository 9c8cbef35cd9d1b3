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

  /// What the proxy makes of field `index`.
  package func role(_ index: Int) -> KnownField { roles[index] }
}
