// SPDX-License-Identifier: Apache-2.0

/// One route as the list, the admin API and tools show it. `nil` members are left out of JSON.
public struct RouteReport: Sendable, Equatable, Codable {
  /// Name of the route.
  public let name: String
  /// All conditions in one line.
  public let match: String
  /// Name of the legacy upstream.
  public let legacy: String
  /// Name of the extracted upstream.
  public let extracted: String?
  /// Share of users on the extracted side, 0 to 100; nil without an extracted upstream.
  public let percent: Double?
  /// Places of the user's key in order; nil without an extracted upstream.
  public let sticky: [String]?
  /// The cutover group whose users are dealt alike; nil without an extracted upstream.
  public let group: String?
  /// `safe-methods` or `off`; nil without an extracted upstream.
  public let fallback: String?
  /// What of its traffic is shadowed, such as `compare 10 %`; nil when the route says nothing.
  public let shadow: String?

  /// Describes a route.
  public init(_ route: RouteConfiguration) {
    let isSplit = route.extracted != nil
    name = route.name
    match = route.match.summary
    legacy = route.legacy
    extracted = route.extracted
    percent = isSplit ? Double(route.percent.hundredths) / 100 : nil
    sticky = isSplit ? route.sticky.map(\.description) : nil
    group = isSplit ? route.group ?? route.name : nil
    fallback = isSplit ? route.fallback.rawValue : nil
    shadow = route.shadow?.summary
  }

  /// Whether both are the same but for the share.
  package func isServed(as other: RouteReport) -> Bool {
    (name, match, legacy, extracted, group, shadow)
      == (other.name, other.match, other.legacy, other.extracted, other.group, other.shadow)
      && (sticky, fallback) == (other.sticky, other.fallback)
  }
}

/// All routes, for `strangler routes list`.
public struct RouteListing: Sendable, Equatable {
  /// Routes in file order.
  public let routes: [RouteReport]
  /// The shares are those in force at a proxy, not those of a file.
  private let areInForce: Bool

  /// Lists the routes of a configuration.
  public init(_ configuration: ProxyConfiguration) {
    routes = configuration.routes.map(RouteReport.init)
    areInForce = false
  }

  /// Lists what a proxy says it has in force.
  package init(inForce routes: [RouteReport]) {
    self.routes = routes
    areInForce = true
  }

  /// A table for a terminal.
  public var text: String {
    var table = TextTable()
    // A column that would be empty tells nothing.
    let isShadowed = routes.contains { $0.shadow != nil }
    table.add(
      [
        "ROUTE", "MATCH", "LEGACY", "EXTRACTED", areInForce ? "% LIVE" : "% IN FILE",
        "STICKY",
      ]
        + (isShadowed ? ["SHADOW"] : []))
    for route in routes {
      table.add(
        [
          route.name, route.match, route.legacy, route.extracted ?? "-",
          route.percent.map { "\($0)" } ?? "-", route.sticky?.joined(separator: ", ") ?? "-",
        ] + (isShadowed ? [route.shadow ?? "-"] : []))
    }
    return table.lines().joined(separator: "\n") + "\n"
  }

  /// An array of objects.
  public var json: String { JSONText.encode(routes) }
}
