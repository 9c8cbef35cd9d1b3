// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine

extension String {
  func withBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    Array(utf8).withUnsafeBytes(body)
  }
}

/// A stream that remembers what came and sends what it is told.
final class RecordingStream: HTTP2Stream {
  var heads: [[String]] = [[]]
  var trailers: [String] = []
  var body: [UInt8] = []
  var isTooLarge = false
  var hasEnded = false
  var closeCode: UInt32?
  var outgoing: [UInt8] = []
  var outgoingIsComplete = true

  override func received(
    _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ section: HTTP2Section
  ) {
    let line = "\(String(decoding: name, as: UTF8.self)): \(String(decoding: value, as: UTF8.self))"
    if section == .trailers {
      trailers.append(line)
    } else {
      heads[heads.count - 1].append(line)
    }
  }

  override func received(_ section: HTTP2Section, isLast: Bool, isTooLarge: Bool) {
    if section == .interim { heads.append([]) }
    self.isTooLarge = isTooLarge
  }

  override func receivedBody(_ bytes: UnsafeRawBufferPointer) { body.append(contentsOf: bytes) }
  override func receivedEnd() { hasEnded = true }
  override func closed(code: UInt32) { closeCode = code }

  override func fill(_ target: UnsafeMutableRawBufferPointer) -> HTTP2BodyPart {
    let count = min(target.count, outgoing.count)
    target.copyBytes(from: outgoing[..<count])
    outgoing.removeFirst(count)
    return HTTP2BodyPart(count: count, isLast: outgoing.isEmpty && outgoingIsComplete)
  }
}

/// Two engines back to back.
final class EnginePair: HTTP2Engine.Owner {
  let client: HTTP2Engine
  let server: HTTP2Engine
  var accepted: [RecordingStream] = []
  var goAway: (lastStream: Int32, code: UInt32)?

  init?(_ limits: HTTP2Limits = HTTP2Limits()) {
    guard let client = HTTP2Engine(.client, now: 0),
      let server = HTTP2Engine(.server, limits, now: 0)
    else { return nil }
    self.client = client
    self.server = server
    client.owner = self
    server.owner = self
  }

  func openStream() -> HTTP2Stream? {
    accepted.append(RecordingStream())
    return accepted.last
  }

  func receivedGoAway(lastStream: Int32, code: UInt32) { goAway = (lastStream, code) }

  /// Moves bytes, cut into pieces, until both have nothing to say.
  func exchange(pieces: Int = .max) {
    var moved = true
    while moved {
      moved = false
      for (from, to) in [(client, server), (server, client)] {
        while true {
          let bytes = Array(from.nextOutput())
          if bytes.isEmpty { break }
          moved = true
          var rest = bytes[...]
          while !rest.isEmpty {
            Array(rest.prefix(pieces)).withUnsafeBytes { to.receive($0) }
            rest = rest.dropFirst(pieces)
          }
        }
      }
    }
  }

  func request(_ fields: [(String, String)], body: String? = nil) -> RecordingStream? {
    let stream = RecordingStream()
    stream.outgoing = Array((body ?? "").utf8)
    let isOpen = withFields(fields) {
      client.submitRequest(stream, $0, hasBody: body != nil)
    }
    return isOpen ? stream : nil
  }
}

/// Fields whose bytes live as long as `body` runs.
func withFields<Value>(
  _ fields: [(String, String)], _ body: (borrowing HTTP2Fields) -> Value
) -> Value {
  var block = HTTP2Fields(capacity: fields.count)
  var buffers: [UnsafeMutableRawBufferPointer] = []
  func copy(_ text: String) -> UnsafeRawBufferPointer {
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: text.utf8.count, alignment: 1)
    buffer.copyBytes(from: text.utf8)
    buffers.append(buffer)
    return UnsafeRawBufferPointer(buffer)
  }
  for (name, value) in fields { block.add(copy(name), copy(value)) }
  defer { for buffer in buffers { buffer.deallocate() } }
  return body(block)
}

let get: [(String, String)] = [
  (":method", "GET"), (":scheme", "http"), (":authority", "shop.test"), (":path", "/orders?a=1"),
]

/// Frames written by hand, for what a well-behaved client never sends.
enum Frame {
  static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  static func make(_ type: UInt8, flags: UInt8 = 0, stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
    let count = payload.count
    return [UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255), type, flags]
      + (0..<4).map { UInt8(stream >> (24 - 8 * $0) & 255) } + payload
  }

  static let settings = make(4, stream: 0, [])
  /// GET / of https://a, all but the authority from the static table.
  static func headers(_ stream: UInt32, flags: UInt8 = 0x5) -> [UInt8] {
    make(1, flags: flags, stream: stream, [0x82, 0x84, 0x87, 0x01, 0x01, 0x61])
  }
  static func reset(_ stream: UInt32) -> [UInt8] { make(3, stream: stream, [0, 0, 0, 8]) }
}
