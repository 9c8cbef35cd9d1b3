// SPDX-License-Identifier: Apache-2.0

import CNghttp2

/// What the library calls. None of these may feed the session or end it.
extension HTTP2Engine {
  static func makeSession(_ role: Role) -> OpaquePointer? {
    var callbacks: OpaquePointer?
    guard nghttp2_session_callbacks_new(&callbacks) == 0 else { return nil }
    defer { nghttp2_session_callbacks_del(callbacks) }
    setCallbacks(callbacks)
    if role == .client { noteOffers(callbacks) }
    var option: OpaquePointer?
    guard nghttp2_option_new(&option) == 0 else { return nil }
    defer { nghttp2_option_del(option) }
    // Windows open when an upstream took the bytes, not when they arrive.
    nghttp2_option_set_no_auto_window_update(option, 1)
    nghttp2_option_set_no_closed_streams(option, 1)
    // Owners measured what they send; the library would close the stream without a word.
    nghttp2_option_set_max_send_header_block_length(option, Int(Int32.max))
    // Until the peer's settings are there.
    nghttp2_option_set_peer_max_concurrent_streams(option, 100)
    return makeSession(role, callbacks, option)
  }

  private static func makeSession(
    _ role: Role, _ callbacks: OpaquePointer?, _ option: OpaquePointer?
  ) -> OpaquePointer? {
    var session: OpaquePointer?
    #if canImport(Glibc)
      // The library copies them.
      var memory = FrameMemory.hooks
      switch role {
      case .server: nghttp2_session_server_new3(&session, callbacks, nil, option, &memory)
      case .client: nghttp2_session_client_new3(&session, callbacks, nil, option, &memory)
      }
    #else
      switch role {
      case .server: nghttp2_session_server_new2(&session, callbacks, nil, option)
      case .client: nghttp2_session_client_new2(&session, callbacks, nil, option)
      }
    #endif
    return session
  }

  private static func setCallbacks(_ callbacks: OpaquePointer?) {
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, context in
      guard let frame, let engine = HTTP2Engine.engine(context) else { return 0 }
      return engine.sectionBegins(frame.pointee)
    }
    nghttp2_session_callbacks_set_on_header_callback(callbacks) {
      _, frame, name, nameCount, value, valueCount, _, context in
      guard let frame, let context else { return 0 }
      // The engine that feeds the session outlives the call, so it is not counted for each field.
      return Unmanaged<HTTP2Engine>.fromOpaque(context)._withUnsafeGuaranteedRef {
        $0.field(
          frame.pointee.hd.stream_id, UnsafeRawBufferPointer(start: name, count: nameCount),
          UnsafeRawBufferPointer(start: value, count: valueCount))
      }
    }
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, context in
      if let frame, let engine = HTTP2Engine.engine(context) { engine.received(frame.pointee) }
      return 0
    }
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) {
      _, _, id, bytes, count, context in
      guard let engine = HTTP2Engine.engine(context) else { return 0 }
      engine.stream(id)?.receivedBody(UnsafeRawBufferPointer(start: bytes, count: count))
      return 0
    }
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, id, code, context in
      if let engine = HTTP2Engine.engine(context), let stream = engine.stream(id) {
        engine.release(stream, code: code)
      }
      return 0
    }
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, context in
      if let frame, let engine = HTTP2Engine.engine(context) { engine.sent(frame.pointee) }
      return 0
    }
  }

  /// Before a frame is given out: the call behind it comes late where output stops in between.
  private static func noteOffers(_ callbacks: OpaquePointer?) {
    nghttp2_session_callbacks_set_before_frame_send_callback(callbacks) { _, frame, context in
      guard let frame, frame.pointee.hd.type == UInt8(NGHTTP2_HEADERS.rawValue) else { return 0 }
      HTTP2Engine.engine(context)?.stream(frame.pointee.hd.stream_id)?.isOffered = true
      return 0
    }
  }

  private static func engine(_ context: UnsafeMutableRawPointer?) -> HTTP2Engine? {
    context.map { Unmanaged<HTTP2Engine>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Asks a stream for body.
  static let readBody: nghttp2_data_source_read_callback = {
    session, id, target, capacity, flags, source, context in
    guard let source, let flags, let pointer = source.pointee.ptr else {
      return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
    }
    let stream = Unmanaged<HTTP2Stream>.fromOpaque(pointer).takeUnretainedValue()
    let part = stream.fill(UnsafeMutableRawBufferPointer(start: target, count: capacity))
    if part.isLast {
      flags.pointee |= UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue)
      if !stream.trailers.isEmpty, let engine = HTTP2Engine.engine(context) {
        flags.pointee |= UInt32(NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue)
        engine.sendTrailers(stream)
      }
    } else if part.count == 0 {
      stream.isDeferred = true
      return Int(NGHTTP2_ERR_DEFERRED.rawValue)
    }
    return part.count
  }
}

