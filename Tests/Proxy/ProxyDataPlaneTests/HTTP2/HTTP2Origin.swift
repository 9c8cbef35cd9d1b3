// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import NIOCore

/// A request that an HTTP/2 origin received.
struct OriginRequest: Sendable {
  var fields: [(String, String)] = []
  var body: [UInt8] = []
  var trailers: [String] = []
  /// Requests of the connection before this one.
  var number = 0

  func value(_ name: String) -> String? { fields.first { $0.0 == name }?.1 }
  var path: String { value(":path") ?? "" }
}

/// What it does about one.
enum OriginReply: Sendable {
  case answer([(String, String)], body: [UInt8]?, trailers: [(String, String)])
  /// The end of the stream follows once the connection's next bytes came.
  case unended([(String, String)], body: [UInt8])
  case reset(UInt32)
  /// Says that the connection ends and that this request was not looked at.
  case goAway

  static func text(_ text: String) -> OriginReply {
    .answer([(":status", "200")], body: Array(text.utf8), trailers: [])
  }
}

/// A server that speaks HTTP/2 only, written on the engine alone.
final class HTTP2Origin: HTTP2Engine.Owner {
  private final class Call: HTTP2Stream {
    var request = OriginRequest()
    var isWhole = false
    var isCounted = false
    var outgoing: ArraySlice<UInt8> = []
    var isHeld = false
    private let engine: HTTP2Engine
    private let onClosed: @Sendable (UInt32) -> Void

    init(
      _ engine: HTTP2Engine, number: Int, onClosed: @escaping @Sendable (UInt32) -> Void
    ) {
      self.engine = engine
      self.onClosed = onClosed
      request.number = number
    }

    override func received(
      _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ section: HTTP2Section
    ) {
      let name = String(decoding: name, as: UTF8.self)
      let value = String(decoding: value, as: UTF8.self)
      if section == .trailers {
        request.trailers.append("\(name): \(value)")
      } else {
        request.fields.append((name, value))
      }
    }

    override func receivedBody(_ bytes: UnsafeRawBufferPointer) {
      request.body.append(contentsOf: bytes)
      engine.consumed(self, bytes.count)
    }

    override func receivedEnd() { isWhole = true }

    override func closed(code: UInt32) { onClosed(code) }

    override func fill(_ target: UnsafeMutableRawBufferPointer) -> HTTP2BodyPart {
      let count = min(target.count, outgoing.count)
      target.copyBytes(from: outgoing.prefix(count))
      outgoing = outgoing.dropFirst(count)
      return HTTP2BodyPart(count: count, isLast: outgoing.isEmpty && !isHeld)
    }
  }

  private let engine: HTTP2Engine
  private var calls: [Call] = []
  private var held: [Call] = []
  private var count = 0
  private let onClosed: @Sendable (UInt32) -> Void

  private init(_ engine: HTTP2Engine, onClosed: @escaping @Sendable (UInt32) -> Void) {
    self.engine = engine
    self.onClosed = onClosed
    engine.owner = self
  }

  func openStream() -> HTTP2Stream? {
    let call = Call(engine, number: count, onClosed: onClosed)
    count += 1
    calls.append(call)
    return call
  }

  func receivedGoAway(lastStream: Int32, code: UInt32) {}

  /// Answers each request once it is whole.
  static func answering(
    _ answer: @escaping @Sendable (OriginRequest) -> OriginReply
  ) -> Origin.Behaviour {
    deciding { $0.map(answer) }
  }

  /// Asks after each piece that came what to do about the requests that are whole; those without a
  /// reply wait for the next one.
  static func deciding(
    _ limits: HTTP2Limits = HTTP2Limits(),
    onClosed: @escaping @Sendable (UInt32) -> Void = { _ in },
    _ decide: @escaping @Sendable ([OriginRequest]) async -> [OriginReply?]
  ) -> Origin.Behaviour {
    { connection, requests in
      guard let engine = HTTP2Engine(.server, limits, now: 0) else { return }
      let origin = HTTP2Origin(engine, onClosed: onClosed)
      while !engine.isFinished {
        var bytes = ByteBuffer()
        while true {
          let output = engine.nextOutput()
          if output.isEmpty { break }
          bytes.writeBytes(output)
        }
        if bytes.readableBytes > 0 { try await connection.send(bytes) }
        guard try await connection.receive() else { return }
        let received = connection.received.readBytes(length: connection.received.readableBytes)
        received?.withUnsafeBytes { engine.receive($0) }
        origin.endHeld()
        let whole = origin.calls.filter(\.isWhole)
        for call in whole where !call.isCounted {
          call.isCounted = true
          requests.add()
        }
        for (call, reply) in zip(whole, await decide(whole.map(\.request))) {
          guard let reply else { continue }
          origin.reply(to: call, reply)
          origin.calls.removeAll { $0 === call }
        }
      }
    }
  }

  private func endHeld() {
    for call in held {
      call.isHeld = false
      engine.bodyIsThere(call)
    }
    held = []
  }

  private func reply(to call: Call, _ reply: OriginReply) {
    switch reply {
    case .unended(let fields, let body):
      call.outgoing = body[...]
      call.isHeld = true
      held.append(call)
      withFields(fields) { engine.submitResponse(call, $0, hasBody: true) }
    case .answer(let fields, let body, let trailers):
      call.outgoing = (body ?? [])[...]
      withFields(fields) { engine.submitResponse(call, $0, hasBody: body != nil) }
      withFields(trailers) { engine.submitTrailers(call, $0) }
    case .reset(let code): engine.reset(call, code: code)
    case .goAway:
      engine.refuseStreams(after: call.id - 2)
      engine.reset(call, code: HTTP2Code.refusedStream)
    }
  }
}

/// Fields whose bytes live as long as `body` runs.
func withFields<Value>(
  _ fields: [(String, String)], _ body: (borrowing HTTP2Fields) -> Value
) -> Value {
  var block = HTTP2Fields(capacity: fields.count)
  let copies = fields.map { name, value in
    [name, value].map { text in
      let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: text.utf8.count, alignment: 1)
      memory.copyBytes(from: text.utf8)
      return memory
    }
  }
  defer { for memory in copies.joined() { memory.deallocate() } }
  for pair in copies { block.add(UnsafeRawBufferPointer(pair[0]), UnsafeRawBufferPointer(pair[1])) }
  return body(block)
}
