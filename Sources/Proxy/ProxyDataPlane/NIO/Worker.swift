// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import NIOCore
import RoutingDecisions
import TLSEngine

/// Everything one event loop owns: its connections, pools, counters and scratch memory.
///
/// Nothing of it is locked, because nobody but the loop touches it.
final class Worker: @unchecked Sendable {  // confined to its event loop
  let eventLoop: any EventLoop
  let context: WorkerContext
  @exclusivity(unchecked) private var upstreams: [Upstream<NIOLink>] = []
  /// The same ones, for requests: none leaves `upstreams` before the worker is gone.
  @exclusivity(unchecked) private var uncountedUpstreams: [Unmanaged<Upstream<NIOLink>>] = []
  /// Holds what is written to a client within one event; unique again once the socket took it.
  @exclusivity(unchecked) var outbound = ByteBufferAllocator().buffer(capacity: 32 * 1024)
  @exclusivity(unchecked) private var registry = ClientRegistry<ClientConnection>()
  /// Shared by the connections that speak TLS.
  let tlsWorkspace = TLSWorkspace()
  private var isDraining = false
  /// What the loop asks for itself.
  let subrequests: Subrequests
  /// What the loop runs for when it serves shadows instead of clients.
  @exclusivity(unchecked) var lane: ShadowLane?
  /// Succeeds once a drain has left no connection.
  let drained: EventLoopPromise<Void>
  private var ticker: RepeatedTask?

  init(
    _ eventLoop: any EventLoop, _ configuration: ProxyConfiguration, _ parts: ServerParts,
    index: Int
  ) {
    self.eventLoop = eventLoop
    context = WorkerContext(configuration, parts, worker: index, on: eventLoop)
    drained = eventLoop.makePromise()
    subrequests = Subrequests(context)
    subrequests.make = { [unowned self] in NIOSubrequest($0, for: $1, self) }
    add(parts.upstreams)
  }

  /// Begins to look at deadlines. On the loop.
  func start() {
    context.tellTime()
    let tick = TimeAmount.milliseconds(WorkerContext.tickMilliseconds)
    ticker = eventLoop.scheduleRepeatedTask(initialDelay: tick, delay: tick) { [weak self] _ in
      self?.onTick()
    }
  }

  private func onTick() {
    context.tellTime()
    var position = Int.max
    while let client = registry.due(at: context.workspace.now, from: position) {
      position = client.position - 1
      client.deadlinePassed()
    }
    if let lane { lane.tick() } else { subrequests.tick() }
    context.flushGates()
    for upstream in upstreams { upstream.closeIdle() }
  }
}

// MARK: - Upstreams

extension Worker {
  private func makeUpstream(_ number: Int, _ parts: UpstreamParts) -> Upstream<NIOLink> {
    let context = context
    return Upstream(parts.target, context.makeGate(parts.shared)) { [unowned self] seat in
      let connector = NIOConnector(
        seat, upstream: number, speaksHTTP2: parts.shared.speaksHTTP2, self)
      return EndpointPool(
        context, isShared: parts.shared.speaksHTTP2, connect: connector.connect)
    }
  }

  private func add(_ parts: [UpstreamParts]) {
    for parts in parts {
      let upstream = makeUpstream(upstreams.count, parts)
      upstreams.append(upstream)
      uncountedUpstreams.append(.passUnretained(upstream))
    }
  }

  func adopt(_ change: WorkerChange) {
    context.adopt(change)
    add(change.added)
  }

  /// Asks an upstream, by its number.
  @inline(__always)
  func withUpstream<Value>(_ number: Int, _ body: (Upstream<NIOLink>) -> Value) -> Value {
    uncountedUpstreams[number]._withUnsafeGuaranteedRef(body)
  }

  func retire(_ numbers: [Int]) {
    for number in numbers { upstreams[number].retire() }
  }
}

// MARK: - Connections

extension Worker {
  func accepted(_ channel: any Channel) throws {
    let pipeline = channel.pipeline.syncOperations
    guard let tls = context.tls.listener else {
      return try pipeline.addHandler(ClientConnection(self))
    }
    guard let engine = TLSEngine(tls, tlsWorkspace) else {
      context.accepting.released()
      throw TLSFailure.noMemory
    }
    let handler = TLSHandler(engine, isServer: true)
    try pipeline.addHandler(handler)
    try pipeline.addHandler(ClientConnection(self, handler))
  }

  func add(_ client: ClientConnection) {
    registry.add(client)
    context.counters.clientOpened()
    if isDraining { client.drain() }
  }

  func remove(_ client: ClientConnection) {
    guard registry.remove(client) else { return }
    context.counters.clientClosed()
    context.accepting.released()
    finishDraining()
  }

  func deadlineChanged(_ client: ClientConnection) { registry.deadlineChanged(client) }

  /// Lets every connection end after the answer at hand.
  func drain() {
    isDraining = true
    for client in registry.clients { client.drain() }
    finishDraining()
  }

  /// Closes whatever is still open.
  func stop() {
    ticker?.cancel()
    for client in registry.clients.reversed() { client.close() }
    lane?.stop()
    subrequests.stop()
    for upstream in upstreams { upstream.closeAll() }
    isDraining = true
    finishDraining()
  }

  private func finishDraining() {
    if isDraining, registry.isEmpty { drained.succeed() }
  }
}
