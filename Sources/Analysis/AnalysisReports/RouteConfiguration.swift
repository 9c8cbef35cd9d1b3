// SPDX-License-Identifier: Apache-2.0

public import DependencyGraph

/// Renders a first proxy configuration from a suggestion: each service's resources as routes at 0
/// %, so that everything still goes to the monolith, and a last route for the rest.
public struct RouteConfiguration: Sendable {
  /// Address that clients will use.
  public var listen: String
  /// Address of the admin API and the console.
  public var admin: String
  /// Host of the monolith; services stand on the same one until told otherwise.
  public var legacyHost: String
  /// Port of the monolith; services get the ports after it.
  public var legacyPort: Int

  /// Creates a renderer.
  public init(
    legacyPort: Int = 9001, legacyHost: String = "127.0.0.1", listen: String = "127.0.0.1:8080",
    admin: String = "127.0.0.1:9901"
  ) {
    self.legacyPort = legacyPort
    self.legacyHost = legacyHost
    self.listen = listen
    self.admin = admin
  }

  /// YAML in the format of `strangler proxy --config`; ends with a line break.
  public func render(_ suggestion: BoundarySuggestion) -> String {
    let reachable = suggestion.services.filter { !$0.routes.isEmpty }
    var lines = [
      "# Every route starts at 0 %: the monolith answers everything until you raise a percentage.",
      "proxy: { listen: \(listen), admin: \(admin), workers: 1 }",
      "upstreams:",
      "  legacy: { endpoints: [\(legacyHost):\(legacyPort)] }",
    ]
    for service in reachable {
      lines.append(
        "  \(upstream(service.name)): { endpoints: [\(endpoint(service, suggestion))] }")
    }
    lines.append("routes:")
    let globs = SourceGlobs(suggestion.services)
    for (service, routes) in namedRoutes(suggestion) {
      lines += comments(service, globs)
      for (name, pattern) in routes {
        let methods =
          pattern.methods.isEmpty ? "" : ", methods: [\(pattern.methods.joined(separator: ", "))]"
        lines.append(
          "  - { name: \(name), match: { path: \(quoted(pattern.path))\(methods) }, "
            + "legacy: legacy, extracted: \(upstream(service.name)), percent: 0, "
            + "sticky: [ client-address ] }")
      }
    }
    lines.append("  - { name: everything-else, match: { path: /** }, legacy: legacy }")
    return lines.joined(separator: "\n") + "\n"
  }

  /// Names of the routes of each service that has any, by the service's name.
  func routeNames(_ suggestion: BoundarySuggestion) -> [String: [String]] {
    var names: [String: [String]] = [:]
    for (service, routes) in namedRoutes(suggestion) { names[service.name] = routes.map(\.name) }
    return names
  }

  private func namedRoutes(
    _ suggestion: BoundarySuggestion
  ) -> [(service: Service, routes: [(name: String, pattern: Pattern)])] {
    let reachable = suggestion.services.filter { !$0.routes.isEmpty }
    var taken: Set<String> = []
    return reachable.map { service in
      let routes = patterns(service, among: reachable).map { pattern in
        (name: unique(routeName(service.name, pattern), &taken), pattern: pattern)
      }
      return (service, routes)
    }
  }

  /// Where a service is expected: ports follow the monolith's in the order of extraction.
  func endpoint(_ service: Service, _ suggestion: BoundarySuggestion) -> String {
    let reachable = suggestion.services.filter { !$0.routes.isEmpty }
    let place = reachable.firstIndex { $0.name == service.name } ?? 0
    return "\(legacyHost):\(legacyPort + 1 + place)"
  }

  /// What a service is made of, for whoever reads the file.
  private func comments(_ service: Service, _ globs: SourceGlobs) -> [String] {
    var lines = ["  # \(service.order). \(service.name)"]
    for (title, values) in [
      ("sources", globs.patterns(service)), ("tables", service.tables.owned),
      ("tables of others", service.tables.shared), ("jobs", service.jobs),
    ] where !values.isEmpty {
      lines += wrapped(
        "\(title): " + values.map(Self.oneLine).joined(separator: ", "), width: Self.commentWidth,
        indent: "  #   ")
    }
    return lines
  }

  private static let commentWidth = 100

  /// A comment ends with its line, whatever a name holds.
  private static func oneLine(_ text: String) -> String { TerminalText.escaped(text) }

  /// What tells about the process that answers: it stays where it is, whoever has the code.
  private static let operational: Set<String> = [
    "/health", "/healthz", "/live", "/livez", "/metrics", "/ready", "/readyz",
  ]

  private struct Pattern {
    var path: String
    var methods: [String]
  }

  /// One wildcard per prefix that only this service answers; else the templates themselves.
  private func patterns(_ service: Service, among services: [Service]) -> [Pattern] {
    var byPrefix: [String: [Service.Route]] = [:]
    for route in service.routes where !Self.operational.contains(prefix(route.path)) {
      byPrefix[prefix(route.path), default: []].append(route)
    }
    return byPrefix.sorted { $0.key < $1.key }.flatMap { prefix, routes -> [Pattern] in
      let isShared = services.contains { other in
        other.name != service.name && other.routes.contains { self.prefix($0.path) == prefix }
      }
      if !isShared, prefix != "/" { return [Pattern(path: prefix + "/**", methods: [])] }
      return Dictionary(grouping: routes, by: \.path).sorted { $0.key < $1.key }.map { path, same in
        let methods = Set(same.map(\.method)).sorted()
        return Pattern(path: path, methods: methods.contains("*") ? [] : methods)
      }
    }
  }

  /// Segments up to the resource: `/api/v1/orders/{id}` gives `/api/v1/orders`.
  private func prefix(_ path: String) -> String {
    guard let resource = Vocabulary.resource(ofRoute: path) else { return "/" }
    var prefix = ""
    for segment in path.split(separator: "/") {
      prefix += "/" + segment
      if segment.lowercased() == resource { return prefix }
    }
    return "/"
  }

  private func routeName(_ service: String, _ pattern: Pattern) -> String {
    let segments = pattern.path.split(separator: "/").drop {
      Vocabulary.resource(ofRoute: "/" + $0) == nil && $0.first?.isLetter == true
    }
    let words = segments.flatMap { Vocabulary.words(in: $0) }
    let isOnlyService = words.isEmpty || words == Vocabulary.words(in: service)
    return isOnlyService ? service : ([service] + words).joined(separator: "-")
  }

  private func upstream(_ service: String) -> String {
    service == "legacy" ? "legacy-service" : service
  }

  private func unique(_ name: String, _ taken: inout Set<String>) -> String {
    var candidate = name
    var number = 2
    while candidate == "everything-else" || !taken.insert(candidate).inserted {
      candidate = "\(name)-\(number)"
      number += 1
    }
    return candidate
  }

  /// Braces open a mapping in YAML's flow style, so templates need quotes. A path is what somebody
  /// wrote into a literal: it may hold quotes and line breaks.
  private func quoted(_ path: String) -> String {
    let plain = path.allSatisfy { $0.isLetter || $0.isNumber || "/*-_.".contains($0) }
    if plain { return path }
    var text = "\""
    for scalar in path.unicodeScalars {
      switch scalar {
      case "\"", "\\": text += "\\\(scalar)"
      case _ where TerminalText.isUnsafe(scalar):
        let digits = String(scalar.value, radix: 16)
        text += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
