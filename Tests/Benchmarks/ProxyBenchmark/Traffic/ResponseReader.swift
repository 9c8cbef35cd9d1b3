// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Finds where each response of one connection ends. Only what a benchmark needs: a status of 200
/// and a `Content-Length`; anything else is an error, so that no contender wins by failing.
struct ResponseReader {
  private static let lengthName = Array("content-length:".utf8)
  private static let mostHeadBytes = 8192

  /// A head that came in parts.
  private var partial: [UInt8] = []
  private var bodyLeft = 0

  /// Takes the next bytes; how many responses they completed.
  mutating func read(_ bytes: UnsafeRawBufferPointer) throws -> Int {
    var completed = 0
    var rest = bytes
    while !rest.isEmpty {
      if bodyLeft > 0 {
        let taken = min(bodyLeft, rest.count)
        bodyLeft -= taken
        rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
      } else if partial.isEmpty {
        guard let head = try Self.head(rest) else {
          partial = Array(rest)
          break
        }
        bodyLeft = head.body
        rest = UnsafeRawBufferPointer(rebasing: rest[head.length...])
      } else {
        let known = partial.count
        partial += rest
        guard let head = try partial.withUnsafeBytes({ try Self.head($0) }) else { break }
        partial = []
        bodyLeft = head.body
        rest = UnsafeRawBufferPointer(rebasing: rest[(head.length - known)...])
      }
      if bodyLeft == 0 { completed += 1 }
    }
    return completed
  }

  /// Length of the head and of the body it announces; nil when the head is not whole.
  private static func head(
    _ bytes: UnsafeRawBufferPointer
  ) throws -> (length: Int, body: Int)? {
    var line = 0
    var body: Int?
    while let end = endOfLine(bytes, from: line) {
      if line == 0, !isOK(bytes, end) {
        let text = String(decoding: bytes[..<end], as: UTF8.self)
        throw BenchmarkError("a contender answered \"\(text)\"")
      }
      if end - line <= 1 {
        guard let body else { throw BenchmarkError("a response came without Content-Length") }
        return (end + 1, body)
      }
      if let value = contentLength(bytes, line, end) { body = value }
      line = end + 1
    }
    if bytes.count > mostHeadBytes { throw BenchmarkError("a response head does not end") }
    return nil
  }

  /// Offset of the line feed.
  private static func endOfLine(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard start < bytes.count, let base = bytes.baseAddress,
      let found = memchr(base + start, 10, bytes.count - start)
    else { return nil }
    return UnsafeRawPointer(found) - base
  }

  private static func isOK(_ bytes: UnsafeRawBufferPointer, _ end: Int) -> Bool {
    end >= 12 && bytes[9] == 50 && bytes[10] == 48 && bytes[11] == 48
  }

  private static func contentLength(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int
  ) -> Int? {
    guard end - start > lengthName.count, bytes[start] | 0x20 == 99 else { return nil }
    for (index, byte) in lengthName.enumerated()
    where bytes[start + index] != byte && bytes[start + index] | 0x20 != byte { return nil }
    var value = 0
    for byte in bytes[(start + lengthName.count)..<end] where byte >= 48 && byte <= 57 {
      value = value * 10 + Int(byte - 48)
    }
    return value
  }
}
