// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// Puts the prefixes that routers were handed on with before the paths registered on them.
struct RouteResolution {
  private var passes: [RouteOrigin.Carrier: [RouteOrigin]] = [:]

  init(_ passes: [RouterPass]) {
    // Handing a router on twice in one way gives no path that once does not.
    var known: Set<RouterPass> = []
    for pass in passes where known.insert(pass).inserted {
      self.passes[pass.carrier, default: []].append(pass.origin)
    }
  }

  func registrations(of routes: [FoundRoute]) -> [RouteRegistration] {
    var search = PrefixSearch(passes)
    return routes.flatMap { route in
      search.prefixes(of: route.origin.carrier).map { prefix in
        let path = prefix + route.origin.path
        return RouteRegistration(
          method: route.method, path: path.isEmpty ? "/" : path, registeredBy: route.registeredBy,
          handler: route.handler, position: route.position)
      }
    }
  }
}

/// Finds the prefixes that routers start with, each carrier's once.
private struct PrefixSearch {
  /// A function called with more different prefixes registers a generated API; the rest is cut off.
  private static let prefixLimit = 64
  /// Steps for one carrier: only functions that hand routers on in rings, which are walked again
  /// for each of them, come near.
  private static let stepLimit = 10_000

  private let passes: [RouteOrigin.Carrier: [RouteOrigin]]
  private var known: [RouteOrigin.Carrier: [String]] = [:]
  /// Place in the walk of each carrier that it has not left yet.
  private var entered: [RouteOrigin.Carrier: Int] = [:]
  private var steps = 0

  init(_ passes: [RouteOrigin.Carrier: [RouteOrigin]]) { self.passes = passes }

  /// Sorted, never empty: a router that nobody was seen to hand on starts at the root.
  mutating func prefixes(of carrier: RouteOrigin.Carrier?) -> [String] {
    steps = 0
    let found = walk(carrier).prefixes
    return found.isEmpty ? [""] : found.sorted()
  }

  /// - Returns: the prefixes in the order of the passes, and the first place of the walk that they
  ///   depend on: what a ring leads back to is not known yet, so nothing inside of it is kept.
  private mutating func walk(
    _ carrier: RouteOrigin.Carrier?
  ) -> (prefixes: [String], dependsOn: Int) {
    guard let carrier, let origins = passes[carrier] else { return ([""], .max) }
    if let found = known[carrier] { return (found, .max) }
    if let place = entered[carrier] { return ([], place) }
    let place = entered.count
    entered[carrier] = place
    defer { entered[carrier] = nil }
    var found: [String] = []
    var seen: Set<String> = []
    var first = Int.max
    for origin in origins where found.count < Self.prefixLimit {
      steps += 1
      guard steps < Self.stepLimit else { return (found, 0) }
      let (before, dependsOn) = walk(origin.carrier)
      first = min(first, dependsOn)
      for prefix in before where found.count < Self.prefixLimit {
        let whole = prefix + origin.path
        if seen.insert(whole).inserted { found.append(whole) }
      }
    }
    if first >= place { known[carrier] = found }
    return (found, first >= place ? .max : first)
  }
}
