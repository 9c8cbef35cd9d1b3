// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import RoutingDecisions

/// What stands behind the name of an upstream.
enum UpstreamTarget: Sendable {
  case endpoints([NetworkAddress])
  case module(any InProcessModule)

  /// - Throws: `ProxyServerError` for a module that is not there.
  init(_ upstream: UpstreamConfiguration, _ modules: [String: any InProcessModule]) throws {
    switch upstream.target {
    case .network(let endpoints): self = .endpoints(endpoints)
    case .module(let name):
      guard let module = modules[name] else {
        throw ProxyServerError(
          code: .unknownModule,
          message: "Upstream \"\(upstream.name)\" names module \"\(name)\", which this program "
            + "does not link. Modules here: "
            + (modules.isEmpty ? "none" : modules.keys.sorted().joined(separator: ", ")) + ".")
      }
      self = .module(module)
    }
  }
}

/// How a request gets its upstream.
enum LinkRequest<Link: PooledLink> {
  case ready(Link)
  case module(any InProcessModule)
  /// The client is told through `connected` or `connectionFailed`.
  case waiting(ConnectionTicket<Link>)
  case failed(UpstreamFailure)
}

/// One worker's view of one upstream.
final class Upstream<Link: PooledLink> {
  private let pools: [EndpointPool<Link>]
  private let module: (any InProcessModule)?
  @exclusivity(unchecked) private var next = 0

  /// `pool`: makes the pool of one endpoint.
  init(_ target: UpstreamTarget, pool: (NetworkAddress) -> EndpointPool<Link>) {
    switch target {
    case .endpoints(let addresses):
      pools = addresses.map(pool)
      module = nil
    case .module(let module):
      pools = []
      self.module = module
    }
  }

  /// No connection is open or on its way.
  var isEmpty: Bool { pools.allSatisfy(\.isEmpty) }

  /// Endpoints take turns, so a request that is tried again meets another one if there is one.
  func link(for client: any PoolClient<Link>, fresh: Bool) -> LinkRequest<Link> {
    if let module { return .module(module) }
    if pools.isEmpty { return .failed(.noEndpoint) }
    var tried = 0
    while tried < pools.count {
      let pool = pools[next]
      next = next &+ 1 == pools.count ? 0 : next &+ 1
      tried += 1
      if !fresh, let link = pool.takeIdle() { return .ready(link) }
      let ticket = ConnectionTicket(client, needsFresh: fresh)
      if pool.enqueue(ticket) { return .waiting(ticket) }
    }
    return .failed(.connectionLimit)
  }

  func closeIdle() {
    for pool in pools { pool.closeIdle() }
  }

  func retire() {
    for pool in pools { pool.retire() }
  }

  func closeAll() {
    for pool in pools { pool.closeAll() }
  }
}
