// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions

/// Routes as HTTPRoutes of Gateway API, one for each host, in as many pieces as its limit of rules
/// asks for. Which rule takes a request is for the implementation to find by the API's own order.
struct GatewayAPIExport {
  /// Rules that one HTTPRoute may hold.
  private static let mostRules = 16
  private static let unreachable = "strangler-unreachable"

  private let plan: ExportPlan

  init(_ plan: inout ExportPlan) {
    plan.noteGatewayAPI()
    for planned in plan.routes {
      if Self.path(planned.route.match.path).kind == .expression {
        plan.note(
          .routing, route: planned.route.name, "match.path",
          "expressions are implementation specific, and so is their place among other paths")
      }
      if planned.conditions.contains(where: Self.isPresence) {
        plan.note(
          .routing, route: planned.route.name, "match",
          "that something is there, whatever its value, is asked by an implementation specific "
            + "expression")
      }
    }
    for upstream in plan.upstreams {
      guard let endpoints = plan.endpoints(of: upstream) else { continue }
      plan.note(
        .handling, "upstreams.\(upstream.name)",
        "a Service called \(Self.service(upstream.name)) has to lead to "
          + endpoints.map(\.description).joined(separator: ", "))
    }
    self.plan = plan
  }

  var text: [String] {
    var hosts: [HostPattern?] = []
    for planned in plan.routes where !hosts.contains(planned.route.match.host) {
      hosts.append(planned.route.match.host)
    }
    var pieces: [(host: HostPattern?, routes: [ExportPlan.Route])] = []
    for host in hosts {
      let routes = plan.routes.filter { $0.route.match.host == host }
      for start in stride(from: 0, to: routes.count, by: Self.mostRules) {
        pieces.append((host, Array(routes[start...].prefix(Self.mostRules))))
      }
    }
    return pieces.enumerated().flatMap { number, piece in
      (number == 0 ? [] : ["---"])
        + YAMLText.lines(document(number + 1, piece.host, piece.routes))
    }
  }

  private func document(
    _ number: Int, _ host: HostPattern?, _ routes: [ExportPlan.Route]
  ) -> YAMLNode {
    .fields([
      "apiVersion": .text("gateway.networking.k8s.io/v1"), "kind": .text("HTTPRoute"),
      "metadata": .fields(["name": .text("strangler-\(number)")]),
      "spec": .fields([
        "parentRefs": .list([.fields(["name": .text("strangler")])]),
        "hostnames": host.map { .list([.text($0.description)]) },
        "rules": .list(routes.map(rule)),
      ]),
    ])
  }

  private func rule(_ planned: ExportPlan.Route) -> YAMLNode {
    let removed = plan.configuration.internalHeaders.map { YAMLNode.text($0.lowercased()) }
    let filter = YAMLNode.fields([
      "type": .text("RequestHeaderModifier"),
      "requestHeaderModifier": .fields(["remove": .list(removed)]),
    ])
    return .commented(
      CommentText.lines("\(planned.route.name): \(planned.route.match.path)"),
      .fields([
        "matches": .list(matches(planned)), "filters": removed.isEmpty ? nil : .list([filter]),
        "backendRefs": .list(backends(planned.answer)),
        "timeouts": plan.configuration.timeouts.total.map {
          .fields(["request": .text(ExportTime.units($0))])
        },
      ]))
  }

  /// One for each method.
  private func matches(_ planned: ExportPlan.Route) -> [YAMLNode] {
    let path = Self.path(planned.route.match.path)
    let headers = planned.conditions.compactMap { condition -> YAMLNode? in
      if case .header(let field) = condition { Self.match(field) } else { nil }
    }
    let parameters = planned.conditions.compactMap { condition -> YAMLNode? in
      if case .query(let parameter) = condition { Self.match(parameter) } else { nil }
    }
    let methods: [String?] = planned.route.match.methods
    return (methods.isEmpty ? [nil] : methods).map { method in
      .fields([
        "path": .fields(["type": .text(path.kind.rawValue), "value": .text(path.value)]),
        "method": method.map { .text($0) }, "headers": headers.isEmpty ? nil : .list(headers),
        "queryParams": parameters.isEmpty ? nil : .list(parameters),
      ])
    }
  }

  private static func match(_ condition: FieldCondition) -> YAMLNode {
    if case .equals(let value) = condition.requirement {
      return .fields(["name": .text(condition.name), "value": .text(value)])
    }
    return .fields([
      "type": .text("RegularExpression"), "name": .text(condition.name), "value": .text(".*"),
    ])
  }

  private static func isPresence(_ condition: RouteCondition) -> Bool {
    switch condition {
    case .header(let field): field.requirement == .present
    case .query(let parameter): parameter.requirement == .present
    case .host, .methods: false
    }
  }

  private enum PathKind: String {
    case exact = "Exact"
    case prefix = "PathPrefix"
    case expression = "RegularExpression"
  }

  private static func path(_ template: PathTemplate) -> (kind: PathKind, value: String) {
    let expression = PathExpression(template)
    let hasParameter = template.segments.contains { segment in
      if case .parameter = segment { true } else { false }
    }
    if hasParameter || expression.needsReceivedPath { return (.expression, expression.normalized) }
    if !template.takesEverythingBelow { return (.exact, template.description) }
    return (.prefix, template.segments.isEmpty ? "/" : String(template.description.dropLast(3)))
  }

  // MARK: - Backends

  private func backends(_ answer: ExportPlan.Answer) -> [YAMLNode] {
    switch answer {
    case .upstream(let name): [backend(name, weight: nil)]
    case .split(let extracted, let legacy, let share, _, _):
      [
        backend(extracted, weight: share),
        backend(legacy, weight: UserBuckets.count - share),
      ]
    }
  }

  private func backend(_ name: String, weight: Int?) -> YAMLNode {
    let endpoint = plan.endpoints(ofUpstream: name)?.first
    return .fields([
      "name": .text(endpoint == nil ? Self.unreachable : Self.service(name)),
      "port": .number(endpoint?.port ?? 80), "weight": weight.map { .number($0) },
    ])
  }

  /// The name as one of a Service.
  private static func service(_ upstream: String) -> String {
    String(upstream.lowercased().map { $0 == "_" || $0 == "." ? "-" : $0 })
  }
}
