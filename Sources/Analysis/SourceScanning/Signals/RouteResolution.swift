// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// Puts the prefixes that routers were handed on with before the paths registered on them.
struct RouteResolution {
  /// A function called with more different prefixes registers a generated API; the rest is cut off.
  private static let prefixLimit = 64

  private var passes: [RouteOrigin.Carrier: [RouteOrigin]] = [:]

  init(_ passes: [RouterPass]) {
    for pass in passes { self.passes[pass.carrier, default: []].append(pass.origin) }
  }

  func registrations(of routes: [FoundRoute]) -> [RouteRegistration] {
    routes.flatMap { route in
      prefixes(of: route.origin.carrier).map { prefix in
        let path = prefix + route.origin.path
        return RouteRegistration(
          method: route.method, path: path.isEmpty ? "/" : path, registeredBy: route.registeredBy,
          handler: route.handler, position: route.position)
      }
    }
  }

  /// Sorted, never empty: a router that nobody was seen to hand on starts at the root.
  private func prefixes(of carrier: RouteOrigin.Carrier?) -> [String] {
    var found: Set<String> = []
    collect(carrier, suffix: "", path: [], into: &found)
    return found.isEmpty ? [""] : found.sorted()
  }

  private func collect(
    _ carrier: RouteOrigin.Carrier?, suffix: String, path: Set<RouteOrigin.Carrier>,
    into found: inout Set<String>
  ) {
    guard found.count < Self.prefixLimit else { return }
    guard let carrier, let origins = passes[carrier] else {
      found.insert(suffix)
      return
    }
    guard !path.contains(carrier) else { return }
    for origin in origins {
      collect(
        origin.carrier, suffix: origin.path + suffix, path: path.union([carrier]), into: &found)
    }
  }
}
