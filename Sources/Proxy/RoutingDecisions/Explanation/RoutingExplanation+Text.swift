// SPDX-License-Identifier: Apache-2.0

import GraphQLRequests

extension RoutingExplanation {
  /// The explanation for a terminal: what was decided, from what, and what became of each route.
  public var text: String {
    var facts = TextTable()
    for (name, value) in self.facts { facts.add([name, value]) }
    var routes = TextTable()
    for attempt in attempts {
      routes.add([attempt.route, attempt.path, attempt.outcome.sentence])
    }
    let request = query.isEmpty ? "\(method) \(path)" : "\(method) \(path)?\(query)"
    return
      ([request] + facts.lines(indent: 2) + ["", "  routes, most specific first"]
      + routes.lines(indent: 4)).joined(separator: "\n") + "\n"
  }

  private var facts: [(String, String)] {
    var facts = [("host", authority), ("client", clientAddress)]
    if normalizedPath != path { facts.append(("path", "compared as \(normalizedPath)")) }
    if let operationText { facts.append(("graphql", operationText)) }
    guard let route, let upstream else {
      return facts + [("route", "none: the proxy answers 404")]
    }
    facts.append(("route", "\(route.name) (\(route.match.summary))"))
    if route.extracted != nil { facts += splitFacts(route) }
    facts.append(("side", decision.side.name))
    facts.append(("upstream", upstream.summary))
    if let fallbackUpstream {
      facts.append(("fallback", "\(fallbackUpstream.summary), for safe methods only"))
    }
    if let shadow = route.shadow { facts.append(("shadow", shadowFact(shadow))) }
    return facts
  }

  /// `query Page { cart products }`; nil when no route asks.
  var operationText: String? {
    switch operation {
    case nil: nil
    case .failure(let reason): "cannot be told: \(reason.rawValue)"
    case .success(let operation):
      [
        operation.kind?.rawValue ?? "persisted", operation.name,
        operation.rootFields.map { "{ \($0.joined(separator: " ")) }" },
      ].compactMap(\.self).joined(separator: " ")
    }
  }

  private func shadowFact(_ shadow: ShadowConfiguration) -> String {
    if shadow.mode == .off { return "off" }
    return "\(shadow.summary); \(shadowSentence)"
  }

  /// What the shadow makes of this request, in a few words.
  var shadowSentence: String {
    switch shadow {
    case nil: "not this request: the extracted side answers it itself"
    case .upgrade: "not this request: it offers to switch to another protocol"
    case .write: "not this \(method), which may change something"
    case .everyRequest: "takes this request"
    case .taken(let bucket): "takes this request: bucket \(bucket) of its X-Request-ID or trace"
    case .left(let bucket):
      "leaves this request out: bucket \(bucket) of its X-Request-ID or trace"
    case .byChance: "takes this request by chance: it has no X-Request-ID and no trace"
    case .byRate: "takes this request when it is the first one due"
    }
  }

  private func splitFacts(_ route: RouteConfiguration) -> [(String, String)] {
    let places = route.sticky.map(\.description).joined(separator: ", ")
    guard let userKey else {
      let rule =
        route.percent == .full ? "100 % takes it all the same" : "stays with legacy below 100 %"
      return [("user key", "none (looked for \(places)); \(rule)")]
    }
    let share =
      route.percent == .zero
      ? "0 % takes no bucket"
      : "\(route.percent) % takes buckets 0 to \(route.percent.hundredths - 1)"
    return [
      ("user key", "\"\(userKey.text)\" from \(userKey.place)"),
      ("bucket", "\(decision.bucket) of group \"\(route.group ?? route.name)\"; \(share)"),
    ]
  }
}

extension RoutingExplanation.Outcome {
  /// What became of the route, in a few words.
  public var sentence: String {
    switch self {
    case .taken: "takes it"
    case .outranked(let winner): "would take it, but \(winner) comes first"
    case .otherPath: "path does not match"
    case .otherHost: "host does not match"
    case .otherMethod: "method does not match"
    case .header(let name): "header \(name) does not match"
    case .query(let name): "query parameter \(name) does not match"
    case .operation: "GraphQL operation does not match"
    }
  }
}
