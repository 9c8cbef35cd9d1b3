// SPDX-License-Identifier: Apache-2.0

/// Splits a target and decides, in this one place, which paths are taken.
///
/// The path that routing matches is the path that is forwarded, byte for byte. So every path that a
/// server behind could read as another one is refused instead of repaired: dot segments, empty
/// segments, encoded slashes and backslashes, raw backslashes, broken escapes. A `;` is an ordinary
/// byte and passes, unless what stands before it is a dot segment to servers that cut parameters
/// off.
enum RequestTarget {
  static func parse(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int, _ classes: UnsafePointer<UInt8>,
    into head: inout RequestHead
  ) -> Rejection? {
    var pathStart = start
    if bytes[start] != 47 {
      switch absoluteForm(bytes, start, end, classes) {
      case .failure(let rejection): return rejection
      case .success(let authority):
        head.authority = authority
        pathStart = authority.end
      }
    }
    guard let base = bytes.baseAddress else { return .invalidTarget }
    var isPlain = true
    var pathEnd = pathStart
    while true {
      pathEnd = ByteScanning.firstOther(
        than: .plainInPath, base, from: pathEnd, to: end, classes)
      if pathEnd == end { break }
      let byte = base.load(fromByteOffset: pathEnd, as: UInt8.self)
      if byte == 63 { break }
      // A slash is as good as any other byte unless another one follows.
      if byte != 47 || pathEnd &+ 1 < end && bytes[pathEnd &+ 1] == 47 { isPlain = false }
      pathEnd &+= 1
    }
    head.path = ByteRange(start: pathStart, length: pathEnd &- pathStart)
    head.query =
      pathEnd < end
      ? ByteRange(start: pathEnd &+ 1, length: end &- pathEnd &- 1)
      : ByteRange(start: end, length: 0)
    head.target = ByteRange(start: pathStart, length: end &- pathStart)
    let hash = ByteScanning.first(
      base, from: isPlain ? pathEnd : pathStart, to: end,
      where: { $0 .== .init(repeating: 35) }, scalar: { $0 == 35 })
    if hash < end { return .fragmentInTarget }
    // `GET http://host HTTP/1.1` asks for the root, and a route cannot match an empty path.
    if pathStart == pathEnd { return .invalidTarget }
    return !isPlain && isAmbiguous(bytes, pathStart, pathEnd, classes) ? .ambiguousPath : nil
  }

  private static func absoluteForm(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int, _ classes: UnsafePointer<UInt8>
  ) -> Result<ByteRange, Rejection> {
    let target = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    let scheme: Int
    if target.count > 7,
      UnsafeRawBufferPointer(rebasing: target[..<7]).equalsIgnoringCase("http://")
    {
      scheme = 7
    } else if target.count > 8,
      UnsafeRawBufferPointer(rebasing: target[..<8]).equalsIgnoringCase("https://")
    {
      scheme = 8
    } else {
      return .failure(.invalidTarget)
    }
    var cursor = start &+ scheme
    while cursor < end, bytes[cursor] != 47, bytes[cursor] != 63, bytes[cursor] != 35 {
      if bytes[cursor] == 64 { return .failure(.userInformation) }
      cursor &+= 1
    }
    let authority = ByteRange(start: start &+ scheme, length: cursor &- start &- scheme)
    return Authority.isValid(bytes[authority], classes)
      ? .success(authority) : .failure(.invalidHost)
  }

  private static func isAmbiguous(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int, _ classes: UnsafePointer<UInt8>
  ) -> Bool {
    var cursor = start
    var dots = 0
    var others = 1  // bytes of the segment that are no dots; 1 so that the first slash is no pair
    while cursor < end {
      var byte = bytes[cursor]
      var width = 1
      if byte == 0x25 {
        guard cursor &+ 2 < end, let decoded = escape(bytes, cursor, classes) else { return true }
        // NUL and control characters, slash and backslash must not appear behind an escape.
        if decoded < 0x20 || decoded == 0x7f || decoded == 47 || decoded == 92 { return true }
        byte = decoded
        width = 3
      } else if byte == 92 {
        return true
      }
      if byte == 47 {
        if others == 0, dots <= 2 { return true }
        dots = 0
        others = 0
      } else if byte == 46 {
        dots &+= 1
      } else if byte == 0x3b, others == 0, dots == 1 || dots == 2 {
        return true
      } else {
        others &+= 1
      }
      cursor &+= width
    }
    // A trailing slash leaves an empty last segment, which is fine; a trailing dot segment is not.
    return others == 0 && (dots == 1 || dots == 2)
  }

  private static func escape(
    _ bytes: UnsafeRawBufferPointer, _ at: Int, _ classes: UnsafePointer<UInt8>
  ) -> UInt8? {
    guard let high = hexValue(bytes[at &+ 1], classes), let low = hexValue(bytes[at &+ 2], classes)
    else { return nil }
    return high << 4 | low
  }

  private static func hexValue(_ byte: UInt8, _ classes: UnsafePointer<UInt8>) -> UInt8? {
    guard classes[Int(byte)] & ByteClass.hexDigit.rawValue != 0 else { return nil }
    return byte <= 57 ? byte &- 48 : (byte | 0x20) &- 87
  }
}

/// `host[:port]`, as it stands in `Host` and in absolute targets.
enum Authority {
  static func isValid(_ value: UnsafeRawBufferPointer, _ classes: UnsafePointer<UInt8>) -> Bool {
    guard !value.isEmpty, let base = value.baseAddress else { return false }
    var cursor = 0
    if value[0] == 91 {
      cursor = 1
      while cursor < value.count, value[cursor] != 93 {
        let byte = value[cursor]
        let isAddressByte =
          classes[Int(byte)] & ByteClass.hexDigit.rawValue != 0 || byte == 58 || byte == 46
        if !isAddressByte { return false }
        cursor += 1
      }
      if cursor < 3 || cursor >= value.count { return false }
      cursor += 1
    } else {
      cursor = ByteScanning.firstOther(than: .host, base, from: 0, to: value.count, classes)
      if cursor == 0 { return false }
    }
    if cursor == value.count { return true }
    if value[cursor] != 58 || value.count - cursor > 6 { return false }
    var port = 0
    for byte in value[(cursor + 1)...] {
      guard byte >= 48, byte <= 57 else { return false }
      port = port * 10 + Int(byte - 48)
    }
    return port <= 65_535
  }
}
