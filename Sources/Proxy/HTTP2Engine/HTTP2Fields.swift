// SPDX-License-Identifier: Apache-2.0

import CNghttp2

/// The fields of a section that is about to be sent. The bytes stay with their owner, who keeps
/// them until the section was submitted; names may have capitals, which become small, but for
/// those written as literals.
package struct HTTP2Fields: ~Copyable {
  private let memory: UnsafeMutablePointer<nghttp2_nv>
  private let capacity: Int
  package private(set) var count = 0

  /// `capacity`: the most fields it can hold.
  package init(capacity: Int) {
    self.capacity = capacity
    memory = .allocate(capacity: max(capacity, 1))
  }

  deinit { memory.deallocate() }

  package mutating func removeAll() { count = 0 }

  /// Adds a field; one beyond the capacity is a mistake of the caller.
  package mutating func add(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    add(name, value, flags: NGHTTP2_NV_FLAG_NONE.rawValue)
  }

  package mutating func add(_ name: StaticString, _ value: UnsafeRawBufferPointer) {
    add(Self.bytes(of: name), value, flags: NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue)
  }

  package mutating func add(_ name: StaticString, _ value: StaticString) {
    add(
      Self.bytes(of: name), Self.bytes(of: value),
      flags: NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue)
  }

  @inline(__always)
  private mutating func add(
    _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, flags: UInt32
  ) {
    precondition(count < capacity, "more fields than there is room for")
    memory[count] = nghttp2_nv(
      name: Self.bytes(name), value: Self.bytes(value), namelen: name.count,
      valuelen: value.count, flags: UInt8(truncatingIfNeeded: flags))
    count &+= 1
  }

  /// A literal's bytes stay where they are, so the library need not copy them.
  private static func bytes(of text: StaticString) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
  }

  /// Names and values in turn.
  borrowing func copies() -> [[UInt8]] {
    (0..<count).flatMap { index in
      let field = memory[index]
      return [
        Array(UnsafeBufferPointer(start: field.name, count: field.namelen)),
        Array(UnsafeBufferPointer(start: field.value, count: field.valuelen)),
      ]
    }
  }

  var pointer: UnsafeMutablePointer<nghttp2_nv> { memory }

  /// The library wants a pointer to bytes that it only reads.
  private static func bytes(_ buffer: UnsafeRawBufferPointer) -> UnsafeMutablePointer<UInt8>? {
    UnsafeMutableRawPointer(mutating: buffer.baseAddress)?.assumingMemoryBound(to: UInt8.self)
  }
}
