// SPDX-License-Identifier: Apache-2.0

import CNghttp2

/// One HTTP/2 connection without a socket: bytes go in, calls of its streams and bytes come out.
///
/// Framing and HPACK are libnghttp2's. What the peer may ask for is counted here, before the
/// library sees a byte, so that no version of it decides how much an attacker gets.
///
/// One thread uses an engine, and no two accesses overlap; the check for that at run time would
/// cost more than what it guards.
package final class HTTP2Engine {
  package enum Role { case server, client }

  /// What the connection itself has to say.
  package protocol Owner: AnyObject {
    /// The peer opens a stream; nil refuses it.
    func openStream() -> HTTP2Stream?
    /// The peer ends the connection; requests above `lastStream` were not looked at.
    func receivedGoAway(lastStream: Int32, code: UInt32)
    /// The peer said what it allows, such as how many streams.
    func receivedSettings()
  }

  package let role: Role
  package let limits: HTTP2Limits
  @exclusivity(unchecked) package weak var owner: (any Owner)?
  /// Why the peer was sent away.
  @exclusivity(unchecked) package internal(set) var violation: HTTP2Violation?
  /// Streams open now; the library knows them by unowned pointers.
  @exclusivity(unchecked) private var streams: [HTTP2Stream] = []
  /// The stream that was looked up last, which is mostly asked for again; 0 once it closed.
  @exclusivity(unchecked) private var recentID: Int32 = 0
  @exclusivity(unchecked) private var recent: Unmanaged<HTTP2Stream>?
  /// Milliseconds on the owner's clock.
  @exclusivity(unchecked) package var now: UInt64
  @exclusivity(unchecked) private var isClosed = false

  let session: OpaquePointer
  @exclusivity(unchecked) var meter: FrameMeter
  @exclusivity(unchecked) var refusals: TokenBucket
  /// Set by callbacks: what was unpacked is too much.
  @exclusivity(unchecked) var unpackedTooMuch = false
  @exclusivity(unchecked) var refusedTooOften = false

  /// nil when there is no memory.
  package init?(_ role: Role, _ limits: HTTP2Limits = HTTP2Limits(), now: UInt64) {
    self.role = role
    self.limits = limits
    self.now = now
    meter = FrameMeter(limits, isServer: role == .server, now: now)
    refusals = TokenBucket(limits.refusals, now: now)
    guard let session = Self.makeSession(role) else { return nil }
    self.session = session
    nghttp2_session_set_user_data(session, Unmanaged.passUnretained(self).toOpaque())
    guard submitSettings() else { return nil }
  }

  deinit {
    nghttp2_session_del(session)
  }

  private func submitSettings() -> Bool {
    var entries = [
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue),
        value: UInt32(limits.streamWindow)),
      nghttp2_settings_entry(
        settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue),
        value: UInt32(limits.headerBlock)),
    ]
    switch role {
    case .server:
      entries.append(
        nghttp2_settings_entry(
          settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue),
          value: UInt32(limits.concurrentStreams)))
    case .client:
      entries.append(
        nghttp2_settings_entry(
          settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0))
    }
    let flags = UInt8(NGHTTP2_FLAG_NONE.rawValue)
    return nghttp2_submit_settings(session, flags, entries, entries.count) == 0
      && nghttp2_session_set_local_window_size(
        session, flags, 0, Int32(limits.connectionWindow)) == 0
  }
}

extension HTTP2Engine.Owner {
  package func receivedSettings() {}
}

// MARK: - Bytes

extension HTTP2Engine {
  /// Takes bytes of the peer. After a violation only the farewell is left to be sent.
  package func receive(_ bytes: UnsafeRawBufferPointer) {
    if violation != nil || isClosed || bytes.isEmpty { return }
    if let found = meter.read(bytes, now: now) { return end(found) }
    let taken = nghttp2_session_mem_recv(
      session, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
    if unpackedTooMuch {
      end(.headerFlood)
    } else if refusedTooOften
      || nghttp2_session_get_outbound_queue_size(session) > limits.waitingFrames
    {
      end(.refusalFlood)
    } else if taken < 0 {
      // The library has its own farewell under way unless it failed altogether.
      end(.protocolError)
    }
  }

  /// The next bytes for the peer, valid until the next call of the engine; empty when there are
  /// none now.
  package func nextOutput() -> UnsafeRawBufferPointer {
    if isClosed { return UnsafeRawBufferPointer(start: nil, count: 0) }
    var bytes: UnsafePointer<UInt8>?
    let count = nghttp2_session_mem_send(session, &bytes)
    return UnsafeRawBufferPointer(start: bytes, count: max(0, count))
  }

  /// Neither side has anything to say any more.
  package var isFinished: Bool {
    nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0
  }

  private func end(_ found: HTTP2Violation) {
    violation = found
    let code = found == .protocolError ? HTTP2Code.protocolError : HTTP2Code.enhanceYourCalm
    nghttp2_session_terminate_session(session, code)
  }

  /// Ends every stream that is left; for an owner whose connection is gone. The library, which does
  /// not know that they are, is asked for nothing any more.
  package func close() {
    isClosed = true
    while let stream = streams.last { release(stream, code: HTTP2Code.cancel) }
  }
}

// MARK: - Connection

extension HTTP2Engine {
  /// Tells the peer that the connection ends soon; streams it opens meanwhile are still taken.
  package func announceEnd() { nghttp2_submit_shutdown_notice(session) }

