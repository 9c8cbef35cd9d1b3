// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import Logging
import NIOCore
import RoutingDecisions

/// What all connections of one worker share, whatever carries their bytes.
final class WorkerContext {
  /// How often deadlines are looked at; a timeout may come this much late.
  static let tickMilliseconds: Int64 = 20

  let workspace: ExchangeWorkspace
  @exclusivity(unchecked) private(set) var counters: WorkerCounters
  let limits: ProxyLimits
  let logger: Logger
  let accepting: AcceptLimit
  /// nil without an access log and without tracing.
  let observer: RequestObserver?
  private let index: Int
  private let allCounters: ProxyCounters
  /// By number, like the upstreams'.
  private var routeNames: [String]
  private var upstreamNames: [String]
  @exclusivity(unchecked) private var routing: CachedRouting

  init(_ configuration: ProxyConfiguration, _ shared: ServerParts, worker: Int) {
    workspace = ExchangeWorkspace(
      limits: MessageLimits(configuration.limits),
      timeouts: ExchangeTimeouts(configuration.timeouts))
    index = worker
    allCounters = shared.counters
    counters = shared.counters.worker(worker)
    limits = configuration.limits
    logger = shared.logger
    accepting = shared.accepting
    observer = RequestObserver(shared.observation, worker: worker)
    routeNames = configuration.routes.map(\.name)
    upstreamNames = configuration.upstreams.map(\.name)
    routing = CachedRouting(shared.routing)
    tellTime()
  }

  /// Takes up what a change brought, before the first decision that names it.
  func adopt(_ change: WorkerChange) {
    counters = allCounters.growWorker(index)
    routeNames = change.numbers.routes
    upstreamNames = change.numbers.upstreams.map(\.name)
    workspace.timeouts = ExchangeTimeouts(change.timeouts)
  }

  func decide(_ view: RequestView) -> RoutingDecision { routing.table.decide(view) }

  func permitsUpgrade(to name: UnsafeRawBufferPointer, route: Int) -> Bool {
    routing.table.permitsUpgrade(to: name, route: route)
  }

  func routeName(_ index: Int) -> String? {
    routeNames.indices.contains(index) ? routeNames[index] : nil
  }

  func upstreamName(_ index: Int) -> String? {
    upstreamNames.indices.contains(index) ? upstreamNames[index] : nil
  }

  /// Nanoseconds that never go back.
  static func clock() -> UInt64 { NIODeadline.now().uptimeNanoseconds }

  /// Sets the workspace's clock.
  func tellTime() { workspace.now = Self.clock() / 1_000_000 }
}

/// What a server hands to the transport that it runs on.
struct ServerParts: Sendable {
  let targets: [UpstreamTarget]
  let routing: LiveRouting
  let counters: ProxyCounters
  let accepting: AcceptLimit
  let observation: Observation
  let logger: Logger
}

/// What a changed configuration brings to each worker.
struct WorkerChange: Sendable {
  let timeouts: ProxyTimeouts
  let numbers: RoutingNumbers
  /// What stands behind the upstreams that were added; their numbers follow those before.
  let added: [UpstreamTarget]
}
