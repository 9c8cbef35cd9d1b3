// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import RoutingDecisions
internal import ShadowComparison
internal import ShadowTraffic

/// The options that say which recorded requests count and how answers are compared.
struct ReplayRules: ParsableArguments {
  @OptionGroup var wanted: WantedRequests

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

  func validate() throws { try Self.check(redact) }

  /// Refuses what is no rule of redaction.
  static func check(_ redact: [String]) throws {
    for text in redact where ComparisonRules.redaction(text) == nil {
      throw ValidationError(
        "--redact: expected \(ComparisonRules.expectedRedaction), found \"\(text)\"")
    }
  }

  /// What is compared, and which requests are wanted.
  func resolve() throws -> (rules: ComparisonRules, filter: RouteFilter?) {
    let (route, filter) = try wanted.resolve()
    var rules = route?.shadow?.rules ?? ComparisonRules()
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
    takes(request.method, request.target, request.headers)
  }

  func takes(_ method: String, _ target: String, _ headers: [ComparedResponse.Header]) -> Bool {
    let text = RequestText(
      "\(method) \(target)", headers: headers.map { "\($0.name): \($0.value)" })
    // What the proxy would refuse before routing, no route takes.
    guard let explanation = try? table.explain(text) else { return false }
    return explanation.route.map { routes.contains($0.name) } ?? false
  }
}
