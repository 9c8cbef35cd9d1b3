// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions

/// What a target is to be told: the routes in the order in which they are tried, and what became of
/// each upstream. Targets add notes to it while they write.
struct ExportPlan {
  struct Route {
    let route: RouteConfiguration
    /// Its conditions, without those that always hold.
    let conditions: [RouteCondition]
    let answer: Answer
  }

  /// Who answers the requests of a route.
  enum Answer {
    case upstream(String)
    /// That many hundredths of a percent of the users go to the extracted side.
    case split(extracted: String, legacy: String, hundredths: Int, keys: [StickyKey], group: String)

    var upstreams: [String] {
      switch self {
      case .upstream(let name): [name]
      case .split(let extracted, let legacy, _, _, _): [extracted, legacy]
      }
    }
  }

  let configuration: ProxyConfiguration
  let format: ExportFormat
  private(set) var routes: [Route] = []
  private(set) var notes: [ExportNote] = []

  init(_ table: RoutingTable, for format: ExportFormat) {
    configuration = table.configuration
    self.format = format
    noteTransport()
    for index in table.routesByPrecedence { add(table.configuration.routes[index]) }
    noteSettings()
  }

  mutating func note(
    _ affects: ExportNote.Effect, route: String? = nil, _ setting: String, _ instead: String
  ) {
    let note = ExportNote(affects, route: route, setting, instead)
    if !notes.contains(note) { notes.append(note) }
  }

  /// Upstreams that a route in the plan uses, in the order of the file.
  var upstreams: [UpstreamConfiguration] {
    let used = Set(routes.flatMap(\.answer.upstreams))
    return configuration.upstreams.filter { used.contains($0.name) }
  }

  /// Its servers; nil when the target cannot reach it, and 503 is the answer.
  func endpoints(of upstream: UpstreamConfiguration) -> [NetworkAddress]? {
    guard case .network(let endpoints) = upstream.target,
      Unreachable.reason(upstream, format) == nil
    else { return nil }
    return endpoints
  }

  /// The same by name.
  func endpoints(ofUpstream name: String) -> [NetworkAddress]? {
    configuration.upstreams.first { $0.name == name }.flatMap { endpoints(of: $0) }
  }

  private mutating func add(_ route: RouteConfiguration) {
    if route.match.graphQL != nil {
      return note(
        .routing, route: route.name, "match.graphql",
        "\(format.product) does not read operations of GraphQL, so that the route takes no request "
          + "and is left out")
    }
    var conditions: [RouteCondition] = []
    for condition in RouteCondition.all(of: route.match) {
      switch condition.standing(in: configuration, format) {
      case .asked: conditions.append(condition)
      case .always(let reason):
        note(.routing, route: route.name, condition.setting, "\(reason), so that it always holds")
      case .never(let reason):
        note(
          .routing, route: route.name, condition.setting,
          "\(reason), so that the route takes no request and is left out")
        return
      }
    }
    let answer = answer(of: route)
    for name in answer.upstreams {
      guard let upstream = configuration.upstreams.first(where: { $0.name == name }),
        let reason = Unreachable.reason(upstream, format)
      else { continue }
      note(
        .routing, route: route.name, "upstreams.\(name)",
        "\(reason); \(format == .gatewayAPI ? 500 : 503) is answered instead")
    }
    routes.append(Route(route: route, conditions: conditions, answer: answer))
  }

  private mutating func answer(of route: RouteConfiguration) -> Answer {
    guard let extracted = route.extracted, route.percent > .zero else {
      return .upstream(route.legacy)
    }
    if route.percent == .full { return .upstream(extracted) }
    let found = route.sticky.filter { key in
      switch key {
      case .header(let name): return !isInternal(name) && format.canName(header: name)
      case .cookie(let name): return format.canName(cookie: name)
      case .clientAddress: return true
      }
    }
    for key in route.sticky where !found.contains(key) {
      note(
        .routing, route: route.name, "sticky",
        "\(key) is not looked at; the places behind it count")
    }
    note(
      .routing, route: route.name, "percent",
      format == .gatewayAPI
        ? "\(route.percent) % of the requests go to \(extracted), whoever sends them"
        : "\(route.percent) % of the users go to \(extracted) by a hash of \(format.product), which "
          + "are not the same users")
    return .split(
      extracted: extracted, legacy: route.legacy, hundredths: route.percent.hundredths,
      keys: found, group: route.group ?? route.name)
  }

  private func isInternal(_ header: String) -> Bool {
    configuration.isInternal(header: header)
  }
}

extension ProxyConfiguration {
  /// Exported texts remove internal fields from every request, whoever sends it.
  func isInternal(header: String) -> Bool {
    internalHeaders.contains { $0.lowercased() == header.lowercased() }
  }
}

extension ExportFormat {
  /// Whether its language has a name for the field.
  func canName(header: String) -> Bool {
    switch self {
    case .nginx: Self.isWord(header, besides: "-")
    case .haproxy: Self.isWord(header, besides: "-_.")
    case .envoy, .gatewayAPI: true
    }
  }

  /// Whether its language has a name for the cookie.
  func canName(cookie: String) -> Bool {
    switch self {
    case .nginx: Self.isWord(cookie, besides: "_")
    case .haproxy: Self.isWord(cookie, besides: "-_.")
    case .envoy, .gatewayAPI: true
    }
  }

  private static func isWord(_ text: String, besides others: String) -> Bool {
    text.utf8.allSatisfy { ExpressionText.isAlphanumeric($0) || others.utf8.contains($0) }
  }
}
