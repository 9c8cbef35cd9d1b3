// SPDX-License-Identifier: Apache-2.0

/// Reads `method SP target SP version` out of one complete line.
struct RequestLine {
  let classes = ByteScanning.classes

  func parse(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int, into head: inout RequestHead
  ) -> Rejection? {
    guard let base = bytes.baseAddress else { return .malformedRequestLine }
    // Most requests are this one.
    let isGet = Self.isGet(base, start, end)
    var cursor =
      isGet
      ? start &+ 3 : ByteScanning.firstOther(than: .token, base, from: start, to: end, classes)
    if cursor == start || cursor >= end || bytes[cursor] != 32 { return .malformedRequestLine }
    head.method = ByteRange(start: start, length: cursor &- start)
    let targetStart = cursor &+ 1
    // Control characters are no part of a line: what ends the target is a space or no ASCII.
    cursor = ByteScanning.first(
      base, from: targetStart, to: end,
      where: { $0 &- .init(repeating: 0x21) .> .init(repeating: 0x7e - 0x21) },
      scalar: { $0 &- 0x21 > 0x7e - 0x21 })
    if cursor < end, bytes[cursor] >= 0x80 { return .invalidTarget }
    if cursor == targetStart || cursor >= end || bytes[cursor] != 32 {
      return .malformedRequestLine
    }
    if let rejection = version(bytes, cursor &+ 1, end, into: &head) { return rejection }
    head.facts.method = isGet ? .get : .identify(bytes[head.method])
    switch head.facts.method {
    case .connect: return .connectRefused
    case .trace: return .traceRefused
    case .options where cursor == targetStart &+ 1 && bytes[targetStart] == 42:
      head.target = ByteRange(start: targetStart, length: 1)
      head.facts.isForProxy = true
      return nil
    default: return RequestTarget.parse(bytes, targetStart, cursor, classes, into: &head)
    }
  }

  @inline(__always)
  private static func isGet(_ base: UnsafeRawPointer, _ start: Int, _ end: Int) -> Bool {
    // "GET " in the order of memory.
    end &- start >= 4
      && UInt32(littleEndian: base.loadUnaligned(fromByteOffset: start, as: UInt32.self))
        == 0x2054_4547
  }

  private func version(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int, into head: inout RequestHead
  ) -> Rejection? {
    guard end &- start == 8 else { return .malformedRequestLine }
    switch HTTPVersion.read(bytes, at: start) {
    case .minor(let minor):
      head.facts.minorVersion = minor
      head.facts.keepAlive = minor == 1
      return nil
    case .other: return .unsupportedVersion
    case .malformed: return .malformedRequestLine
    }
  }
}

/// The eight bytes `HTTP/x.y`.
enum HTTPVersion {
  case minor(UInt8)
  case other
  case malformed

  /// Needs eight readable bytes at `offset`.
  @inline(__always)
  static func read(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> HTTPVersion {
    let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    let minor = UInt8(truncatingIfNeeded: word &>> 56) &- 48
    // "HTTP/1." in the low seven bytes.
    if word & 0x00ff_ffff_ffff_ffff == 0x002e_312f_5054_5448 {
      return minor <= 1 ? .minor(minor) : minor <= 9 ? .other : .malformed
    }
    let major = UInt8(truncatingIfNeeded: word &>> 40) &- 48
    let dot = UInt8(truncatingIfNeeded: word &>> 48)
    let isHTTP = word & 0x0000_00ff_ffff_ffff == 0x0000_002f_5054_5448
    return isHTTP && major <= 9 && dot == 46 && minor <= 9 ? .other : .malformed
  }
}
