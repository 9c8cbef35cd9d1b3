// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions

extension RouteConfiguration {
  /// A route that leaves all to legacy.
  init(_ name: String, _ path: String, methods: [String] = []) throws {
    self.init(
      name: name, match: RouteMatch(path: try PathTemplate(parsing: path), methods: methods),
      legacy: "legacy")
  }
}

extension ProxyConfiguration {
  /// Two network upstreams, `legacy` and `orders`.
  init(routes: [RouteConfiguration]) {
    self.init(
      upstreams: [
        UpstreamConfiguration(
          name: "legacy", target: .network([NetworkAddress(host: "127.0.0.1", port: 9001)])),
        UpstreamConfiguration(
          name: "orders", target: .network([NetworkAddress(host: "127.0.0.1", port: 9002)])),
      ], routes: routes)
  }
}

/// A table with one route for everything that splits between `legacy` and `orders`.
func splitTable(
  percent: Percentage, group: String? = nil, name: String = "orders",
  sticky: [StickyKey] = [.header("x-user-id")],
  fallback: RouteConfiguration.Fallback = .safeMethods
) throws -> RoutingTable {
  var route = try RouteConfiguration(name, "/**")
  route.extracted = "orders"
  route.percent = percent
  route.group = group
  route.sticky = sticky
  route.fallback = fallback
  return try RoutingTable(ProxyConfiguration(routes: [route]))
}
