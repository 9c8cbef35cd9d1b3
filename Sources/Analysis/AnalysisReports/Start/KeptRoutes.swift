// SPDX-License-Identifier: Apache-2.0

import DependencyGraph

/// Routes that stay with the monolith though the template of a service fits their requests:
/// `/orders/export` of the wiring beside `/orders/{id}` of a service. The proxy tries the most
/// specific template first, so one of their own keeps them.
struct KeptRoutes {
  /// By path.
  let patterns: [RouteConfiguration.Pattern]

  init(_ suggestion: BoundarySuggestion, beside plans: [RouteConfiguration.Plan]) {
    let staying =
      suggestion.routesOfNoService + (suggestion.remainder?.routes ?? [])
      + suggestion.services.flatMap(\.routes).filter(\.isOperational)
    let taken = plans.flatMap(\.routes).map(\.pattern)
    let byPath = Dictionary(grouping: staying.filter(\.isRead), by: \.path)
    patterns = byPath.sorted { $0.key < $1.key }.compactMap { path, routes in
      let methods = Set(routes.map(\.method)).sorted()
      let isAny = methods.contains("*")
      let isTaken = taken.contains { pattern in
        Self.takes(pattern.source, path)
          && (isAny || pattern.methods.isEmpty || methods.contains(where: pattern.methods.contains))
      }
      guard isTaken else { return nil }
      return RouteConfiguration.Pattern(
        source: path, path: RouteTemplate.text(path), methods: isAny ? [] : methods)
    }
  }

  /// Whether a template fits all that a more specific path stands for.
  static func takes(_ template: String, _ path: String) -> Bool {
    let (segments, given) = (template.split(separator: "/"), path.split(separator: "/"))
    var isMoreSpecific = false
    for (place, segment) in segments.enumerated() {
      if segment == "**" { return place >= given.count || given[place] != "**" }
      guard place < given.count, given[place] != "**" else { return false }
      if RouteTemplate.isVariable(segment) {
        if !RouteTemplate.isVariable(given[place]) { isMoreSpecific = true }
      } else if segment != given[place] {
        return false
      }
    }
    return isMoreSpecific && segments.count == given.count
  }
}
