// SPDX-License-Identifier: Apache-2.0

import GraphQLRequests
import HTTPExchange

/// A request as somebody types it: `GET /orders/42` and `name: value` for each header field.
public struct RequestText: Sendable, Equatable {
  /// Why such a request cannot be explained.
  public enum Problem: Error, Sendable, Equatable, CustomStringConvertible {
    /// It is not `METHOD /path`.
    case malformedRequest(String)
    /// A header field is not `name: value`.
    case malformedHeader(String)
    /// The proxy would refuse it before routing, with this status and for this reason.
    case refused(status: Int, reason: String, detail: String)

    /// One sentence that says what to do.
    public var description: String {
      switch self {
      case .malformedRequest(let text):
        "expected a method and a path such as 'GET /orders/42', found '\(text)'"
      case .malformedHeader(let text):
        "expected a header field such as 'x-user-id: 7', found '\(text)'"
      case .refused(let status, let reason, let detail):
        "the proxy refuses this request before routing: \(status) \(reason): \(detail)"
      }
    }
  }

  /// Method and target, with or without the version.
  public var request: String
  /// Header fields, `name: value` each.
  public var headers: [String]
  /// The client's address, without port.
  public var clientAddress: String
  /// The body; only the operation of a GraphQL request is read from it.
  public var body: String

  /// Creates a request; without a `Host` field it is for the proxy's own address.
  public init(
    _ request: String, headers: [String] = [], clientAddress: String = "127.0.0.1",
    body: String = ""
  ) {
    self.request = request
    self.headers = headers
    self.clientAddress = clientAddress
    self.body = body
  }

  /// The bytes a client would send.
  func bytes(defaultHost: String) throws(Problem) -> [UInt8] {
    let parts = request.split(separator: " ", omittingEmptySubsequences: false)
    let isSound =
      (parts.count == 2 || (parts.count == 3 && parts[2].hasPrefix("HTTP/")))
      && !request.utf8.contains { $0 < 0x20 }
    guard isSound else { throw .malformedRequest(request) }
    var text = parts.count == 2 ? "\(request) HTTP/1.1\r\n" : "\(request)\r\n"
    for header in headers {
      guard header.contains(":"), !header.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 }) else {
        throw .malformedHeader(header)
      }
      text += "\(header)\r\n"
    }
    if !body.isEmpty, !headers.contains(where: { $0.lowercased().hasPrefix("content-type:") }) {
      text += "Content-Type: application/json\r\n"
    }
    if !headers.contains(where: { $0.lowercased().hasPrefix("host:") }) {
      text += "Host: \(defaultHost)\r\n"
    }
    return Array((text + "\r\n").utf8)
  }
}

extension RoutingTable {
  /// Explains a typed request: it is written as bytes and read by the parser of live traffic.
  public func explain(_ text: RequestText) throws(RequestText.Problem) -> RoutingExplanation {
    let bytes = try text.bytes(defaultHost: configuration.listen.description)
    return try bytes.withUnsafeBytes { explain($0, of: text) }.get()
  }

  private func explain(
    _ bytes: UnsafeRawBufferPointer, of text: RequestText
  ) -> Result<RoutingExplanation, RequestText.Problem> {
    let limits = MessageLimits(configuration.limits)
    let storage = HeadStorage(capacity: limits.fieldCount)
    var progress = HeadProgress()
    var head = RequestHead()
    let outcome = RequestHeadParser(limits: limits).parse(
      bytes, &progress, into: storage, head: &head)
    switch outcome {
    case .complete: break
    case .incomplete: return .failure(.malformedRequest(text.request))
    case .rejected(let rejection):
      return .failure(
        .refused(
          status: rejection.status, reason: rejection.name, detail: rejection.detail))
    }
    let explanation = Array(text.clientAddress.utf8).withUnsafeBytes { client in
      let view = head.view(bytes, storage, clientAddress: client)
      return explain(
        view, offersUpgrade: head.upgrade.length > 0,
        overridesMethod: head.facts.overridesMethod,
        operation: asksForOperation(view) ? view.operation(body: Array(text.body.utf8)) : nil)
    }
    return .success(explanation)
  }
}
