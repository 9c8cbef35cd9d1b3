// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import HTTPTypes
import NIOCore

/// A request as a module receives it, read back from the bytes an upstream would have got.
struct ModuleRequest {
  let request: HTTPRequest
  let framing: BodyFraming
  let expectsContinue: Bool
  let headLength: Int

  /// nil when the bytes are not one whole head.
  init?(bytes: UnsafeRawBufferPointer, limits: MessageLimits) {
    let limits = limits.forOwnRequests
    let storage = HeadStorage(capacity: limits.fieldCount)
    var progress = HeadProgress()
    var head = RequestHead()
    let outcome = RequestHeadParser(limits: limits).parse(
      bytes, &progress, into: storage, head: &head)
    guard case .complete(let length) = outcome,
      let method = HTTPRequest.Method(Self.text(bytes[head.method]))
    else { return nil }
    var request = HTTPRequest(
      method: method, scheme: "http", authority: Self.text(bytes[head.authority]),
      path: Self.text(bytes[head.target]))
    for field in storage.view {
      guard let name = HTTPField.Name(Self.text(bytes[field.name])), name != Self.host else {
        continue
      }
      request.headerFields.append(HTTPField(name: name, value: Self.text(bytes[field.value])))
    }
    self.request = request
    framing = head.facts.body
    expectsContinue = head.facts.expectsContinue
    headLength = length
  }

  private static let host = HTTPField.Name("host")

  private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    String(decoding: bytes, as: UTF8.self)
  }
}

/// Turns a module's response into HTTP/1.1 bytes.
struct ModuleResponseEncoder {
  private enum Framing { case none, length, chunked }

  private let isHead: Bool
  private var framing = Framing.none
  private(set) var hasHead = false

  init(isHead: Bool = false) { self.isHead = isHead }

  /// False when the final head was sent before, or for 101: a module has no connection to switch.
  mutating func encode(_ head: HTTPResponse, into bytes: inout ByteBuffer) -> Bool {
    if hasHead || head.status.code == 101 { return false }
    bytes.writeString("HTTP/1.1 \(head.status.code) \(head.status.reasonPhrase)\r\n")
    for field in head.headerFields where !Self.framingNames.contains(field.name) {
      bytes.writeString("\(field.name.rawName): \(field.value)\r\n")
    }
    if head.status.kind != .informational {
      hasHead = true
      let isEmpty = isHead || head.status.code == 204 || head.status.code == 304
      if let length = head.headerFields[.contentLength] {
        framing = isEmpty ? .none : .length
        bytes.writeString("content-length: \(length)\r\n")
      } else if !isEmpty {
        framing = .chunked
        bytes.writeString("transfer-encoding: chunked\r\n")
      }
    }
    bytes.writeString("\r\n")
    return true
  }

  /// False when no head was sent before.
  mutating func encode(_ body: ByteBuffer, into bytes: inout ByteBuffer) -> Bool {
    if !hasHead { return false }
    let length = body.readableBytes
    if length == 0 || framing == .none { return true }
    if framing == .chunked {
      _ = bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: ChunkLine.capacity) {
        ChunkLine.write(length, into: $0)
      }
    }
    bytes.writeImmutableBuffer(body)
    if framing == .chunked { bytes.writeStaticString(ChunkLine.end) }
    return true
  }

  func finish(into bytes: inout ByteBuffer) {
    if framing == .chunked { bytes.writeStaticString(ChunkLine.last) }
  }

  private static let framingNames: [HTTPField.Name] = [
    .contentLength, .transferEncoding, .connection,
  ]
}
