// SPDX-License-Identifier: Apache-2.0

/// Reads field lines up to the empty line, for requests and responses alike.
struct FieldSection {
  let limits: MessageLimits
  let classes = ByteScanning.classes

  /// Continues at `progress`; fills `storage` from `progress.fieldCount` on.
  func parse(
    _ bytes: UnsafeRawBufferPointer, _ progress: inout HeadProgress, into storage: HeadStorage
  ) -> HeadParse {
    guard let base = bytes.baseAddress else { return .incomplete }
    let most = min(limits.fieldCount, storage.capacity)
    var start = progress.lineStart
    // No byte of a name ends a line, so the search for a line's end begins behind it. A line that
    // came in parts is searched from where that stopped: its name may still have grown.
    var name = FieldName(end: progress.scanned)
    var isResumed = progress.scanned > start
    var index = progress.fieldCount
    if index == 0 { storage.isCanonical = true }
    while true {
      if !isResumed {
        // The empty line ends the section.
        if start &+ 2 <= min(bytes.count, limits.head), Self.isLineEnd(base, start) {
          identify(base, progress.fieldCount..<index, storage)
          progress = HeadProgress(lineStart: start &+ 2, scanned: start &+ 2, fieldCount: index)
          return .complete(length: start &+ 2)
        }
        name = fieldName(base, start, bytes.count)
      }
      let line = HeadLine.find(
        bytes, start: start, scanned: name.end, limit: limits.field, tooLong: .fieldTooLarge,
        headLimit: limits.head)
      switch line {
      case .incomplete(let scanned):
        progress = HeadProgress(lineStart: start, scanned: scanned, fieldCount: index)
        return .incomplete
      case .rejected(let rejection):
        return .rejected(rejection)
      case .line(let end):
        if end == start {
          identify(base, progress.fieldCount..<index, storage)
          progress = HeadProgress(lineStart: end &+ 2, scanned: end &+ 2, fieldCount: index)
          return .complete(length: end &+ 2)
        }
        if index >= most { return .rejected(.tooManyFields) }
        if isResumed { name = fieldName(base, start, end) }
        if let rejection = readLine(base, start, name, end, index, storage) {
          return .rejected(rejection)
        }
        isResumed = false
        index &+= 1
        start = end &+ 2
      }
    }
  }

  /// A run of token characters at the start of a line.
  private struct FieldName {
    var end: Int
    /// Some of them are underscores.
    var hasUnderscore = false
  }

  @inline(__always)
  private func fieldName(_ base: UnsafeRawPointer, _ start: Int, _ limit: Int) -> FieldName {
    // Most names are letters and hyphens.
    var cursor = ByteScanning.firstBlockEnd(
      base, from: start, to: limit,
      where: { block in
        let letters = (block | .init(repeating: 0x20)) &- .init(repeating: 0x61)
        return (letters .> .init(repeating: 25)) .& (block .!= .init(repeating: 0x2d))
      })
    var seen: UInt8 = 0
    while cursor < limit, byte(base, cursor) != 58 {
      let byteClass = classes[Int(base.load(fromByteOffset: cursor, as: UInt8.self))]
      if byteClass & ByteClass.token.rawValue == 0 { break }
      seen |= byteClass
      cursor &+= 1
    }
    return FieldName(end: cursor, hasUnderscore: seen & ByteClass.underscore.rawValue != 0)
  }

  @inline(__always)
  private func readLine(
    _ base: UnsafeRawPointer, _ start: Int, _ name: FieldName, _ end: Int, _ index: Int,
    _ storage: HeadStorage
  ) -> Rejection? {
    let length = name.end &- start
    if length == 0 || name.end >= end || byte(base, name.end) != 58 {
      let line = UnsafeRawBufferPointer(start: base + start, count: end &- start)
      return Self.rejection(ofNameIn: line, length)
    }
    if name.hasUnderscore,
      KnownField.isLookalike(UnsafeRawBufferPointer(start: base + start, count: length))
    {
      return .lookalikeField
    }
    var valueStart = name.end &+ 2
    var valueEnd = end
    // One space and a value without white space around it: most lines are done with this.
    let isCanonical =
      valueStart < end && byte(base, valueStart &- 1) == 32 && byte(base, valueStart) > 32
      && byte(base, end &- 1) > 32
    if !isCanonical {
      storage.isCanonical = false
      valueStart = name.end &+ 1
      while valueStart < valueEnd, Self.isBlank(byte(base, valueStart)) { valueStart &+= 1 }
      while valueEnd > valueStart, Self.isBlank(byte(base, valueEnd &- 1)) { valueEnd &-= 1 }
    }
    storage.fields[index] = HeaderField(
      name: ByteRange(start: start, length: length),
      value: ByteRange(start: valueStart, length: valueEnd &- valueStart))
    return nil
  }

  /// Says what the fields read in this call are. Apart from the loop that reads them, which so
  /// keeps what it compares with in registers.
  @inline(__always)
  private func identify(_ base: UnsafeRawPointer, _ fields: Range<Int>, _ storage: HeadStorage) {
    var index = fields.lowerBound
    while index < fields.upperBound {
      let name = storage.fields[index].name
      storage.roles[index] = KnownField.identify(base + Int(name.start), Int(name.length))
      index &+= 1
    }
  }

  @inline(__always)
  private static func isLineEnd(_ base: UnsafeRawPointer, _ offset: Int) -> Bool {
    // CR and LF in the order of memory.
    UInt16(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt16.self)) == 0x0a0d
  }

  @inline(__always)
  private func byte(_ base: UnsafeRawPointer, _ offset: Int) -> UInt8 {
    base.load(fromByteOffset: offset, as: UInt8.self)
  }

  @inline(__always)
  private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }

  /// Why a line has no name and colon; its first `length` bytes are token characters.
  private static func rejection(
    ofNameIn line: UnsafeRawBufferPointer, _ length: Int
  ) -> Rejection {
    if isBlank(line[0]) { return .obsoleteLineFolding }
    guard length < line.count, isBlank(line[length]) else { return .invalidFieldName }
    let next = line[length...].first { !isBlank($0) }
    return next == 58 ? .spaceBeforeColon : .invalidFieldName
  }
}
