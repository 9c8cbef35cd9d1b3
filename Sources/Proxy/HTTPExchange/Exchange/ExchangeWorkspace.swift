// SPDX-License-Identifier: Apache-2.0

/// What every exchange of one worker shares: the rules and the memory for the head at hand.
///
/// One thread uses it, and no two accesses overlap; the check for that at run time would cost more
/// than what it guards.
package final class ExchangeWorkspace {
  package let limits: MessageLimits
  /// The body limit protects upstreams from clients; answers may be of any size.
  package let responseLimits: MessageLimits
  /// Waits that begin after a change take the new one.
  @exclusivity(unchecked) package var timeouts: ExchangeTimeouts
  package let storage: HeadStorage
  let requestParser: RequestHeadParser
  let responseParser: ResponseHeadParser
  let trailerReader: TrailerReader

  /// The request head that the last `.head` step of a client announced.
  @exclusivity(unchecked) package internal(set) var request = RequestHead()
  /// Field lines of our own that `writeRequest` adds.
  @exclusivity(unchecked) package var addedFields: [UInt8] = []
  /// The response head that the last `.head` or `.interim` step of an upstream announced.
  @exclusivity(unchecked) package internal(set) var response = ResponseHead()
  /// Milliseconds on a clock that never goes back, set by the worker that owns the workspace.
  package var now: UInt64 {
    get { milliseconds }
    set { milliseconds = newValue }
  }
  @exclusivity(unchecked) private var milliseconds: UInt64 = 0
  /// The Date field line of answers made now, line end included; empty until a clock is known.
  @exclusivity(unchecked) package private(set) var dateLine: [UInt8] = []

  package init(limits: MessageLimits, timeouts: ExchangeTimeouts) {
    self.limits = limits
    self.timeouts = timeouts
    var responseLimits = limits
    responseLimits.body = 0
    self.responseLimits = responseLimits
    storage = HeadStorage(capacity: limits.fieldCount)
    requestParser = RequestHeadParser(limits: limits)
    responseParser = ResponseHeadParser(limits: limits)
    trailerReader = TrailerReader(limits: limits)
  }

  /// Reads the head of an answer that the proxy itself wrote as if an upstream had sent it; how
  /// long it is.
  package func readOwnAnswer(_ bytes: UnsafeRawBufferPointer, omitsBody: Bool) -> Int {
    var progress = HeadProgress()
    let outcome = responseParser.parse(
      bytes, &progress, into: storage, method: omitsBody ? .head : .get, head: &response)
    guard case .complete(let length) = outcome else { preconditionFailure("no whole answer") }
    return length
  }

  /// Sets the time that answers are said to be made at, in seconds since 1970-01-01T00:00:00Z.
  package func tellDate(unixSeconds: Int) {
    dateLine = Array("date: \(HTTPDate.text(unixSeconds: unixSeconds))\r\n".utf8)
  }

  package func deadline(_ milliseconds: UInt64) -> UInt64 {
    milliseconds == 0 ? .max : now &+ milliseconds
  }
}

// MARK: - The heads at hand

/// Asked of the workspace instead of its heads: other modules would check each access to them for
/// overlaps at run time, and copy them whole.
extension ExchangeWorkspace {
  package var requestLength: Int { request.length }
  package var requestIsForProxy: Bool { request.facts.isForProxy }
  package var requestHasForwarding: Bool { request.hasForwarding }
  package var requestOffersUpgrade: Bool { request.upgrade.length > 0 }
  package var responseLength: Int { response.length }
  package var responseStatus: Int { response.status }
  package var responseHasBody: Bool { response.body != .none }
  package var responseIsInterim: Bool { response.isInterim }

  /// The `Via` value of the answer.
  package func responseVia(_ marks: ResponseMarks) -> StaticString { marks.via(response) }

  /// Calls `body` with each field of the answer that passes, and with the length of its body where
  /// it has one.
  @inline(__always)
  package func forEachResponseField(
    _ bytes: UnsafeRawBufferPointer,
    _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
  ) {
    var hasLength = response.isInterim || response.status == 204 || response.body == .chunked
    var index = 0
    while index < storage.count {
      let role = storage.roles[index]
      let isLength = role == .contentLength && !hasLength
      if isLength { hasLength = true }
      if isLength || !role.isDropped {
        let field = storage.fields[index]
        body(bytes[field.name], bytes[field.value])
      }
      index &+= 1
    }
  }

  /// The value of the Date field of an answer that has none; empty when it has, or no clock is
  /// known.
  package func withMissingDate(_ body: (UnsafeRawBufferPointer) -> Void) {
    if response.hasDate || dateLine.count <= Self.dateName &+ 2 {
      return body(UnsafeRawBufferPointer(start: nil, count: 0))
    }
    dateLine.withUnsafeBytes { line in
      body(UnsafeRawBufferPointer(rebasing: line[Self.dateName..<(line.count &- 2)]))
    }
  }

  /// What stands before the value of a date line.
  private static var dateName: Int { 6 }

  /// The request as routing sees it; valid as long as the buffers given.
  package func requestView(
    _ bytes: UnsafeRawBufferPointer, clientAddress: UnsafeRawBufferPointer
  ) -> RequestView {
    request.view(bytes, storage, clientAddress: clientAddress)
  }

  /// Memory that `writeRequest` needs at most.
  package func requestCapacity(_ source: RequestSource) -> Int {
    RequestRewriter.capacity(request, storage, source) &+ addedFields.count
  }

  /// Writes the head for an upstream; see `RequestRewriter`.
  package func writeRequest(
    _ bytes: UnsafeRawBufferPointer, _ source: RequestSource, upgrade: ByteRange,
    into target: UnsafeMutableRawBufferPointer
  ) -> Result<Int, Rejection> {
    // Rarely is anything added, and an array that is passed on is counted.
    addedFields.isEmpty
      ? RequestRewriter.write(request, bytes, storage, source, upgrade: upgrade, into: target)
      : RequestRewriter.write(
        request, bytes, storage, source, upgrade: upgrade, extra: addedFields, into: target)
  }

  /// Memory that `writeResponse` needs at most.
  package var responseCapacity: Int { ResponseRewriter.capacity(response, storage) }

  /// Writes the head for the client and answers how long it is.
  package func writeResponse(
    _ bytes: UnsafeRawBufferPointer, marks: ResponseMarks,
    into target: UnsafeMutableRawBufferPointer
  ) -> Int {
    // Most answers have a date, and an array that is passed on is counted.
    response.hasDate
      ? ResponseRewriter.write(response, bytes, storage, marks: marks, into: target)
      : ResponseRewriter.write(
        response, bytes, storage, marks: marks, dateLine: dateLine, into: target)
  }
}
