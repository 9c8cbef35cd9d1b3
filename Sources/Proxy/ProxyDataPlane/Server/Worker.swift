// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore
import RoutingDecisions

/// Everything one event loop owns: its connections, pools, counters and scratch memory.
///
/// Nothing of it is locked, because nobody but the loop touches it.
final class Worker: @unchecked Sendable {  // confined to its event loop
  /// How often deadlines are looked at; a timeout may come this much early or late.
  static let tick = TimeAmount.milliseconds(20)

  let eventLoop: any EventLoop
  let workspace: ExchangeWorkspace
  let counters: WorkerCounters
  let upstreams: [Upstream]
  let upstreamNames: [String]
  var routing: CachedRouting
  /// Holds what is written to a client within one event; unique again once the socket took it.
  var outbound = ByteBufferAllocator().buffer(capacity: 32 * 1024)
  private(set) var clients: [ClientConnection] = []
  private(set) var isDraining = false
  private let accepting: AcceptLimit
  private let drained: EventLoopPromise<Void>
  private var ticker: RepeatedTask?

  init(
    eventLoop: any EventLoop, configuration: ProxyConfiguration, targets: [UpstreamTarget],
    live: LiveRouting, counters: WorkerCounters, accepting: AcceptLimit
  ) {
    self.eventLoop = eventLoop
    self.counters = counters
    self.accepting = accepting
    let workspace = ExchangeWorkspace(
      limits: MessageLimits(configuration.limits),
      timeouts: ExchangeTimeouts(configuration.timeouts))
    self.workspace = workspace
    upstreamNames = configuration.upstreams.map(\.name)
    routing = CachedRouting(live)
    drained = eventLoop.makePromise()
    upstreams = targets.map { target in
      Upstream(target, eventLoop, configuration, workspace, counters)
    }
  }

  /// Begins to look at deadlines. On the loop.
  func start() {
    workspace.now = Self.milliseconds(NIODeadline.now())
    ticker = eventLoop.scheduleRepeatedTask(initialDelay: Self.tick, delay: Self.tick) {
      [weak self] _ in self?.onTick()
    }
  }

  private func onTick() {
    workspace.now = Self.milliseconds(NIODeadline.now())
    // Backwards, since a client that closes takes the last one's place.
    var index = clients.count - 1
    while index >= 0 {
      if index < clients.count { clients[index].checkDeadline() }
      index -= 1
    }
    for upstream in upstreams { upstream.closeIdle() }
  }

  private static func milliseconds(_ instant: NIODeadline) -> UInt64 {
    instant.uptimeNanoseconds / 1_000_000
  }
}

// MARK: - Connections

extension Worker {
  func upstreamName(_ index: Int) -> String? {
    upstreamNames.indices.contains(index) ? upstreamNames[index] : nil
  }

  func add(_ client: ClientConnection) {
    client.position = clients.count
    clients.append(client)
    counters.clientOpened()
    if isDraining { client.drain() }
  }

  func remove(_ client: ClientConnection) {
    guard client.position < clients.count, clients[client.position] === client else { return }
    let last = clients.removeLast()
    if last !== client {
      last.position = client.position
      clients[client.position] = last
    }
    counters.clientClosed()
    accepting.released()
    finishDraining()
  }

  /// Lets every connection end after the answer at hand; the future completes once all are gone.
  func drain() -> EventLoopFuture<Void> {
    isDraining = true
    for client in clients { client.drain() }
    finishDraining()
    return drained.futureResult
  }

  /// Closes whatever is still open.
  func stop() {
    ticker?.cancel()
    for client in clients.reversed() { client.close() }
    for upstream in upstreams { upstream.closeAll() }
    isDraining = true
    finishDraining()
  }

  private func finishDraining() {
    if isDraining, clients.isEmpty { drained.succeed() }
  }
}
