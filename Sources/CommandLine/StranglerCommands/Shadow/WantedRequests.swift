// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import RoutingDecisions

/// The options that say which recorded requests count.
struct WantedRequests: ParsableArguments {
  @Option(help: "Configuration file; its route named by --route filters and brings its rules.")
  var config: String?

  @Option(help: "Only requests that this route of --config takes, under its shadow rules.")
  var route: String?

  @Option(
    name: .customLong("path"),
    help: "Only requests with such a path, as in a route: /orders/** or /orders/{id}; repeatable.")
  var paths: [String] = []

  func validate() throws {
    if config != nil, route == nil { throw ValidationError("--route: missing beside --config") }
    if route != nil, config == nil { throw ValidationError("--config: missing beside --route") }
    if config != nil, !paths.isEmpty {
      throw ValidationError("--path: expected this or --config; the route has a path of its own")
    }
  }

  /// The route that was named, and what decides which requests are wanted; nil for all.
  func resolve() throws -> (route: RouteConfiguration?, filter: RouteFilter?) {
    if let config, let route {
      let configuration = try ConfigurationOption.load(config)
      guard let found = configuration.routes.first(where: { $0.name == route }) else {
        let names = configuration.routes.map(\.name).joined(separator: ", ")
        throw CommandFailure.unusable("\(config) has no route \"\(route)\"; there are \(names)")
      }
      return (found, try RouteFilter(configuration, routes: [route]))
    }
    return (nil, paths.isEmpty ? nil : try RouteFilter(paths: paths))
  }
}
