// SPDX-License-Identifier: Apache-2.0

/// Reads the authority of a request.
enum Authority {
  /// The host without port, brackets and final dot.
  static func host(of authority: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    var end = authority.count
    if authority.first == UInt8(ascii: "[") {
      end = authority.firstIndex(of: UInt8(ascii: "]")) ?? end
      return UnsafeRawBufferPointer(rebasing: authority[1..<max(1, end)])
    }
    if let colon = authority.lastIndex(of: UInt8(ascii: ":")) { end = colon }
    if end > 1, authority[end - 1] == UInt8(ascii: ".") { end -= 1 }
    return UnsafeRawBufferPointer(rebasing: authority[..<end])
  }
}
