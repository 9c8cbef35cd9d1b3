// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import RoutingDecisions

/// What stands behind the name of an upstream.
enum UpstreamTarget: Sendable {
  case endpoints
  case module(any InProcessModule)
  case composition(Composition)

  /// - Throws: `ProxyServerError` for a module that is not there.
  init(_ upstream: UpstreamConfiguration, _ modules: [String: any InProcessModule]) throws {
    switch upstream.target {
    case .network, .registry: self = .endpoints
    case .module(let name):
      guard let module = modules[name] else {
        throw ProxyServerError(
          code: .unknownModule,
          message: "Upstream \"\(upstream.name)\" names module \"\(name)\", which this program "
            + "does not link. Modules here: "
            + (modules.isEmpty ? "none" : modules.keys.sorted().joined(separator: ", ")) + ".")
      }
      self = .module(module)
    case .composition(let plan): self = .composition(Composition(plan, name: upstream.name))
    }
  }
}

/// How a request gets its upstream.
enum LinkRequest<Link: PooledLink> {
  case module(any InProcessModule)
  case composition(Composition)
  /// The client is told through `connected` or `connectionFailed`.
  case waiting(ConnectionTicket<Link>)
  case failed(UpstreamFailure)
}

/// What a worker makes its view of an upstream from.
struct UpstreamParts: Sendable {
  let target: UpstreamTarget
  let shared: SharedUpstream
}

/// One worker's connections to one upstream: a pool for each endpoint.
final class Upstream<Link: PooledLink> {
  @exclusivity(unchecked) private var pools: [EndpointPool<Link>?] = []
  /// The same ones, for the request that finds a connection ready: `pools` keeps each alive.
  @exclusivity(unchecked) private var uncountedPools: [Unmanaged<EndpointPool<Link>>?] = []
  private let target: UpstreamTarget
  private let gate: UpstreamGate
  private let makePool: (EndpointSeat) -> EndpointPool<Link>

  /// `makePool`: makes the pool of one endpoint.
  init(
    _ target: UpstreamTarget, _ gate: UpstreamGate,
    makePool: @escaping (EndpointSeat) -> EndpointPool<Link>
  ) {
    self.gate = gate
    self.makePool = makePool
    self.target = target
  }

  /// No connection is open or on its way.
  var isEmpty: Bool { pools.allSatisfy { $0?.isEmpty ?? true } }

  /// A connection to the endpoint that the gate chose, where one is there. `fresh`: the request
  /// failed on one before.
  @inline(__always)
  func readyLink(seat: EndpointSeat, fresh: Bool) -> Link? {
    guard seat.slot < uncountedPools.count, let pool = uncountedPools[seat.slot] else { return nil }
    return pool._withUnsafeGuaranteedRef { $0.take(fresh: fresh) }
  }

  /// A connection to the endpoint that the gate chose, where none is ready.
  func link(
    for client: any PoolClient<Link>, seat: EndpointSeat, fresh: Bool
  ) -> LinkRequest<Link> {
    switch target {
    case .module(let module): return .module(module)
    case .composition(let composition): return .composition(composition)
    case .endpoints: break
    }
    let pool = pool(of: seat)
    let ticket = ConnectionTicket(client, needsFresh: fresh)
    return pool.enqueue(ticket) ? .waiting(ticket) : .failed(.connectionLimit)
  }

  private func pool(of seat: EndpointSeat) -> EndpointPool<Link> {
    let slot = seat.slot
    if slot < pools.count, let pool = pools[slot] { return pool }
    while pools.count <= slot {
      pools.append(nil)
      uncountedPools.append(nil)
    }
    let pool = makePool(seat)
    pools[slot] = pool
    uncountedPools[slot] = .passUnretained(pool)
    return pool
  }

  /// Closes what was not needed for too long, and what leads to an endpoint that is none any more.
  func closeIdle() {
    for pool in pools { pool?.closeIdle() }
    gate.freeRetired { seat in
      guard seat.slot < pools.count, let pool = pools[seat.slot] else { return true }
      pool.retire()
      if !pool.isEmpty { return false }
      uncountedPools[seat.slot] = nil
      pools[seat.slot] = nil
      return true
    }
  }

  func retire() {
    for pool in pools { pool?.retire() }
  }

  func closeAll() {
    for pool in pools { pool?.closeAll() }
  }
}