// MARK: - What they do

extension HTTP2Engine {
  fileprivate func sectionBegins(_ frame: nghttp2_frame) -> Int32 {
    if frame.hd.type != UInt8(NGHTTP2_HEADERS.rawValue) { return 0 }
    let id = frame.hd.stream_id
    if role == .server, frame.headers.cat == NGHTTP2_HCAT_REQUEST {
      guard let stream = owner?.openStream(), adopt(stream, id) else {
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
      }
    }
    guard let stream = stream(id) else { return 0 }
    stream.sectionSize = 0
    stream.section = stream.hasHead ? .trailers : .head
    return 0
  }

  /// Beyond the limit fields are left out; far beyond it the peer is attacking.
  fileprivate func field(
    _ id: Int32, _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
  ) -> Int32 {
    // Nothing called here closes a stream, and what is open is kept by `streams`.
    guard let stream = uncountedStream(id) else { return 0 }
    return stream._withUnsafeGuaranteedRef { field(of: $0, name, value) }
  }

  @inline(__always)
  private func field(
    of stream: HTTP2Stream, _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
  ) -> Int32 {
    stream.sectionSize &+= name.count &+ value.count &+ 32
    if stream.sectionSize > limits.fieldSection {
      if stream.sectionSize > 4 &* limits.fieldSection {
        unpackedTooMuch = true
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
      }
      return 0
    }
    // Pseudo fields come first, so the rest of the section is told right.
    if role == .client, !stream.hasHead, name.count == 7, name[0] == 0x3a, value.first == 0x31 {
      stream.section = .interim
    }
    stream.received(name, value, stream.section)
    return 0
  }

  fileprivate func received(_ frame: nghttp2_frame) {
    switch frame.hd.type {
    case UInt8(NGHTTP2_HEADERS.rawValue):
      guard let stream = stream(frame.hd.stream_id) else { return }
      if stream.section == .head { stream.hasHead = true }
      let isLast = frame.hd.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
      stream.received(
        stream.section, isLast: isLast, isTooLarge: stream.sectionSize > limits.fieldSection)
      if isLast { stream.receivedEnd() }
    case UInt8(NGHTTP2_DATA.rawValue):
      if frame.hd.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0 {
        stream(frame.hd.stream_id)?.receivedEnd()
      }
    case UInt8(NGHTTP2_SETTINGS.rawValue):
      if frame.hd.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) == 0 { owner?.receivedSettings() }
    case UInt8(NGHTTP2_GOAWAY.rawValue):
      owner?.receivedGoAway(
        lastStream: frame.goaway.last_stream_id, code: frame.goaway.error_code)
    default: break
    }
  }

  /// Submitted earlier they would overtake the body.
  fileprivate func sendTrailers(_ stream: HTTP2Stream) {
    let count = stream.trailers.count / 2
    var bytes = stream.trailers.flatMap(\.self)
    bytes.withUnsafeMutableBufferPointer { bytes in
      var fields: [nghttp2_nv] = []
      var start = 0
      for index in 0..<count {
        let name = stream.trailers[2 * index].count
        let value = stream.trailers[2 * index + 1].count
        fields.append(
          nghttp2_nv(
            name: bytes.baseAddress.map { $0 + start },
            value: bytes.baseAddress.map { $0 + start + name }, namelen: name, valuelen: value,
            flags: 0))
        start += name + value
      }
      nghttp2_submit_trailer(session, stream.id, fields, count)
    }
    stream.trailers = []
  }

  fileprivate func sent(_ frame: nghttp2_frame) {
    switch frame.hd.type {
    case UInt8(NGHTTP2_DATA.rawValue):
      meter.sentData()
      tellOfEnd(frame.hd)
    case UInt8(NGHTTP2_HEADERS.rawValue): tellOfEnd(frame.hd)
    case UInt8(NGHTTP2_RST_STREAM.rawValue):
      // Whatever rule was broken, among them those for windows and for closed streams: a peer that
      // makes us reset its streams gets as much work for nothing as one that resets them itself.
      let isPeersFault = ![HTTP2Code.none, HTTP2Code.internalError, HTTP2Code.cancel]
        .contains(frame.rst_stream.error_code)
      if isPeersFault, !refusals.take(now: now) { refusedTooOften = true }
    case UInt8(NGHTTP2_GOAWAY.rawValue):
      // The library found a fault that ends the connection.
      if frame.goaway.error_code != HTTP2Code.none, violation == nil { violation = .protocolError }
    default: break
    }
  }

  private func tellOfEnd(_ header: nghttp2_frame_hd) {
    if header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) == 0 { return }
    stream(header.stream_id)?.sentEnd()
  }
}
