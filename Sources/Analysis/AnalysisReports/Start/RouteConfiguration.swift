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
  /// Port of the monolith; services get the free ports after it.
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
    let plans = plans(suggestion)
    var lines = [
      "# Every route starts at 0 %: the monolith answers everything until you raise a percentage.",
      "proxy: { listen: \(address(listen)), admin: \(address(admin)), workers: 1 }",
      "upstreams:",
      "  legacy: { endpoints: [\(address("\(legacyHost):\(legacyPort)"))] }",
    ]
    for plan in plans {
      lines.append("  \(plan.upstream): { endpoints: [\(address(plan.endpoint))] }")
    }
    lines.append("routes:")
    let globs = SourceGlobs(suggestion.services, others: suggestion.filesOfNoService)
    for plan in plans {
      lines += comments(plan.service, globs)
      for (name, pattern) in plan.routes {
        lines.append(
          "  - { name: \(name), match: { \(match(pattern)) }, "
            + "legacy: legacy, extracted: \(plan.upstream), percent: 0, "
            + "sticky: [ client-address ] }")
      }
    }
    lines += kept(suggestion, plans)
    let others = globs.patterns(suggestion.filesOfNoService, of: nil)
    if !others.isEmpty, !plans.isEmpty {
      lines.append(
        "  # of no service: wiring of which each gets its own, the shared kernel, what remains")
      let rest = others.count - Self.mostSources
      lines += comment(
        "sources", others.prefix(Self.mostSources) + (rest > 0 ? ["and \(rest) more"] : []))
    }
    lines.append("  - { name: \(Self.rest), match: { path: /** }, legacy: legacy }")
    return lines.joined(separator: "\n") + "\n"
  }

  /// Name of the route for whatever no other route takes.
  package static let rest = "everything-else"

  /// A service that the proxy can move: its upstream, where that is expected, and its routes.
  struct Plan {
    var service: Service
    var upstream: String
    var endpoint: String
    var routes: [(name: String, pattern: Pattern)]
  }

  struct Pattern {
    /// As code writes it.
    var source: String
    /// As the proxy takes it.
    var path: String
    var methods: [String]
  }

  /// Routes that a service's would take along.
  private func kept(_ suggestion: BoundarySuggestion, _ plans: [Plan]) -> [String] {
    let patterns = KeptRoutes(suggestion, beside: plans).patterns
    guard !patterns.isEmpty else { return [] }
    var names = ConfigurationNames(
      taken: Set(plans.flatMap(\.routes).map(\.name)).union([Self.rest]))
    return ["  # of no service, below the paths of one: the monolith goes on answering"]
      + patterns.map { pattern in
        let name = names.unique(routeName("legacy", "", pattern.source), else: "legacy-route")
        return "  - { name: \(name), match: { \(match(pattern)) }, legacy: legacy }"
      }
  }

  private func match(_ pattern: Pattern) -> String {
    let methods = pattern.methods.map(quoted).joined(separator: ", ")
    return "path: \(quoted(pattern.path))" + (methods.isEmpty ? "" : ", methods: [\(methods)]")
  }

  /// Services that answer routes, in the order of extraction; none where nothing is divided.
  func plans(_ suggestion: BoundarySuggestion) -> [Plan] {
    guard !suggestion.isWhole else { return [] }
    let prefixes = Prefixes(suggestion)
    let movable = suggestion.services.map { (service: $0, patterns: patterns($0, prefixes)) }
      .filter { !$0.patterns.isEmpty }
    var upstreams = ConfigurationNames(taken: ["legacy"])
    var names = ConfigurationNames(taken: [Self.rest])
    return zip(movable, ports(movable.count)).map { movable, port in
      let wanted = movable.service.name == "legacy" ? "legacy-service" : movable.service.name
      let upstream = upstreams.unique(wanted, else: "service")
      let routes = movable.patterns.map { pattern in
        (
          name: names.unique(
            routeName(upstream, movable.service.name, pattern.source), else: upstream),
          pattern: pattern
        )
      }
      return Plan(
        service: movable.service, upstream: upstream, endpoint: "\(legacyHost):\(port)",
        routes: routes)
    }
  }

  /// Ports after the monolith's that neither it nor the proxy listens on.
  private func ports(_ count: Int) -> [Int] {
    let taken = Set(
      [listen, admin].compactMap { $0.split(separator: ":").last.flatMap { Int($0) } })
    let all = 1_024...65_535
    let candidates = all.filter { $0 > legacyPort } + all.filter { $0 < legacyPort }
    return Array(candidates.lazy.filter { !taken.contains($0) }.prefix(count))
  }

  /// What a service is made of, for whoever reads the file.
  private func comments(_ service: Service, _ globs: SourceGlobs) -> [String] {
    var lines = ["  # \(service.order). \(Self.oneLine(service.name))"]
    let unread = service.routes.filter { !$0.isRead }.map { "\($0.method) \($0.path)" }
    for (title, values) in [
      ("sources", globs.patterns(service)), ("tables", service.tables.owned),
      ("tables of others", service.tables.shared), ("jobs", service.jobs),
      ("routes to add, whose paths the code computes", unread),
    ] where !values.isEmpty {
      lines += comment(title, values)
    }
    return lines
  }

  private func comment(_ title: String, _ values: [String]) -> [String] {
    wrapped(
      "\(title): " + values.map(Self.oneLine).joined(separator: ", "), width: Self.commentWidth,
      indent: "  #   ")
  }

  private static let commentWidth = 100
  /// Sources of no service that the file names: a monolith that goes on has hundreds.
  private static let mostSources = 40

  /// A comment ends with its line, whatever a name holds, and YAML knows no noncharacters.
  private static func oneLine(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        TerminalText.escaped(text).unicodeScalars.map { $0.value & 0xFFFE == 0xFFFE ? "?" : $0 }))
  }

  /// One wildcard per prefix that only this service answers; else the templates themselves. What
  /// tells about the process that answers stays where it is, whoever has the code, and so does what
  /// has a path that is not known.
  private func patterns(_ service: Service, _ prefixes: Prefixes) -> [Pattern] {
    var byPrefix: [String: [Service.Route]] = [:]
    for route in service.routes where !route.isOperational && route.isRead {
      byPrefix[Prefixes.prefix(route.path), default: []].append(route)
    }
    return byPrefix.sorted { $0.key < $1.key }.flatMap { prefix, routes -> [Pattern] in
      if prefix != "/", !prefixes.isShared(prefix) {
        return [
          Pattern(source: prefix + "/**", path: RouteTemplate.text(prefix) + "/**", methods: [])
        ]
      }
      return Dictionary(grouping: routes, by: \.path).sorted { $0.key < $1.key }.map { path, same in
        let methods = Set(same.map(\.method)).sorted()
        return Pattern(
          source: path, path: RouteTemplate.text(path),
          methods: methods.contains("*") ? [] : methods)
      }
    }
    // Everything that has no other route is the monolith's already.
    .filter { $0.path != "/**" || !$0.methods.isEmpty }
  }

  /// Paths up to a resource, and which services answer below each.
  private struct Prefixes {
    private var services: [String: Set<String>] = [:]

    init(_ suggestion: BoundarySuggestion) {
      // What remains goes on answering its own, and so does what no service takes along.
      for route in (suggestion.remainder?.routes ?? []) + suggestion.routesOfNoService {
        services[Self.prefix(route.path), default: []].insert("")
      }
      for service in suggestion.services {
        for route in service.routes {
          // Nobody's answers below a prefix keep it from being one service's.
          services[Self.prefix(route.path), default: []]
            .insert(route.isOperational ? "" : service.name)
        }
      }
    }

    func isShared(_ prefix: String) -> Bool { (services[prefix]?.count ?? 0) > 1 }

    /// Segments up to the resource: `/api/v1/orders/{id}` gives `/api/v1/orders`.
    static func prefix(_ path: String) -> String {
      guard let resource = Vocabulary.resource(ofRoute: path) else { return "/" }
      var prefix = ""
      for segment in path.split(separator: "/") {
        if RouteTemplate.isVariable(segment) { return "/" }
        prefix += "/" + segment
        if segment.lowercased() == resource { return prefix }
      }
      return "/"
    }
  }

  private func routeName(_ upstream: String, _ service: String, _ path: String) -> String {
    let segments = path.split(separator: "/").drop {
      Vocabulary.resource(ofRoute: "/" + $0) == nil && $0.first?.isLetter == true
    }
    let words = segments.flatMap { Vocabulary.words(in: $0) }
    let isOnlyService = words.isEmpty || words == Vocabulary.words(in: service)
    return isOnlyService ? upstream : ([upstream] + words).joined(separator: "-")
  }

  /// The brackets of an IPv6 address open a list in YAML.
  private func address(_ text: String) -> String { text.contains("[") ? "\"\(text)\"" : text }

  /// Braces open a mapping in YAML's flow style, so templates need quotes. A path is what somebody
  /// wrote into a literal: it may hold quotes and line breaks.
  private func quoted(_ path: String) -> String {
    let isPlain = path.unicodeScalars.allSatisfy {
      $0.isASCII && ($0.properties.isAlphabetic || "/*-_.0123456789".unicodeScalars.contains($0))
    }
    if isPlain, path.first?.isLetter == true || path.hasPrefix("/") { return path }
    var text = "\""
    for scalar in path.unicodeScalars {
      switch scalar {
      case "\"", "\\": text += "\\\(scalar)"
      case _ where TerminalText.isUnsafe(scalar) || scalar.value & 0xFFFE == 0xFFFE:
        let digits = String(scalar.value, radix: 16)
        text += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
