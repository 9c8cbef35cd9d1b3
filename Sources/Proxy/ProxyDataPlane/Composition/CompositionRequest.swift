// SPDX-License-Identifier: Apache-2.0

import HTTPExchange

/// A request to a composed upstream, read back from the bytes that a server would have got, and
/// what its parts are asked.
struct CompositionRequest {
  /// Fields that are about the whole answer, its form or the request's body. Those of a condition
  /// or a range would have a part answer with something else than its JSON.
  private static let dropped: Set<String> = [
    "host", "accept", "accept-encoding", "connection", "content-encoding", "content-language",
    "content-length", "content-type", "expect", "if-match", "if-modified-since", "if-none-match",
    "if-range", "if-unmodified-since", "keep-alive", "range", "te", "trailer",
    "transfer-encoding", "upgrade",
  ]

  let method: MethodKind
  let path: [UInt8]
  let query: [UInt8]
  /// What follows the request line of every part.
  private let fields: [UInt8]

  /// nil when the bytes are not one whole head.
  init?(_ bytes: UnsafeRawBufferPointer, limits: MessageLimits) {
    let limits = limits.forOwnRequests
    let storage = HeadStorage(capacity: limits.fieldCount)
    var progress = HeadProgress()
    var head = RequestHead()
    let outcome = RequestHeadParser(limits: limits).parse(
      bytes, &progress, into: storage, head: &head)
    guard case .complete = outcome else { return nil }
    method = head.facts.method
    path = Array(bytes[head.path])
    query = Array(bytes[head.query])
    var fields = Array("host: ".utf8)
    fields += bytes[head.authority]
    fields += "\r\naccept: application/json\r\naccept-encoding: identity\r\n".utf8
    for field in storage.view {
      let name = String(decoding: bytes[field.name], as: UTF8.self).lowercased()
      if Self.dropped.contains(name) { continue }
      fields += bytes[field.name]
      fields += ": ".utf8
      fields += bytes[field.value]
      fields += "\r\n".utf8
    }
    fields += "\r\n".utf8
    self.fields = fields
  }

  /// The head of a part's request.
  func head(target: [UInt8]) -> [UInt8] {
    Array("GET ".utf8) + target + Array(" HTTP/1.1\r\n".utf8) + fields
  }
}
