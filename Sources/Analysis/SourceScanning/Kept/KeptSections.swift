// SPDX-License-Identifier: Apache-2.0

/// Numbers of one width, read where they stand.
struct KeptNumbers<Number: FixedWidthInteger & BitwiseCopyable>: Sendable {
  private let bytes: ArraySlice<UInt8>

  init(bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  var count: Int { bytes.count / MemoryLayout<Number>.size }

  subscript(index: Int) -> Number {
    bytes.withUnsafeBytes {
      Number(
        littleEndian: $0.loadUnaligned(
          fromByteOffset: index * MemoryLayout<Number>.size, as: Number.self))
    }
  }
}

/// Records of different lengths, with the place where each begins.
struct KeptBlock: Sendable {
  private let starts: KeptNumbers<UInt32>
  private let bytes: ArraySlice<UInt8>

  init(from reader: inout ByteReader) throws(DamagedBytes) {
    starts = KeptNumbers(bytes: try reader.raw(try reader.count()))
    bytes = try reader.raw(try reader.count())
    guard starts.count > 0, starts[starts.count - 1] == bytes.count else { throw DamagedBytes() }
  }

  var count: Int { starts.count - 1 }

  func record(_ index: Int) throws(DamagedBytes) -> ArraySlice<UInt8> {
    guard index >= 0, index < count else { throw DamagedBytes() }
    let (start, end) = (Int(starts[index]), Int(starts[index + 1]))
    guard start <= end, end <= bytes.count else { throw DamagedBytes() }
    return bytes[bytes.startIndex + start..<bytes.startIndex + end]
  }
}

/// Writes records of a block one after the other.
struct BlockWriter {
  private var starts = ByteWriter()
  private(set) var record = ByteWriter()

  /// Adds what `write` writes as the next record.
  mutating func add(_ write: (inout ByteWriter) -> Void) {
    starts.write(short: record.bytes.count)
    write(&record)
  }

  /// A block as `KeptBlock` reads it.
  func finish(into writer: inout ByteWriter) {
    var starts = starts
    starts.write(short: record.bytes.count)
    writer.write(section: starts.bytes)
    writer.write(section: record.bytes)
  }
}

extension ByteWriter {
  mutating func write(short value: Int) {
    withUnsafeBytes(of: UInt32(truncatingIfNeeded: value).littleEndian) { write(raw: $0) }
  }

  mutating func write(section bytes: [UInt8]) {
    write(number: bytes.count)
    write(raw: bytes)
  }
}

/// Texts by number, each once.
struct TextNumbers {
  private(set) var texts: [String] = []
  private var numbers: [String: Int] = [:]

  subscript(text: String) -> Int {
    mutating get {
      if let number = numbers[text] { return number }
      numbers[text] = texts.count
      texts.append(text)
      return texts.count - 1
    }
  }
}
