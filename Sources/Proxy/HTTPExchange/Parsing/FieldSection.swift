// SPDX-License-Identifier: Apache-2.0

/// Reads field lines up to the empty line, for requests and responses alike.
struct FieldSection {
  let limits: MessageLimits
  let classes = ByteScanning.classes

  /// Continues at `progress`; fills `storage` from `progress.fieldCount` on.
  func parse(
    _ bytes: UnsafeRawBufferPointer, _ progress: inout HeadProgress, into storage: HeadStorage
  ) -> HeadParse {
    while true {
      let start = progress.lineStart
      let line = HeadLine.find(
        bytes, start: start, scanned: max(start, progress.scanned), limit: limits.field,
        tooLong: .fieldTooLarge, headLimit: limits.head)
      switch line {
      case .incomplete(let scanned):
        progress.scanned = scanned
        return .incomplete
      case .rejected(let rejection):
        return .rejected(rejection)
      case .line(let end):
        progress.lineStart = end &+ 2
        progress.scanned = end &+ 2
        if end == start { return .complete(length: end &+ 2) }
        let index = progress.fieldCount
        if index >= min(limits.fieldCount, storage.capacity) { return .rejected(.tooManyFields) }
        if let rejection = parseLine(bytes, start, end, index, storage) {
          return .rejected(rejection)
        }
        progress.fieldCount = index &+ 1
      }
    }
  }

  @inline(__always)
  private func parseLine(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int, _ index: Int, _ storage: HeadStorage
  ) -> Rejection? {
    guard let base = bytes.baseAddress else { return .invalidFieldName }
    var cursor = start
    var seen: UInt8 = 0
    while cursor < end {
      let byteClass = classes[Int(base.load(fromByteOffset: cursor, as: UInt8.self))]
      if byteClass & ByteClass.token.rawValue == 0 { break }
      seen |= byteClass
      cursor &+= 1
    }
    let length = cursor &- start
    if cursor >= end || bytes[cursor] != 58 || length == 0 {
      return nameRejection(bytes, start, cursor, end)
    }
    let name = ByteRange(start: start, length: length)
    if seen & ByteClass.underscore.rawValue != 0,
      KnownField.isLookalike(UnsafeRawBufferPointer(rebasing: bytes[start..<cursor]))
    {
      return .lookalikeField
    }
    var valueStart = cursor &+ 1
    var valueEnd = end
    while valueStart < valueEnd, bytes[valueStart] == 32 || bytes[valueStart] == 9 {
      valueStart &+= 1
    }
    while valueEnd > valueStart, bytes[valueEnd &- 1] == 32 || bytes[valueEnd &- 1] == 9 {
      valueEnd &-= 1
    }
    storage.fields[index] = HeaderField(
      name: name, value: ByteRange(start: valueStart, length: valueEnd &- valueStart))
    storage.roles[index] = KnownField.identify(base + start, length)
    return nil
  }

  private func nameRejection(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, _ cursor: Int, _ end: Int
  ) -> Rejection {
    let blank: (UInt8) -> Bool = { $0 == 32 || $0 == 9 }
    if blank(bytes[start]) { return .obsoleteLineFolding }
    guard cursor < end, blank(bytes[cursor]) else { return .invalidFieldName }
    var next = cursor
    while next < end, blank(bytes[next]) { next += 1 }
    return next < end && bytes[next] == 58 ? .spaceBeforeColon : .invalidFieldName
  }
}
