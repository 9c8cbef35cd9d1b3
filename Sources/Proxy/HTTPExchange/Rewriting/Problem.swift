// SPDX-License-Identifier: Apache-2.0

/// Why the proxy itself answers, in place of an upstream.
package enum Problem: Sendable, Equatable {
  /// The client's message broke a rule.
  case rejected(Rejection)
  /// No route matches.
  case noRoute
  /// The upstream failed before its answer began.
  case upstream(UpstreamFailure)
  /// The head did not arrive in time.
  case requestTimeout
  /// The proxy is about to stop.
  case draining
  /// Not a problem: OPTIONS asked what the proxy itself can do.
  case options

  package var status: Int {
    switch self {
    case .rejected(let rejection): rejection.status
    case .noRoute: 404
    case .upstream(let failure): failure.status
    case .requestTimeout: 408
    case .draining: 503
    case .options: 204
    }
  }

  /// A stable kebab-case name.
  package var reason: String {
    switch self {
    case .rejected(let rejection): rejection.name
    case .noRoute: "no-route"
    case .upstream(let failure): failure.name
    case .requestTimeout: "request-timeout"
    case .draining: "draining"
    case .options: "options"
    }
  }

  private var detail: String {
    switch self {
    case .rejected(let rejection): rejection.detail
    case .noRoute: "No route of this proxy matches the request."
    case .upstream(let failure): failure.detail
    case .requestTimeout: "The request did not arrive in time."
    case .draining: "This proxy is about to stop; try again."
    case .options: ""
    }
  }

  /// A whole response with an RFC 9457 body.
  ///
  /// - Parameters:
  ///   - upstream: the configured name of the upstream concerned, if one is.
  ///   - close: says that the connection ends here.
  ///   - omitsBody: the request was HEAD, so only the head may follow.
  ///   - dateLine: the line that says when it was made.
  package func response(
    upstream: String?, close: Bool, omitsBody: Bool, dateLine: [UInt8] = []
  ) -> [UInt8] {
    if self == .options { return Self.options(close: close, dateLine) }
    var body =
      "{\"type\":\"about:blank\",\"title\":\"\(ReasonPhrase.of(status))\",\"status\":\(status)"
    body += ",\"reason\":\"\(reason)\",\"detail\":\"\(detail)\""
    if let upstream { body += ",\"upstream\":\"\(Self.escaped(upstream))\"" }
    body += "}\n"
    var head = "HTTP/1.1 \(status) \(ReasonPhrase.of(status))\r\n"
    head += "content-type: application/problem+json\r\ncontent-length: \(body.utf8.count)\r\n"
    head += String(decoding: dateLine, as: UTF8.self)
    head += "cache-control: no-store\r\nvia: 1.1 strangler\r\n"
    switch self {
    case .rejected(.traceRefused):
      head += Self.allow
    case .upstream(let failure) where failure.status == 503: head += "retry-after: 1\r\n"
    case .draining, .rejected(.memory):
      head += "retry-after: 1\r\n"
    default: break
    }
    if close { head += "connection: close\r\n" }
    head += "\r\n"
    return Array(head.utf8) + (omitsBody ? [] : Array(body.utf8))
  }

  private static let allow = "allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"

  private static func options(close: Bool, _ dateLine: [UInt8]) -> [UInt8] {
    let head = "HTTP/1.1 204 No Content\r\n\(allow)via: 1.1 strangler\r\n"
    return Array(head.utf8) + dateLine
      + Array((close ? "connection: close\r\n\r\n" : "\r\n").utf8)
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

package enum ReasonPhrase {
  /// The registered phrase of the statuses that the proxy itself sends.
  package static func of(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 417: "Expectation Failed"
    case 431: "Request Header Fields Too Large"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    case 508: "Loop Detected"
    default: "Error"
    }
  }
}
