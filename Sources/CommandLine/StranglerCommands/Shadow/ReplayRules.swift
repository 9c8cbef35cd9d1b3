// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import RoutingDecisions
internal import ShadowComparison
internal import ShadowTraffic

/// The options that say which recorded requests count and how answers are compared.
struct ReplayRules: ParsableArguments {
  @Option(help: "Configuration file; its route named by --route filters and brings its rules.")
  var config: String?

  @Option(help: "Only requests that this route of --config takes, under its shadow rules.")
  var route: String?

  @Option(
    name: .customLong("path"),
    help: "Only requests with such a path, as in a route: /orders/** or /orders/{id}; repeatable.")
  var paths: [String] = []

  @Option(
    name: .customLong("ignore"),
    help: "Path of answers whose differences do not count, such as servedAt; repeatable.")
  var ignore: [String] = []

  @Option(
    name: .customLong("redact"),
    help: ArgumentHelp(
      "What is compared and never kept, such as **email, query:token, path:/reset/{token}; "
        + "repeatable."))
  var redact: [String] = []

  @Flag(help: "Numbers that are only written in another way, such as 12.5 for 12.50, are equal.")
  var ignoreNumberFormat = false

  func validate() throws {
    if config != nil, route == nil { throw ValidationError("--route: missing beside --config") }
    if route != nil, config == nil { throw ValidationError("--config: missing beside --route") }
    if config != nil, !paths.isEmpty {
      throw ValidationError("--path: expected this or --config; the route has a path of its own")
    }
    try checkRedaction()
  }

  private func checkRedaction() throws {
    for text in redact where ComparisonRules.redaction(text) == nil {
      throw ValidationError(
        "--redact: expected \(ComparisonRules.expectedRedaction), found \"\(text)\"")
    }
  }

  /// What is compared, and which requests are wanted.
  func resolve() throws -> (rules: ComparisonRules, filter: RouteFilter?) {
    var rules = ComparisonRules()
    var filter: RouteFilter?
    if let config, let route {
      let configuration = try ConfigurationOption.load(config)
      guard let found = configuration.routes.first(where: { $0.name == route }) else {
        let names = configuration.routes.map(\.name).joined(separator: ", ")
        throw CommandFailure.unusable("\(config) has no route \"\(route)\"; there are \(names)")
      }
      rules = found.shadow?.rules ?? rules
      filter = try RouteFilter(configuration, routes: [route])
    } else if !paths.isEmpty {
      filter = try RouteFilter(paths: paths)
    }
    rules.ignore += ignore.map { PathPattern($0) }
    rules.redact += redact.map { PathPattern($0) }
    if ignoreNumberFormat { rules.numberFormat = false }
    return (rules, filter)
  }
}

/// Decides by the code of live traffic whether a route takes a recorded request.
struct RouteFilter: Sendable {
  private let table: RoutingTable
  private let routes: Set<String>

  init(_ configuration: ProxyConfiguration, routes: Set<String>) throws {
    do {
      table = try RoutingTable(configuration)
    } catch {
      throw CommandFailure.unusable("\(error)")
    }
    self.routes = routes
  }

  /// Routes that exist for the filter only.
  init(paths: [String]) throws {
    var known: [RouteConfiguration] = []
    for text in paths {
      do {
        let path = try PathTemplate(parsing: text)
        guard !known.contains(where: { $0.match.path == path }) else { continue }
        known.append(
          RouteConfiguration(name: "path-\(known.count)", match: .init(path: path), legacy: "any"))
      } catch {
        throw CommandFailure.unusable("--path: \(error), found \"\(text)\"")
      }
    }
    try self.init(
      ProxyConfiguration(
        upstreams: [UpstreamConfiguration(name: "any", target: .module("any"))], routes: known),
      routes: Set(known.map(\.name)))
  }

  func takes(_ request: ReplayRequest) -> Bool {
    let text = RequestText(
      "\(request.method) \(request.target)",
      headers: request.headers.map { "\($0.name): \($0.value)" })
    // What the proxy would refuse before routing, no route takes.
    guard let explanation = try? table.explain(text) else { return false }
    return explanation.route.map { routes.contains($0.name) } ?? false
  }
}
