// SPDX-License-Identifier: Apache-2.0

/// One segment of a path with the hash of its normalised bytes, found in one pass.
///
/// The hash is FNV-1a, 64 bits. Only labels of the configuration are looked up by it, so a client
/// cannot build collisions.
struct PathSegment {
  let start: Int
  /// The next `/`, or the path's end.
  let end: Int
  /// Whether it holds a `%`.
  let isEscaped: Bool
  let hash: UInt64

  private static let basis: UInt64 = 0xcbf2_9ce4_8422_2325
  private static let prime: UInt64 = 0x0000_0100_0000_01b3

  @inline(__always)
  init(_ path: UnsafeRawBufferPointer, from start: Int) {
    var end = start
    var hash = Self.basis
    var isEscaped = false
    while end < path.count {
      let byte = path[end]
      if byte == UInt8(ascii: "/") { break }
      if byte == UInt8(ascii: "%") { isEscaped = true }
      hash = (hash ^ UInt64(byte)) &* Self.prime
      end &+= 1
    }
    self.start = start
    self.end = end
    self.isEscaped = isEscaped
    self.hash = isEscaped ? Self.normalizedHash(path, from: start, to: end) : hash
  }

  private static func normalizedHash(
    _ path: UnsafeRawBufferPointer, from start: Int, to end: Int
  ) -> UInt64 {
    var hash = basis
    var reader = PathSegmentBytes(path, from: start, to: end)
    while let byte = reader.next() { hash = (hash ^ UInt64(byte)) &* prime }
    return hash
  }
}
