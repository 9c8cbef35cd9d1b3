// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What the walks of a run found, with the fingerprint of the table that they walked in, kept in
/// one file from run to run.
///
/// Like the cache of facts it decides nothing: what it does not hold, or what is damaged, is
/// walked.
struct ResolutionCache: Sendable {
  private static let magic: UInt64 = 0x7374_6e67_6c72_6573
  /// A larger file is not read. In bytes.
  private static let fileLimit = 1 << 30

  /// A file of the run before.
  struct File: Sendable {
    var content: ContentHash
    var visibility: UInt64
    var signals: ArraySlice<UInt8>
  }

  let path: String
  private let program: UInt64
  private(set) var print: TableFingerprint?
  /// By key.
  private(set) var files: [UInt64: File] = [:]
  /// The table that was walked in, as `KeptTable` reads it, and the keys of its files in order;
  /// empty where a file of the table has no content.
  private(set) var table: ArraySlice<UInt8> = []
  private(set) var order: [UInt64] = []
  private let sum: UInt64

  /// - Parameters:
  ///   - facts: path of the cache of facts, which this one stands beside.
  ///   - program: stands for the build that reads and writes.
  ///   - stored: what the file holds, where somebody has read it.
  init(beside facts: String, program: UInt64, stored: Background<Stored?>? = nil) {
    path = Self.path(beside: facts)
    self.program = program
    guard let stored = stored.map(\.result) ?? Self.stored(beside: facts) else {
      sum = 0
      return
    }
    sum = stored.sum
    var reader = ByteReader(stored.bytes[8...])
    do throws(DamagedBytes) { try read(&reader) } catch {
      print = nil
      files = [:]
      table = []
    }
  }

  /// What the file holds behind its check sum, which has been found right.
  struct Stored: Sendable {
    var bytes: [UInt8]
    var sum: UInt64
  }

  private static func path(beside facts: String) -> String { facts + ".resolution" }

  static func stored(beside facts: String) -> Stored? {
    let path = path(beside: facts)
    guard let size = FileStatus(path: path)?.bytes, size <= fileLimit,
      let bytes = FileBytes.contents(of: path, expected: size), bytes.count > 16
    else { return nil }
    let sum = ContentHash(bytes[8...]).low
    var reader = ByteReader(bytes[...])
    return (try? reader.fixed()) == sum ? Stored(bytes: bytes, sum: sum) : nil
  }

  private mutating func read(_ reader: inout ByteReader) throws(DamagedBytes) {
    guard try reader.fixed() == Self.magic, try reader.fixed() == program else { return }
    var print = TableFingerprint()
    print.modules = try reader.fixed()
    let shapes = try reader.words()
    let entries = try reader.words()
    guard shapes.count % 3 == 0, entries.count % 4 == 0 else { throw DamagedBytes() }
    print.shapes.reserveCapacity(shapes.count / 3)
    for index in stride(from: 0, to: shapes.count, by: 3) {
      guard let origin = TableFingerprint.Shape.Origin(rawValue: shapes[index + 2]) else {
        throw DamagedBytes()
      }
      print.shapes.append(.init(key: shapes[index], hash: shapes[index + 1], origin: origin))
    }
    print.entries.reserveCapacity(entries.count / 4)
    for index in stride(from: 0, to: entries.count, by: 4) {
      print.entries.append(try Self.entry(entries[index..<index + 4]))
    }
    for _ in 0..<(try reader.count()) {
      let key = try reader.fixed()
      let content = ContentHash(high: try reader.fixed(), low: try reader.fixed())
      let visibility = try reader.fixed()
      files[key] = File(
        content: content, visibility: visibility, signals: try reader.raw(try reader.count()))
      order.append(key)
    }
    table = try reader.raw(try reader.count())
    self.print = print
  }

  private static func entry(
    _ words: ArraySlice<UInt64>
  ) throws(DamagedBytes) -> TableFingerprint.Entry {
    let rest = words[words.startIndex + 3]
    guard let kind = TableFingerprint.Entry.Kind(rawValue: UInt8(rest >> 1 & 3)) else {
      throw DamagedBytes()
    }
    return TableFingerprint.Entry(
      key: words[words.startIndex], owner: words[words.startIndex + 1],
      hash: words[words.startIndex + 2], name: UInt32(truncatingIfNeeded: rest >> 32),
      count: UInt32(rest >> 3 & 0xFFFF), kind: kind, isFoundAlone: rest & 1 == 1)
  }

  private static func write(_ entry: TableFingerprint.Entry, to writer: inout ByteWriter) {
    writer.write(fixed: entry.key)
    writer.write(fixed: entry.owner)
    writer.write(fixed: entry.hash)
    writer.write(
      fixed: UInt64(entry.name) << 32 | UInt64(min(entry.count, 0xFFFF)) << 3
        | UInt64(entry.kind.rawValue) << 1 | (entry.isFoundAlone ? 1 : 0))
  }

  /// Replaces the file, unless it holds exactly this already.
  ///
  /// - Returns: false when it cannot be written.
  func replace(
    print: TableFingerprint, files: [(key: UInt64, file: File)], table: [UInt8]
  ) -> Bool {
    var writer = ByteWriter()
    writer.write(fixed: Self.magic)
    writer.write(fixed: program)
    writer.write(fixed: print.modules)
    writer.write(number: 3 * print.shapes.count)
    for shape in print.shapes {
      writer.write(fixed: shape.key)
      writer.write(fixed: shape.hash)
      writer.write(fixed: shape.origin.rawValue)
    }
    writer.write(number: 4 * print.entries.count)
    for entry in print.entries { Self.write(entry, to: &writer) }
    writer.write(number: files.count)
    for (key, file) in files {
      writer.write(fixed: key)
      writer.write(fixed: file.content.high)
      writer.write(fixed: file.content.low)
      writer.write(fixed: file.visibility)
      writer.write(number: file.signals.count)
      writer.write(raw: file.signals)
    }
    let isWhole = files.count == print.visibility.count
    writer.write(section: isWhole ? table : [])
    let sum = ContentHash(writer.bytes).low
    guard sum != self.sum else { return true }
    var head = ByteWriter()
    head.write(fixed: sum)
    let data = Data(head.bytes + writer.bytes)
    return (try? data.write(to: URL(fileURLWithPath: path), options: .atomic)) != nil
  }
}