  /// Takes no further stream; those open may finish.
  package func refuseStreams() {
    refuseStreams(after: nghttp2_session_get_last_proc_stream_id(session))
  }

  /// Takes no stream above a number, and says that such were not looked at.
  package func refuseStreams(after last: Int32) {
    nghttp2_submit_goaway(
      session, UInt8(NGHTTP2_FLAG_NONE.rawValue), max(0, last), HTTP2Code.none, nil, 0)
  }

  /// How many streams the peer lets us have open at a time.
  package var mostStreams: Int {
    Int(
      nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS))
  }
}

extension HTTP2Engine {
  /// How large a section of fields the peer takes, each counted with 32 bytes more than it has
  /// (RFC 9113, 6.5.2).
  package var largestSection: Int {
    Int(nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE))
  }
}

// MARK: - Streams

extension HTTP2Engine {
  package var streamCount: Int { streams.count }

  /// Opens a stream with a request; false when the connection takes no more.
  package func submitRequest(
    _ stream: HTTP2Stream, _ fields: borrowing HTTP2Fields, hasBody: Bool
  ) -> Bool {
    var provider = Self.provider(stream)
    let id =
      hasBody
      ? nghttp2_submit_request(session, nil, fields.pointer, fields.count, &provider, nil)
      : nghttp2_submit_request(session, nil, fields.pointer, fields.count, nil, nil)
    guard id > 0 else { return false }
    return adopt(stream, id)
  }

  package func submitInterim(_ stream: HTTP2Stream, _ fields: borrowing HTTP2Fields) {
    if stream.isClosed { return }
    nghttp2_submit_headers(
      session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream.id, nil, fields.pointer, fields.count, nil)
  }

  package func submitResponse(
    _ stream: HTTP2Stream, _ fields: borrowing HTTP2Fields, hasBody: Bool
  ) {
    if stream.isClosed { return }
    var provider = Self.provider(stream)
    if hasBody {
      nghttp2_submit_response(session, stream.id, fields.pointer, fields.count, &provider)
    } else {
      nghttp2_submit_response(session, stream.id, fields.pointer, fields.count, nil)
    }
  }

  /// Fields behind the body. To be called before `fill` says that the body ended.
  package func submitTrailers(_ stream: HTTP2Stream, _ fields: borrowing HTTP2Fields) {
    if stream.isClosed || fields.count == 0 { return }
    stream.trailers = fields.copies()
  }

  /// `fill` has something to give.
  package func bodyIsThere(_ stream: HTTP2Stream) {
    guard stream.isDeferred, !stream.isClosed else { return }
    stream.isDeferred = false
    nghttp2_session_resume_data(session, stream.id)
  }

  /// The peer may send so many more body bytes on this stream; of one that is closed the
  /// connection alone gets the room back.
  package func consumed(_ stream: HTTP2Stream, _ count: Int) {
    if count <= 0 { return }
    if stream.isClosed {
      nghttp2_session_consume_connection(session, count)
    } else {
      nghttp2_session_consume(session, stream.id, count)
    }
  }

  /// The peer may send so many more body bytes on all streams together, and no more on the stream
  /// that they came on; for an owner who gives the two rooms back apart.
  package func consumedOfConnection(_ count: Int) {
    if count > 0 { nghttp2_session_consume_connection(session, count) }
  }

  /// The other half of `consumedOfConnection`.
  package func consumedOfStream(_ stream: HTTP2Stream, _ count: Int) {
    if count > 0, !stream.isClosed { nghttp2_session_consume_stream(session, stream.id, count) }
  }

  package func reset(_ stream: HTTP2Stream, code: UInt32) {
    if stream.isClosed || stream.id == 0 { return }
    nghttp2_submit_rst_stream(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream.id, code)
  }

  private static func provider(_ stream: HTTP2Stream) -> nghttp2_data_provider {
    var provider = nghttp2_data_provider()
    provider.source.ptr = Unmanaged.passUnretained(stream).toOpaque()
    provider.read_callback = readBody
    return provider
  }

  /// Keeps the stream until it is closed.
  func adopt(_ stream: HTTP2Stream, _ id: Int32) -> Bool {
    let pointer = Unmanaged.passUnretained(stream).toOpaque()
    guard nghttp2_session_set_stream_user_data(session, id, pointer) == 0 else { return false }
    stream.id = id
    stream.position = streams.count
    streams.append(stream)
    return true
  }

  func stream(_ id: Int32) -> HTTP2Stream? { uncountedStream(id)?.takeUnretainedValue() }

  /// A stream that is open, and so kept by `streams` until `release`.
  func uncountedStream(_ id: Int32) -> Unmanaged<HTTP2Stream>? {
    guard id > 0 else { return nil }
    if id == recentID { return recent }
    guard let pointer = nghttp2_session_get_stream_user_data(session, id) else { return nil }
    let stream = Unmanaged<HTTP2Stream>.fromOpaque(pointer)
    recentID = id
    recent = stream
    return stream
  }

  func release(_ stream: HTTP2Stream, code: UInt32) {
    if stream.isClosed { return }
    stream.isClosed = true
    if stream.id == recentID { recentID = 0 }
    nghttp2_session_set_stream_user_data(session, stream.id, nil)
    let last = streams.removeLast()
    if last !== stream {
      last.position = stream.position
      streams[stream.position] = last
    }
    stream.closed(code: code)
  }
}
