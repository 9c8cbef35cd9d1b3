// SPDX-License-Identifier: Apache-2.0

// snippet.show
import Hummingbird
import HummingbirdModule
import Logging
import ProxyDataPlane
import RoutingDecisions

/// A monolith with the proxy in front of it, in one process: a share of the users gets what is
/// under `/orders` from the service that was taken out, and everything else stays where it is.
func front(
  _ shop: Router<BasicRequestContext>, orders: NetworkAddress, share: Percentage,
  listen: NetworkAddress, logger: Logger
) throws -> ProxyServer {
  let configuration = ProxyConfiguration(
    listen: listen,
    upstreams: [
      UpstreamConfiguration(name: "legacy", target: .module("shop")),
      UpstreamConfiguration(name: "orders", target: .network([orders])),
    ],
    routes: [
      RouteConfiguration(
        name: "orders", match: RouteMatch(path: try PathTemplate(parsing: "/orders/**")),
        legacy: "legacy", extracted: "orders", percent: share),
      RouteConfiguration(
        name: "everything-else", match: RouteMatch(path: try PathTemplate(parsing: "/**")),
        legacy: "legacy"),
    ])
  return try ProxyServer(
    configuration: configuration,
    modules: ["shop": HummingbirdModule(shop.buildResponder(), logger: logger)],
    logger: logger)
}
// snippet.hide
