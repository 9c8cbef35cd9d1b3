// SPDX-License-Identifier: Apache-2.0
internal import RoutingDecisions

/// What `GET /config` tells of the routes in force.
private struct RoutesInForce: Decodable {
  let routes: [RouteReport]
}

extension AdminOption {
  /// What the running proxy serves, which its file need not say any more.
  func routesInForce() async throws -> [RouteReport] {
    let inForce: RoutesInForce = try await connect().get("/config").decoded()
    return inForce.routes
  }

  /// The routing table of the file, with the shares that stand there, or with those in force.
  ///
  /// - Parameter live: asks the running proxy for the shares.
  /// - Throws: a failure where the file is not what that proxy has read.
  func routingTable(live: Bool) async throws -> RoutingTable {
    let configuration = try ConfigurationOption.load(file)
    let table = try RoutingTable(configuration)
    guard live else { return table }
    let inForce = try await routesInForce()
    let written = RouteListing(configuration).routes
    let other =
      written.first { route in !inForce.contains { $0.isServed(as: route) } }
      ?? inForce.first { route in !written.contains { $0.isServed(as: route) } }
    if let other {
      throw CommandFailure.unusable(
        "\(file) is not what the running proxy has in force: the route \"\(other.name)\" is new, "
          + "gone or served otherwise; reload the proxy, or name the file that it has read")
    }
    let shares = inForce.compactMap { route in
      route.percent
        .flatMap { Percentage(hundredths: Int(($0 * 100).rounded())) }
        .map { (route.name, $0) }
    }
    return try table.settingPercentages(Dictionary(shares) { first, _ in first })
  }
}
