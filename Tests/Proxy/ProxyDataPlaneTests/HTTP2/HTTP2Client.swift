// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import NIOCore

/// A request of a test and what came back for it.
final class ClientCall: HTTP2Stream {
  private(set) var interim: [[String: String]] = []
  private(set) var head: [String: String] = [:]
  private(set) var trailers: [String: String] = [:]
  private(set) var body: [UInt8] = []
  private(set) var closeCode: UInt32?
  private(set) var hasEnded = false
  private var outgoing: ArraySlice<UInt8>
  private let sendsWhole: Bool
  /// Bytes of the answer are taken only up to here.
  var mostTaken = Int.max
  private(set) var untaken = 0
  private let engine: HTTP2Engine

  init(_ engine: HTTP2Engine, _ body: [UInt8], sendsWhole: Bool) {
    self.engine = engine
    outgoing = body[...]
    self.sendsWhole = sendsWhole
  }

  var status: Int { Int(head[":status"] ?? "") ?? 0 }
  var text: String { String(decoding: body, as: UTF8.self) }
  var isDone: Bool { closeCode != nil }

  override func received(
    _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ section: HTTP2Section
  ) {
    let name = String(decoding: name, as: UTF8.self)
    let value = String(decoding: value, as: UTF8.self)
    if section == .trailers { trailers[name] = value } else { head[name] = value }
  }

  override func received(_ section: HTTP2Section, isLast: Bool, isTooLarge: Bool) {
    if section == .interim {
      interim.append(head)
      head = [:]
    }
  }

  override func receivedBody(_ bytes: UnsafeRawBufferPointer) {
    body.append(contentsOf: bytes)
    untaken += bytes.count
    if body.count <= mostTaken { takeAll() }
  }

  /// Gives the window back for what came.
  func takeAll() {
    engine.consumed(self, untaken)
    untaken = 0
  }

  override func receivedEnd() { hasEnded = true }
  override func closed(code: UInt32) { closeCode = code }

  override func fill(_ target: UnsafeMutableRawBufferPointer) -> HTTP2BodyPart {
    let count = min(target.count, outgoing.count)
    target.copyBytes(from: outgoing.prefix(count))
    outgoing = outgoing.dropFirst(count)
    return HTTP2BodyPart(count: count, isLast: outgoing.isEmpty && sendsWhole)
  }
}

/// A client of HTTP/2 over one connection, by prior knowledge.
final class HTTP2Client: HTTP2Engine.Owner {
  let engine: HTTP2Engine
  let connection: WireConnection
  private(set) var goAway: UInt32?
  private(set) var hasEnded = false
  /// It said that it sends nothing more; what the engine has to say is lost.
  private var isFinished = false

  init(_ connection: WireConnection, _ limits: HTTP2Limits = HTTP2Limits()) throws {
    guard let engine = HTTP2Engine(.client, limits, now: 0) else {
      throw WireError(description: "no memory")
    }
    self.engine = engine
    self.connection = connection
    engine.owner = self
  }

  func openStream() -> HTTP2Stream? { nil }
  func receivedGoAway(lastStream: Int32, code: UInt32) { goAway = code }

  /// Runs `body` with a client of a proxy.
  static func run<Value>(
    _ port: Int, _ limits: HTTP2Limits = HTTP2Limits(),
    _ body: (HTTP2Client) async throws -> Value
  ) async throws -> Value {
    try await Loopback.connect(port) { try await body(try HTTP2Client($0, limits)) }
  }

  /// Opens a stream; its bytes leave with the next wait.
  func call(
    _ path: String, method: String = "GET", authority: String? = "shop.test",
    _ fields: [(String, String)] = [], body: [UInt8]? = nil, sendsWhole: Bool = true,
    trailers: [(String, String)] = []
  ) throws -> ClientCall {
    let all: [(String, String)] =
      [(":method", method), (":scheme", "http")] + (authority.map { [(":authority", $0)] } ?? [])
      + [(":path", path)] + fields
    let call = ClientCall(engine, body ?? [], sendsWhole: sendsWhole)
    guard withFields(all, { engine.submitRequest(call, $0, hasBody: body != nil) }) else {
      throw WireError(description: "no stream")
    }
    withFields(trailers) { engine.submitTrailers(call, $0) }
    return call
  }

  /// Sends what there is.
  func send() async throws {
    var bytes = ByteBuffer()
    while true {
      let output = engine.nextOutput()
      if output.isEmpty { break }
      bytes.writeBytes(output)
    }
    if bytes.readableBytes > 0, !isFinished { try await connection.send(bytes) }
  }

  /// Ends its side of the connection behind what was sent.
  func finishSending() {
    isFinished = true
    connection.finishSending()
  }

  /// Sends and receives until the condition holds, or the proxy closed.
  func wait(until isMet: () -> Bool) async throws {
    while true {
      try await send()
      if isMet() || hasEnded { return }
      if try await !connection.receive() { hasEnded = true }
      if let bytes = connection.received.readBytes(length: connection.received.readableBytes) {
        bytes.withUnsafeBytes { engine.receive($0) }
      }
    }
  }

  func answer(to call: ClientCall) async throws { try await wait { call.isDone } }
}
