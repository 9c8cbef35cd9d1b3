// SPDX-License-Identifier: Apache-2.0

/// Reads request heads strictly (RFC 9112), because two servers that read one request in two ways
/// are a hole. Nothing is repaired; what is not clear is refused with the rule it broke.
package struct RequestHeadParser {
  private let limits: MessageLimits
  private let section: FieldSection
  private let requestLine = RequestLine()

  package init(limits: MessageLimits) {
    self.limits = limits
    section = FieldSection(limits: limits)
  }

  /// Parses from the first byte of `bytes`.
  ///
  /// On `.incomplete` call again with the same bytes and more behind them; `head` and `storage` are
  /// filled on `.complete` only.
  package func parse(
    _ bytes: UnsafeRawBufferPointer, _ progress: inout HeadProgress, into storage: HeadStorage,
    head: inout RequestHead
  ) -> HeadParse {
    let resumed = progress.lineStart > 0
    let outcome = lines(bytes, &progress, into: storage, head: &head)
    guard case .complete = outcome else { return outcome }
    if resumed {
      // The fields of earlier calls were not kept; the lines are known to be sound.
      progress = HeadProgress()
      guard case .complete = lines(bytes, &progress, into: storage, head: &head) else {
        return .rejected(.malformedRequestLine)
      }
    }
    head.length = progress.lineStart
    storage.count = progress.fieldCount
    progress = HeadProgress()
    if let rejection = checkFields(bytes, storage, &head) { return .rejected(rejection) }
    return .complete(length: head.length)
  }

  private func lines(
    _ bytes: UnsafeRawBufferPointer, _ progress: inout HeadProgress, into storage: HeadStorage,
    head: inout RequestHead
  ) -> HeadParse {
    if progress.lineStart == 0 {
      head = RequestHead()
      // One empty line before a request is forgiven (RFC 9112, 2.2): old clients end a body so.
      let start = bytes.count >= 2 && bytes[0] == 13 && bytes[1] == 10 ? 2 : 0
      let line = HeadLine.find(
        bytes, start: start, scanned: max(start, progress.scanned), limit: limits.requestLine,
        tooLong: .requestLineTooLong, headLimit: limits.head)
      switch line {
      case .incomplete(let scanned):
        progress.scanned = scanned
        return .incomplete
      case .rejected(let rejection): return .rejected(rejection)
      case .line(let end):
        if let rejection = requestLine.parse(bytes, start, end, into: &head) {
          return .rejected(rejection)
        }
        progress.lineStart = end &+ 2
        progress.scanned = end &+ 2
      }
    }
    return section.parse(bytes, &progress, into: storage)
  }

  /// Rules about fields together, applied once all lines are there so that the split of the input
  /// cannot change which rule is named.
  private func checkFields(
    _ bytes: UnsafeRawBufferPointer, _ storage: HeadStorage, _ head: inout RequestHead
  ) -> Rejection? {
    var framing = FramingFields()
    var connection = ConnectionOptions()
    var host: ByteRange?
    var upgrade = ByteRange(start: 0, length: 0)
    var (hosts, upgrades) = (0, 0)
    var expectation: Rejection?
    let isCurrent = head.facts.minorVersion == 1
    var index = 0
    while index < storage.count {
      let value = storage.fields[index].value
      switch storage.roles[index] {
      case .host:
        hosts &+= 1
        host = value
      case .contentLength: framing.addContentLength(bytes[value])
      case .transferEncoding: framing.addTransferEncoding(bytes[value])
      case .connection: connection.add(bytes[value])
      case .expect:
        if !bytes[value].equalsIgnoringCase("100-continue") {
          expectation = .unsupportedExpectation
        }
        head.facts.expectsContinue = true
        // HTTP/1.0 knows no expectations: one is ignored, here and further on.
        if !isCurrent { storage.roles[index] = .hopByHop }
      case .forwarding: head.hasForwarding = true
      case .methodOverride: head.facts.overridesMethod = true
      case .maxForwards:
        if head.facts.method == .options, let hops = Self.hops(bytes[value]) {
          head.hopsLeft = hops
          // Written anew.
          storage.roles[index] = .hopByHop
        }
      case .upgrade:
        upgrades &+= 1
        upgrade = value
      case .te:
        ByteScanning.forEachListElement(bytes[value]) {
          if $0.equalsIgnoringCase("trailers") { head.facts.acceptsTrailers = isCurrent }
        }
      default: break
      }
      index &+= 1
    }
    noteOverride(bytes, &head)
    if let rejection = checkHost(bytes, host, hosts, &head) { return rejection }
    switch framing.framing(minorVersion: head.facts.minorVersion, absent: .none) {
    case .failure(let rejection): return rejection
    case .success(let body): head.facts.body = body
    }
    if case .length(let length) = head.facts.body, limits.body > 0, length > limits.body {
      return .bodyTooLarge
    }
    if connection.namesProtectedField { return .protectedConnectionOption }
    if connection.namesTooMany { return .tooManyConnectionOptions }
    if connection.namesFields {
      ConnectionOptions.markNamedFields(bytes, storage)
      storage.removeNamedByConnection()
    }
    if head.hopsLeft == 0 { head.facts.isForProxy = true }
    // Which bytes would belong to which protocol is clear only when no body stands between.
    if isCurrent, upgrades == 1, connection.upgrades, head.facts.body == .none {
      head.upgrade = upgrade
    }
    head.facts.keepAlive = !connection.closes && (isCurrent || connection.keepsAlive)
    head.facts.expectsContinue = head.facts.expectsContinue && isCurrent && head.facts.body != .none
    return isCurrent ? expectation : nil
  }

  @inline(__always)
  private func noteOverride(_ bytes: UnsafeRawBufferPointer, _ head: inout RequestHead) {
    guard head.query.length > 0, MethodOverride.isParameter(of: bytes[head.query]) else { return }
    head.facts.overridesMethod = true
  }

  /// nil when it is no number that anybody would count with.
  private static func hops(_ value: UnsafeRawBufferPointer) -> Int? {
    guard !value.isEmpty, value.count < 10 else { return nil }
    var hops = 0
    for byte in value {
      let digit = byte &- 48
      if digit > 9 { return nil }
      hops = hops &* 10 &+ Int(digit)
    }
    return hops
  }

  private func checkHost(
    _ bytes: UnsafeRawBufferPointer, _ host: ByteRange?, _ hosts: Int, _ head: inout RequestHead
  ) -> Rejection? {
    if hosts > 1 { return .duplicateHost }
    guard let host else { return head.facts.minorVersion == 1 ? .missingHost : nil }
    if !Authority.isValid(bytes[host], ByteScanning.classes) { return .invalidHost }
    if head.authority.length == 0 { head.authority = host }
    return nil
  }
}
