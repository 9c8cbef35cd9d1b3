// SPDX-License-Identifier: Apache-2.0
internal import RoutingDecisions

/// What `GET /config` tells of the shares in force.
private struct SharesInForce: Decodable {
  struct Route: Decodable {
    let name: String
    /// From 0 to 100; absent without an extracted side.
    let percent: Double?
  }

  let routes: [Route]
}

extension AdminOption {
  /// The routing table of the file, with the shares that stand there, or with those in force.
  ///
  /// - Parameter live: asks the running proxy for the shares.
  func routingTable(live: Bool) async throws -> RoutingTable {
    let table = try RoutingTable(ConfigurationOption.load(file))
    guard live else { return table }
    let inForce: SharesInForce = try await connect().get("/config").decoded()
    let shares = inForce.routes.compactMap { route in
      route.percent
        .flatMap { Percentage(hundredths: Int(($0 * 100).rounded())) }
        .map { (route.name, $0) }
    }
    do throws(PercentChangeError) {
      return try table.settingPercentages(Dictionary(shares) { first, _ in first })
    } catch {
      throw CommandFailure.unusable(
        "\(file) is not what the running proxy has in force: \(error)")
    }
  }
}
