// SPDX-License-Identifier: Apache-2.0

extension ConfigurationChecks {
  /// Finds routes that can never match, and requests that nobody would answer.
  mutating func checkReachability(skipping placeholders: Set<Int>) {
    var byShape: [PathShape: [Int]] = [:]
    for (index, route) in configuration.routes.enumerated() where !placeholders.contains(index) {
      byShape[PathShape(route.match.path), default: []].append(index)
    }
    for index in configuration.routes.indices where !placeholders.contains(index) {
      let rivals = byShape[PathShape(configuration.routes[index].match.path)] ?? []
      checkHidden(index, among: rivals)
    }
    let takesTheRest = configuration.routes.contains {
      $0.match.path == .everything && $0.match.conditionCount == 0
    }
    if !takesTheRest, placeholders.isEmpty, !configuration.routes.isEmpty {
      warning("routes", "requests that no route takes are answered 404; add a route for /**")
    }
  }

  /// A route is hidden by routes with the same path that are tried before it and take, together,
  /// all its methods under conditions no stricter than its own.
  private mutating func checkHidden(_ index: Int, among rivals: [Int]) {
    let match = configuration.routes[index].match
    var uncovered = Set(match.methods)
    var hiding: [Int] = []
    for rival in rivals where rival != index && isTried(rival, before: index) {
      let other = configuration.routes[rival].match
      guard other.isImplied(by: match) else { continue }
      if other.methods.isEmpty {
        return reportHidden(index, by: [rival])
      }
      if !uncovered.isDisjoint(with: other.methods) {
        hiding.append(rival)
        uncovered.subtract(other.methods)
      }
    }
    if !match.methods.isEmpty, uncovered.isEmpty { reportHidden(index, by: hiding) }
  }

  private func isTried(_ left: Int, before right: Int) -> Bool {
    let routes = configuration.routes
    return (-routes[left].match.conditionCount, left) < (-routes[right].match.conditionCount, right)
  }

  private mutating func reportHidden(_ index: Int, by hiding: [Int]) {
    let names = hiding.map { "routes[\($0)] \"\(configuration.routes[$0].name)\"" }
    let verb = names.count == 1 ? "takes" : "take"
    error(
      "routes[\(index)].match",
      "this route can never match: \(names.joined(separator: " and ")) \(verb) every request it "
        + "would; move it above or give it more conditions")
  }
}

/// A path template without the names of its parameters, which do not change what it takes.
private struct PathShape: Hashable {
  private let segments: [String?]
  private let takesEverythingBelow: Bool

  init(_ template: PathTemplate) {
    takesEverythingBelow = template.takesEverythingBelow
    segments = template.segments.map { segment in
      if case .literal(let text) = segment { text } else { nil }
    }
  }
}

extension RouteMatch {
  /// Whether a request that meets the other's conditions, methods apart, meets these too.
  fileprivate func isImplied(by other: RouteMatch) -> Bool {
    (host == nil || host == other.host || host?.takes(other.host) == true)
      && (graphQL == nil || graphQL == other.graphQL)
      && headers.allSatisfy { condition in
        other.headers.contains { condition.isImplied(by: $0, sameName: isSameField) }
      }
      && query.allSatisfy { condition in
        other.query.contains { condition.isImplied(by: $0, sameName: ==) }
      }
  }

  private func isSameField(_ left: String, _ right: String) -> Bool {
    left.lowercased() == right.lowercased()
  }
}

extension HostPattern {
  /// Whether every host the other takes is taken by this one, which takes subdomains.
  fileprivate func takes(_ other: HostPattern?) -> Bool {
    guard takesSubdomains, let other else { return false }
    return other.name.hasSuffix("." + name)
  }
}

extension FieldCondition {
  fileprivate func isImplied(by other: FieldCondition, sameName: (String, String) -> Bool) -> Bool {
    guard sameName(name, other.name) else { return false }
    if requirement == other.requirement { return true }
    if case .equals = other.requirement { return requirement == .present }
    return false
  }
}
