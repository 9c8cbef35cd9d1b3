// SPDX-License-Identifier: Apache-2.0

/// A value that can be written as bytes and read back.
protocol ByteCodable {
  func write(to bytes: inout ByteWriter)
  init(from bytes: inout ByteReader) throws(DamagedBytes)
}

/// The bytes are not what a writer of this version wrote.
struct DamagedBytes: Error {}

/// Reads values that need to know more than the bytes do.
protocol RecordReader {
  var bytes: ByteReader { get set }
}

extension RecordReader {
  mutating func list<Element>(
    _ element: (inout Self) throws(DamagedBytes) -> Element
  ) throws(DamagedBytes) -> [Element] {
    let count = try bytes.count()
    var list: [Element] = []
    list.reserveCapacity(count)
    for _ in 0..<count { list.append(try element(&self)) }
    return list
  }
}

/// Writes small numbers in one byte and each text once.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []
  private var numberOfText: [String: Int] = [:]

  mutating func write(tag: UInt8) { bytes.append(tag) }

  mutating func write(number: Int) {
    var rest = UInt(bitPattern: number)
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func write(fixed value: UInt64) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func write(words: [UInt64]) {
    write(number: words.count)
    for word in words { write(fixed: word) }
  }

  /// Every text that was written.
  var texts: some Sequence<String> { numberOfText.keys }

  mutating func write(raw: some Collection<UInt8>) { bytes.append(contentsOf: raw) }

  /// The first time in full, later by its number.
  mutating func write(text: String) {
    if let known = numberOfText[text] {
      write(number: known + 1)
      return
    }
    numberOfText[text] = numberOfText.count
    write(number: 0)
    let utf8 = text.utf8
    write(number: utf8.count)
    bytes.append(contentsOf: utf8)
  }

  mutating func write(flag: Bool) { bytes.append(flag ? 1 : 0) }

  mutating func write<Value: ByteCodable>(_ value: Value) { value.write(to: &self) }

  mutating func write<Value: ByteCodable>(_ value: Value?) {
    write(flag: value != nil)
    if let value { value.write(to: &self) }
  }

  mutating func write<Value: ByteCodable>(_ values: [Value]) {
    write(number: values.count)
    for value in values { value.write(to: &self) }
  }

  mutating func write(optionalText text: String?) {
    write(flag: text != nil)
    if let text { write(text: text) }
  }

  mutating func write(offsets: [UInt32]) {
    write(number: offsets.count)
    var last: UInt32 = 0
    for offset in offsets {
      // Neighbours lie close together, in either order.
      let step = Int(offset) - Int(last)
      write(number: step >= 0 ? step << 1 : (-step << 1) | 1)
      last = offset
    }
  }
}

/// Reads what `ByteWriter` wrote; anything else is an error, never a trap.
struct ByteReader {
  private let bytes: ArraySlice<UInt8>
  private var next: Int
  private var texts: [String] = []

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    next = bytes.startIndex
  }

  var remaining: Int { bytes.endIndex - next }

  mutating func tag() throws(DamagedBytes) -> UInt8 {
    guard next < bytes.endIndex else { throw DamagedBytes() }
    defer { next += 1 }
    return bytes[next]
  }

  mutating func number() throws(DamagedBytes) -> Int {
    var value: UInt = 0
    var shift: UInt = 0
    while true {
      let byte = try tag()
      guard shift < 63 else { throw DamagedBytes() }
      value |= UInt(byte & 0x7F) << shift
      if byte < 0x80 { return Int(bitPattern: value) }
      shift += 7
    }
  }

  /// A number of things of which each takes a byte at least.
  mutating func count() throws(DamagedBytes) -> Int {
    let count = try number()
    guard count >= 0, count <= remaining else { throw DamagedBytes() }
    return count
  }

  mutating func index() throws(DamagedBytes) -> Int32 {
    guard let index = Int32(exactly: try number()) else { throw DamagedBytes() }
    return index
  }

  mutating func offset() throws(DamagedBytes) -> UInt32 {
    guard let offset = UInt32(exactly: try number()) else { throw DamagedBytes() }
    return offset
  }

  mutating func fixed() throws(DamagedBytes) -> UInt64 {
    let piece = try raw(8)
    return piece.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
  }

  mutating func words() throws(DamagedBytes) -> [UInt64] {
    let count = try number()
    guard count >= 0, count <= remaining / 8 else { throw DamagedBytes() }
    let piece = try raw(count * 8)
    return piece.withUnsafeBytes { bytes in
      (0..<count).map {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self))
      }
    }
  }

  mutating func raw(_ count: Int) throws(DamagedBytes) -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else { throw DamagedBytes() }
    defer { next += count }
    return bytes[next..<next + count]
  }

  mutating func text() throws(DamagedBytes) -> String {
    let number = try number()
    if number > 0 {
      guard number <= texts.count else { throw DamagedBytes() }
      return texts[number - 1]
    }
    let text = String(decoding: try raw(try count()), as: UTF8.self)
    texts.append(text)
    return text
  }

  mutating func flag() throws(DamagedBytes) -> Bool { try tag() != 0 }

  mutating func value<Value: ByteCodable>(
    _ type: Value.Type = Value.self
  ) throws(DamagedBytes) -> Value {
    try Value(from: &self)
  }

  mutating func optional<Value: ByteCodable>(
    _ type: Value.Type = Value.self
  ) throws(DamagedBytes) -> Value? {
    try flag() ? Value(from: &self) : nil
  }

  mutating func list<Value: ByteCodable>(
    _ type: Value.Type = Value.self
  ) throws(DamagedBytes) -> [Value] {
    let count = try count()
    var values: [Value] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try Value(from: &self)) }
    return values
  }

  mutating func optionalText() throws(DamagedBytes) -> String? { try flag() ? text() : nil }

  mutating func offsets() throws(DamagedBytes) -> [UInt32] {
    let count = try count()
    var offsets: [UInt32] = []
    offsets.reserveCapacity(count)
    var last = 0
    for _ in 0..<count {
      let coded = try number()
      last += coded & 1 == 0 ? coded >> 1 : -(coded >> 1)
      guard let offset = UInt32(exactly: last) else { throw DamagedBytes() }
      offsets.append(offset)
    }
    return offsets
  }
}
