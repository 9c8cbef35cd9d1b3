// SPDX-License-Identifier: Apache-2.0

/// Writes a head into memory the caller sized with `capacity(...)`.
struct HeadWriter {
  private let base: UnsafeMutableRawPointer
  private let capacity: Int
  private(set) var count = 0

  init(_ target: UnsafeMutableRawBufferPointer) {
    guard let base = target.baseAddress else { preconditionFailure("a head needs memory") }
    self.base = base
    capacity = target.count
  }

  @inline(__always)
  mutating func write(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress else { return }
    precondition(bytes.count <= capacity &- count, "the head was sized too small")
    (base + count).copyMemory(from: source, byteCount: bytes.count)
    count &+= bytes.count
  }

  @inline(__always)
  mutating func write(_ text: StaticString) {
    write(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  mutating func write(decimal number: Int) {
    precondition(capacity &- count >= 20, "the head was sized too small")
    var digits = 1
    var rest = number
    while rest >= 10 {
      rest /= 10
      digits &+= 1
    }
    rest = number
    var at = count &+ digits
    count = at
    repeat {
      at &-= 1
      base.storeBytes(
        of: UInt8(truncatingIfNeeded: 48 &+ rest % 10), toByteOffset: at, as: UInt8.self)
      rest /= 10
    } while rest > 0
  }

  /// Writes the fields that pass, in received order and one canonical form.
  ///
  /// Neighbouring lines that are canonical already, `name: value`, are copied in one go.
  mutating func writeFields(_ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage) {
    var runStart = 0
    var runEnd = 0
    var index = 0
    while index < storage.count {
      defer { index &+= 1 }
      if storage.roles[index].isDropped { continue }
      let field = storage.fields[index]
      let start = Int(field.name.start)
      let isCanonical =
        Int(field.value.start) == field.name.end &+ 2 && bytes[field.name.end &+ 1] == 32
        && bytes[field.value.end] == 13
      if isCanonical, start == runEnd {
        runEnd = field.value.end &+ 2
        continue
      }
      write(UnsafeRawBufferPointer(rebasing: bytes[runStart..<runEnd]))
      if isCanonical {
        runStart = start
        runEnd = field.value.end &+ 2
      } else {
        runStart = 0
        runEnd = 0
        write(bytes[field.name])
        write(": ")
        write(bytes[field.value])
        write("\r\n")
      }
    }
    write(UnsafeRawBufferPointer(rebasing: bytes[runStart..<runEnd]))
  }
}
