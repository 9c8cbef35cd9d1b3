// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore
import RoutingDecisions

/// What stands behind the name of an upstream.
enum UpstreamTarget: Sendable {
  case endpoints([NetworkAddress])
  case module(any InProcessModule)
}

/// How a request gets its link.
enum LinkRequest {
  case ready(any UpstreamLink)
  /// The client is told through `connected` or `connectionFailed`.
  case waiting(ConnectionTicket)
  case failed(UpstreamFailure)
}

/// One worker's view of one upstream.
final class Upstream {
  private let pools: [EndpointPool]
  private let module: (any InProcessModule)?
  private var next = 0

  init(
    _ target: UpstreamTarget, _ eventLoop: any EventLoop, _ configuration: ProxyConfiguration,
    _ workspace: ExchangeWorkspace, _ counters: WorkerCounters
  ) {
    switch target {
    case .endpoints(let addresses):
      pools = addresses.map { EndpointPool($0, eventLoop, configuration, workspace, counters) }
      module = nil
    case .module(let module):
      pools = []
      self.module = module
    }
  }

  /// Endpoints take turns, so a request that is tried again meets another one if there is one.
  func link(for client: ClientConnection, fresh: Bool) -> LinkRequest {
    if let module {
      guard let channel = client.context?.channel else { return .failed(.noEndpoint) }
      return .ready(ModuleLink(module, channel, client.workspace.limits))
    }
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

  func closeAll() {
    for pool in pools { pool.closeAll() }
  }
}
