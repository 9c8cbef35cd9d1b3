// SPDX-License-Identifier: Apache-2.0

/// A checked response head of an upstream.
package struct ResponseHead {
  package var status = 0
  /// 1 for HTTP/1.1, 0 for HTTP/1.0.
  package var minorVersion: UInt8 = 1
  package var reason = ByteRange(start: 0, length: 0)
  package var body = BodyFraming.untilClose
  /// The protocol that the upstream switches to; empty when it does not name exactly one.
  package var upgrade = ByteRange(start: 0, length: 0)
  /// It says when it was made.
  package var hasDate = false
  /// The upstream lets the connection live on.
  package var keepAlive = true
  /// Bytes of the head, the empty line included.
  package var length = 0
  package init() {}

  /// Status and reason as received, with the space between them where there is a reason.
  var statusText: ByteRange {
    ByteRange(start: 9, length: reason.length == 0 ? 3 : 4 &+ Int(reason.length))
  }
  /// 1xx: another head follows.
  package var isInterim: Bool { status < 200 }
  /// 101: what follows is another protocol.
  package var switchesProtocol: Bool { status == 101 }
}

/// Reads response heads as strictly as request heads: an upstream is trusted to answer, not to
/// frame what the next client reads.
package struct ResponseHeadParser {
  private let limits: MessageLimits
  private let section: FieldSection

  package init(limits: MessageLimits) {
    self.limits = limits
    section = FieldSection(limits: limits)
  }

  /// Like `RequestHeadParser.parse`; `method` is that of the request being answered.
  package func parse(
    _ bytes: UnsafeRawBufferPointer, _ progress: inout HeadProgress, into storage: HeadStorage,
    method: MethodKind, head: inout ResponseHead
  ) -> HeadParse {
    let resumed = progress.lineStart > 0
    var minor: UInt8 = 1
    let outcome = lines(bytes, &progress, into: storage, head: &head, minor: &minor)
    guard case .complete = outcome else { return outcome }
    if resumed {
      progress = HeadProgress()
      guard
        case .complete = lines(bytes, &progress, into: storage, head: &head, minor: &minor)
      else { return .rejected(.malformedStatusLine) }
    }
    head.length = progress.lineStart
    storage.count = progress.fieldCount
    progress = HeadProgress()
    if let rejection = checkFields(bytes, storage, minor, method, &head) {
      return .rejected(rejection)
    }
    return .complete(length: head.length)
  }

  private func lines(
    _ bytes: UnsafeRawBufferPointer, _ progress: inout HeadProgress, into storage: HeadStorage,
    head: inout ResponseHead, minor: inout UInt8
  ) -> HeadParse {
    if progress.lineStart == 0 {
      let line = HeadLine.find(
        bytes, start: 0, scanned: progress.scanned, limit: limits.requestLine,
        tooLong: .headTooLarge, headLimit: limits.head)
      switch line {
      case .incomplete(let scanned):
        progress.scanned = scanned
        return .incomplete
      case .rejected(let rejection): return .rejected(rejection)
      case .line(let end):
        if let rejection = statusLine(bytes, end, into: &head, minor: &minor) {
          return .rejected(rejection)
        }
        progress.lineStart = end &+ 2
        progress.scanned = end &+ 2
      }
    }
    return section.parse(bytes, &progress, into: storage)
  }

  private func statusLine(
    _ bytes: UnsafeRawBufferPointer, _ end: Int, into head: inout ResponseHead,
    minor: inout UInt8
  ) -> Rejection? {
    head = ResponseHead()
    guard end >= 12 else { return .malformedStatusLine }
    switch HTTPVersion.read(bytes, at: 0) {
    case .minor(let read): minor = read
    case .other: return .unsupportedVersion
    case .malformed: return .malformedStatusLine
    }
    let hundreds = bytes[9] &- 48
    let tens = bytes[10] &- 48
    let ones = bytes[11] &- 48
    guard bytes[8] == 32, hundreds >= 1, hundreds <= 9, tens <= 9, ones <= 9 else {
      return .malformedStatusLine
    }
    head.status = Int(hundreds) &* 100 &+ Int(tens) &* 10 &+ Int(ones)
    if end == 12 { return nil }
    guard bytes[12] == 32 else { return .malformedStatusLine }
    head.reason = ByteRange(start: 13, length: end &- 13)
    return nil
  }

  private func checkFields(
    _ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage, _ minor: UInt8,
    _ method: MethodKind, _ head: inout ResponseHead
  ) -> Rejection? {
    var framing = FramingFields()
    var connection = ConnectionOptions()
    var upgrades = 0
    var index = 0
    while index < storage.count {
      let value = storage.fields[index].value
      switch storage.roles[index] {
      case .contentLength: framing.addContentLength(bytes[value])
      case .transferEncoding: framing.addTransferEncoding(bytes[value])
      case .connection: connection.add(bytes[value])
      case .date: head.hasDate = true
      case .upgrade:
        upgrades &+= 1
        head.upgrade = value
      default: break
      }
      index &+= 1
    }
    switch framing.framing(minorVersion: minor, absent: .untilClose) {
    case .failure(let rejection): return rejection
    case .success(let body): head.body = body
    }
    let namesOne = upgrades == 1 && !bytes[head.upgrade].contains(44)
    if !namesOne || !connection.upgrades { head.upgrade = ByteRange(start: 0, length: 0) }
    if connection.namesTooMany { return .tooManyConnectionOptions }
    if connection.namesFields { ConnectionOptions.markNamedFields(bytes, storage) }
    head.minorVersion = minor
    head.keepAlive = !connection.closes && (minor == 1 || connection.keepsAlive)
    if method == .head || head.status < 200 || head.status == 204 || head.status == 304 {
      head.body = .none
    }
    return nil
  }
}
