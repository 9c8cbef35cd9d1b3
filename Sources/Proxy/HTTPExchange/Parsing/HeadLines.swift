// SPDX-License-Identifier: Apache-2.0

/// How far the parse of a head has come while its bytes are still arriving.
///
/// Kept per connection instead of the fields themselves, so that an idle or slow connection costs
/// two integers. Lines already seen are not scanned again until the head is complete; then the
/// whole head is read once more, which bounds the work for a slow sender at twice its bytes.
package struct HeadProgress: Sendable, Equatable {
  /// Offset of the first line that is not complete.
  var lineStart = 0
  /// Offset up to which that line holds no control character.
  var scanned = 0
  /// Complete field lines so far.
  var fieldCount = 0
  /// Creates the progress of a head of which nothing arrived.
  package init() {}

  init(lineStart: Int, scanned: Int, fieldCount: Int) {
    self.lineStart = lineStart
    self.scanned = scanned
    self.fieldCount = fieldCount
  }
}

/// One line of a head, or why there is none.
enum HeadLine {
  case line(end: Int)
  case incomplete(scanned: Int)
  case rejected(Rejection)
}

extension HeadLine {
  /// Finds the end of the line that starts at `start`.
  ///
  /// The limit that is nearer decides, whatever the split of the input: a line that is too long is
  /// refused at the same byte, with the same rule, whether it came at once or byte by byte.
  @inline(__always)
  static func find(
    _ bytes: UnsafeRawBufferPointer, start: Int, scanned: Int, limit: Int, tooLong: Rejection,
    headLimit: Int
  ) -> HeadLine {
    guard let base = bytes.baseAddress else { return .incomplete(scanned: 0) }
    let furthest = min(start &+ limit, headLimit)
    let end = ByteScanning.firstControl(base, from: scanned, to: bytes.count)
    if end > furthest { return .rejected(start &+ limit <= headLimit ? tooLong : .headTooLarge) }
    if end >= bytes.count { return .incomplete(scanned: end) }
    switch bytes[end] {
    case 13:
      if end &+ 1 >= bytes.count { return .incomplete(scanned: end) }
      return bytes[end &+ 1] == 10 ? .line(end: end) : .rejected(.bareCarriageReturn)
    case 10: return .rejected(.bareLineFeed)
    default: return .rejected(.controlCharacter)
    }
  }
}

/// What became of the bytes of a head.
package enum HeadParse: Equatable {
  /// More bytes are needed; the progress remembers how far it came.
  case incomplete
  /// The head is `length` bytes long, the empty line included.
  case complete(length: Int)
  /// The head breaks a rule.
  case rejected(Rejection)
}
