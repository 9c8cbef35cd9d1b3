// SPDX-License-Identifier: Apache-2.0
import HTTP2Engine

/// Several requests at a time, each on a stream of its own, all with the same fields.
final class HTTP2Client: ClientCodec, HTTP2Engine.Owner {
  var answered: [Instant] = []
  private let engine: HTTP2Engine
  private var fields = HTTP2Fields(capacity: 7)
  private let user: UnsafeMutableRawBufferPointer
  private var output: [UInt8] = []
  private var failure: BenchmarkError?

  init(number: Int, isSecure: Bool) throws {
    guard let engine = HTTP2Engine(.client, now: Instant.now.milliseconds) else {
      throw BenchmarkError("no memory for a client of HTTP/2")
    }
    self.engine = engine
    let text = "user-\(number)"
    user = .allocate(byteCount: text.utf8.count, alignment: 1)
    user.copyBytes(from: text.utf8)
    fields.add(":method", "GET")
    fields.add(":scheme", isSecure ? "https" : "http")
    fields.add(":authority", "shop.example")
    fields.add(":path", "/items/42?page=1")
    fields.add("user-agent", "proxy-benchmark")
    fields.add("accept", "application/json")
    fields.add("x-user-id", UnsafeRawBufferPointer(user))
    engine.owner = self
  }

  deinit {
    engine.close()
    user.deallocate()
  }

  func ask(due: Instant) throws {
    if !engine.submitRequest(AnswerStream(self, due: due), fields, hasBody: false) {
      throw BenchmarkError("a contender takes fewer streams than the load has")
    }
  }

  func receive(_ bytes: UnsafeRawBufferPointer) throws {
    engine.now = Instant.now.milliseconds
    engine.receive(bytes)
    if let violation = engine.violation {
      throw BenchmarkError("a contender broke the rules of HTTP/2: \(violation)")
    }
    if let failure { throw failure }
  }

  func withOutput(_ send: (UnsafeRawBufferPointer) throws -> Void) throws {
    output.removeAll(keepingCapacity: true)
    // The library gives one frame at a time; they leave together.
    while case let frame = engine.nextOutput(), !frame.isEmpty { output.append(contentsOf: frame) }
    if !output.isEmpty { try output.withUnsafeBytes(send) }
  }

  func openStream() -> HTTP2Stream? { nil }

  func receivedGoAway(lastStream: Int32, code: UInt32) {
    failure = failure ?? BenchmarkError("a contender ends a connection (code \(code))")
  }

  fileprivate func consumed(_ stream: AnswerStream, _ count: Int) {
    engine.consumed(stream, count)
  }

  fileprivate func ended(_ stream: AnswerStream, _ code: UInt32) {
    if code == HTTP2Code.none, stream.isWhole {
      answered.append(stream.due)
    } else {
      failure = failure ?? BenchmarkError("a stream ended early (code \(code)) or without a 200")
    }
  }
}

/// The answer to one request, of which only its end is kept.
private final class AnswerStream: HTTP2Stream {
  let due: Instant
  private unowned let client: HTTP2Client
  private var isOK = false
  private var announced = -1
  private var received = 0

  init(_ client: HTTP2Client, due: Instant) {
    self.client = client
    self.due = due
  }

  var isWhole: Bool { isOK && received == announced }

  override func received(
    _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ section: HTTP2Section
  ) {
    if name.first == UInt8(ascii: ":") {
      isOK = value.elementsEqual("200".utf8)
    } else if name.count == 14, name.elementsEqual("content-length".utf8) {
      announced = value.reduce(0) { $0 &* 10 &+ Int($1 & 0xf) }
    }
  }

  override func receivedBody(_ bytes: UnsafeRawBufferPointer) {
    received += bytes.count
    client.consumed(self, bytes.count)
  }

  override func closed(code: UInt32) { client.ended(self, code) }
}
