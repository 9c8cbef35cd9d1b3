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
    let length = bytes.count
    precondition(length <= capacity &- count, "the head was sized too small")
    let target = base + count
    if length >= 8, length <= 16 {
      // Addresses and host names: two words that overlap cost less than a call.
      copy(source, target, at: 0)
      copy(source, target, at: length &- 8)
    } else {
      target.copyMemory(from: source, byteCount: length)
    }
    count &+= length
  }

  @inline(__always)
  private func copy(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, at offset: Int) {
    target.storeBytes(
      of: source.loadUnaligned(fromByteOffset: offset, as: UInt64.self), toByteOffset: offset,
      as: UInt64.self)
  }

  /// A copy of known length needs no call.
  @inline(__always)
  mutating func write(_ text: StaticString) {
    let length = text.utf8CodeUnitCount
    precondition(length <= capacity &- count, "the head was sized too small")
    (base + count).copyMemory(from: text.utf8Start, byteCount: length)
    count &+= length
  }

  mutating func write(decimal number: Int) {
    precondition(capacity &- count >= 20, "the head was sized too small")
    var power: UInt = 10
    var digits = 1
    let number = UInt(bitPattern: number)
    while digits < 19, number >= power {
      power &*= 10
      digits &+= 1
    }
    var rest = number
    var at = count &+ digits
    count = at
    repeat {
      at &-= 1
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      base.storeBytes(of: UInt8(truncatingIfNeeded: 48 &+ digit), toByteOffset: at, as: UInt8.self)
      rest = quotient
    } while rest > 0
  }

  /// Writes the fields that pass, in received order and one canonical form.
  ///
  /// Most heads have that form already; they are copied in runs between the fields left out.
  mutating func writeFields(_ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage) {
    if storage.count == 0 { return }
    if !storage.isCanonical { return writeFieldsAnew(bytes, storage) }
    var start = Int(storage.fields[0].name.start)
    var index = 0
    while index < storage.count {
      if storage.roles[index].isDropped {
        let field = storage.fields[index]
        if start < Int(field.name.start) {
          write(UnsafeRawBufferPointer(rebasing: bytes[start..<Int(field.name.start)]))
        }
        start = field.value.end &+ 2
      }
      index &+= 1
    }
    let end = storage.fields[index &- 1].value.end &+ 2
    if start < end { write(UnsafeRawBufferPointer(rebasing: bytes[start..<end])) }
  }

  private mutating func writeFieldsAnew(_ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage) {
    for index in 0..<storage.count where !storage.roles[index].isDropped {
      let field = storage.fields[index]
      write(bytes[field.name])
      write(": ")
      write(bytes[field.value])
      write("\r\n")
    }
  }
}
