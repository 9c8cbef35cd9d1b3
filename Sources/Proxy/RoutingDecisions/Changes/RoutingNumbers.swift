// SPDX-License-Identifier: Apache-2.0

/// Numbers of routes and upstreams that outlive a change of the configuration.
///
/// Decisions, counters and connection pools go by number. A number is given once: a request that
/// was decided before a change still finds its upstream by it, and a counter its route.
public struct RoutingNumbers: Sendable, Equatable {
  /// Most numbers that are given to routes, and to upstreams, before the proxy has to start anew.
  public static let limit = 10_000

  /// Names of all routes so far, by number. A name keeps its number.
  public private(set) var routes: [String] = []
  /// All upstreams so far, by number. One whose settings changed is another one.
  public private(set) var upstreams: [UpstreamConfiguration] = []
  /// Numbers of the upstreams in force, by name.
  private var inForce: [String: Int] = [:]
  private var routeNumbers: [String: Int] = [:]

  /// Numbers a first configuration: each route and upstream by its index there.
  public init(_ configuration: ProxyConfiguration) {
    adopt(configuration)
  }

  /// The numbers after a change to another configuration; nil when that takes more than there are.
  public func adopting(_ configuration: ProxyConfiguration) -> RoutingNumbers? {
    var numbers = self
    numbers.adopt(configuration)
    let isWithin = max(numbers.routes.count, numbers.upstreams.count) <= Self.limit
    return isWithin ? numbers : nil
  }

  private mutating func adopt(_ configuration: ProxyConfiguration) {
    for route in configuration.routes where routeNumbers[route.name] == nil {
      routeNumbers[route.name] = routes.count
      routes.append(route.name)
    }
    var next: [String: Int] = [:]
    for upstream in configuration.upstreams where next[upstream.name] == nil {
      if let number = inForce[upstream.name], upstreams[number] == upstream {
        next[upstream.name] = number
      } else {
        next[upstream.name] = upstreams.count
        upstreams.append(upstream)
      }
    }
    inForce = next
  }

  /// The number of a route.
  public func route(named name: String) -> Int? { routeNumbers[name] }

  /// The number of an upstream in force.
  public func upstream(named name: String) -> Int? { inForce[name] }

  /// Upstreams in force here that `next` has no more, by number.
  public func retired(by next: RoutingNumbers) -> [Int] {
    inForce.filter { next.inForce[$0.key] != $0.value }.values.sorted()
  }
}
