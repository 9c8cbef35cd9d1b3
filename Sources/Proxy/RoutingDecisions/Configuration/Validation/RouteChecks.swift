// SPDX-License-Identifier: Apache-2.0

internal import SpellingSuggestions

extension ConfigurationChecks {
  mutating func checkRoutes() {
    if configuration.routes.isEmpty { error("routes", "expected at least one route") }
    let upstreams = configuration.upstreams.map(\.name)
    var names: [String: Int] = [:]
    for (index, route) in configuration.routes.enumerated() {
      let key = "routes[\(index)]"
      if !ConfigurationName.isValid(route.name) {
        error("\(key).name", "expected \(ConfigurationName.expected), found \"\(route.name)\"")
      }
      if let first = names[route.name] {
        error("\(key).name", "routes[\(first)] has the name \"\(route.name)\" already")
      } else {
        names[route.name] = index
      }
      checkUpstream(route.legacy, "\(key).legacy", among: upstreams)
      if let extracted = route.extracted {
        checkUpstream(extracted, "\(key).extracted", among: upstreams)
      }
      checkSplit(route, key)
      checkMethods(route.match.methods, "\(key).match.methods")
      checkMethodsOfComposition(route, key)
      checkConditions(route.match, "\(key).match")
      checkGraphQL(route.match, "\(key).match")
      checkUpgrades(route.upgrades, "\(key).upgrades")
      checkShadow(of: route, "\(key).shadow")
    }
  }

  private mutating func checkUpstream(_ name: String, _ key: String, among known: [String]) {
    if known.contains(name) { return }
    let guess = Spelling.guess(name, among: known)
    error(key, "there is no upstream \"\(name)\"; \(guess)")
  }

  private mutating func checkSplit(_ route: RouteConfiguration, _ key: String) {
    guard let extracted = route.extracted else {
      if route.percent > .zero {
        error("\(key).percent", "\(route.percent) % of what? The route has no extracted upstream")
      }
      return
    }
    if extracted == route.legacy {
      error("\(key).extracted", "\"\(extracted)\" is the route's legacy upstream too")
    }
    if route.sticky.isEmpty {
      error("\(key).sticky", "expected at least one place for the user's key, or no such key")
    }
    for (index, place) in route.sticky.enumerated() where route.sticky[..<index].contains(place) {
      warning("\(key).sticky[\(index)]", "\(place) stands here twice")
    }
    if let end = route.sticky.firstIndex(of: .clientAddress), end < route.sticky.count - 1 {
      warning(
        "\(key).sticky[\(end + 1)]",
        "never looked at: every request has the client-address before it")
    }
  }

  private mutating func checkMethods(_ methods: [String], _ key: String) {
    for (index, method) in methods.enumerated() {
      let key = "\(key)[\(index)]"
      if !HTTPToken.isValid(method) {
        error(key, "expected a method such as GET, found \"\(method)\"")
      } else if method != method.uppercased() {
        error(key, "methods are case-sensitive: did you mean \"\(method.uppercased())\"?")
      } else if method == "CONNECT" || method == "TRACE" {
        error(key, "\(method) is refused before routing")
      } else if methods[..<index].contains(method) {
        warning(key, "\(method) stands here twice")
      }
    }
  }

  private mutating func checkUpgrades(_ upgrades: [String], _ key: String) {
    let names = upgrades.map { $0.lowercased() }
    for (index, name) in names.enumerated() {
      let key = "\(key)[\(index)]"
      if !HTTPToken.isValid(name) {
        error(key, "expected a protocol such as websocket, found \"\(upgrades[index])\"")
      } else if name == "h2c" || name.hasPrefix("http") {
        error(key, "requests inside a tunnel would pass by every rule; HTTP is not tunnelled")
      } else if names[..<index].contains(name) {
        warning(key, "\(name) stands here twice")
      }
    }
  }

  private mutating func checkConditions(_ match: RouteMatch, _ key: String) {
    for (index, header) in match.headers.enumerated() {
      let name = header.name.lowercased()
      let key = "\(key).headers.\(header.name)"
      if !HTTPToken.isValid(name) {
        error(key, "expected a header field's name, found \"\(header.name)\"")
      } else if name == "host" {
        error(key, "write the host as match.host, which knows about ports and letter case")
      }
      if match.headers[..<index].contains(where: { $0.name.lowercased() == name }) {
        error(key, "the field \(name) stands here twice")
      }
    }
    for (index, parameter) in match.query.enumerated() {
      let key = "\(key).query.\(parameter.name)"
      if parameter.name.isEmpty { error(key, "expected a query parameter's name") }
      if match.query[..<index].contains(where: { $0.name == parameter.name }) {
        error(key, "the parameter stands here twice")
      }
    }
  }

  /// GraphQL comes by GET and POST, and not every operation can be told.
  private mutating func checkGraphQL(_ match: RouteMatch, _ key: String) {
    guard match.graphQL != nil else { return }
    if !match.methods.isEmpty, !Set(match.methods).isSubset(of: ["GET", "POST"]) {
      error("\(key).methods", "GraphQL comes by GET and POST; leave the key out")
    }
    let hasDefault = configuration.routes.contains { other in
      other.match.graphQL == nil && other.match.methods.isEmpty
        && (other.match.path == match.path || other.match.path == .everything)
    }
    if !hasDefault {
      warning(
        "\(key).graphql",
        "requests whose operation cannot be told are answered 404; add a route for \(match.path) "
          + "without this condition")
    }
  }

  /// Routes of a group stay together only if they know their users by the same keys.
  mutating func checkGroups() {
    var first: [String: Int] = [:]
    for (index, route) in configuration.routes.enumerated() {
      guard route.extracted != nil, let group = route.group else { continue }
      guard let leader = first[group] else {
        first[group] = index
        continue
      }
      let places = configuration.routes[leader].sticky
      if places != route.sticky {
        error(
          "routes[\(index)].sticky",
          "routes[\(leader)] of the group \"\(group)\" finds its users elsewhere "
            + "(\(places.map(\.description).joined(separator: ", "))), "
            + "so one user could be on two sides")
      }
    }
  }
}
