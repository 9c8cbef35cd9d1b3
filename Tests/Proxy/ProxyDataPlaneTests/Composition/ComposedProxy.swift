// SPDX-License-Identifier: Apache-2.0

import GatewayComposition
import ProxyDataPlane
import RoutingDecisions

extension ProxyConfiguration {
  /// `GET /accounts/{id}` composed of parts, each with an upstream of its own name.
  ///
  /// - Parameters:
  ///   - ports: of the upstreams, by name.
  ///   - legacy: a port; with it the composed upstream is the extracted side of everybody.
  static func composed(
    _ ports: [String: Int], parts: [CompositionPart], answer: AnswerTemplate? = nil,
    deadline: Duration? = nil, legacy: Int? = nil
  ) throws -> ProxyConfiguration {
    let plan = CompositionPlan(parts: parts, answer: answer, deadline: deadline)
    var upstreams = ports.sorted { $0.key < $1.key }.map { name, port in
      UpstreamConfiguration(
        name: name, target: .network([NetworkAddress(host: "127.0.0.1", port: port)]))
    }
    upstreams.append(UpstreamConfiguration(name: "account", target: .composition(plan)))
    if let legacy {
      upstreams.append(
        UpstreamConfiguration(
          name: "legacy", target: .network([NetworkAddress(host: "127.0.0.1", port: legacy)])))
    }
    return try ProxyConfiguration(
      listen: NetworkAddress(host: "127.0.0.1", port: 0), timeouts: .testing,
      upstreams: upstreams,
      routes: [
        RouteConfiguration(
          name: "account",
          match: RouteMatch(
            path: PathTemplate(parsing: "/accounts/{id}"), methods: ["GET", "HEAD"]),
          legacy: legacy == nil ? "account" : "legacy",
          extracted: legacy == nil ? nil : "account", percent: legacy == nil ? .zero : .full)
      ])
  }
}

extension CompositionPart {
  /// Asks the upstream of its own name for `/NAME/{id}`.
  static func part(
    _ name: String, required: Bool = false, timeout: Duration = .seconds(20),
    maximumBytes: Int = 1 << 20, fallback: Fallback? = nil, cacheControl: String? = nil
  ) throws -> CompositionPart {
    CompositionPart(
      name: name, upstream: name, path: try PartPath(parsing: "/\(name)/{id}"),
      isRequired: required, timeout: timeout, maximumBytes: maximumBytes, fallback: fallback,
      cacheControl: cacheControl.map { CacheControl(parsing: [$0]) })
  }
}

extension Origin {
  /// Answers 200 with JSON, and with these lines in the head.
  static func json(_ text: String, _ lines: String = "") -> Behaviour {
    answering { _ in
      "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\(lines)"
        + "content-length: \(text.utf8.count)\r\n\r\n\(text)"
    }
  }

  /// Answers with a status and no body.
  static func status(_ status: Int, _ lines: String = "") -> Behaviour {
    answering { _ in "HTTP/1.1 \(status) X\r\n\(lines)content-length: 0\r\n\r\n" }
  }
}
