// SPDX-License-Identifier: Apache-2.0

import DequeModule
import HTTPExchange
import NIOCore
import NIOPosix
import RoutingDecisions

/// A request that waits for a connection.
final class ConnectionTicket {
  /// nil once the client no longer waits.
  var client: ClientConnection?
  /// A pooled connection will not do: the request failed on one before.
  let needsFresh: Bool

  init(_ client: ClientConnection, needsFresh: Bool) {
    self.client = client
    self.needsFresh = needsFresh
  }
}

/// The connections of one worker to one endpoint.
///
/// A request takes the connection used last, so that those not needed grow old and close. With none
/// idle it waits in line, and whatever connection comes first, a new one or one given back, serves
/// the line's head.
final class EndpointPool {
  let address: NetworkAddress
  private let socketAddress: SocketAddress?
  private let eventLoop: any EventLoop
  private let counters: WorkerCounters
  private let limits: ProxyLimits
  private let connectTimeout: TimeAmount
  private let workspace: ExchangeWorkspace
  private var idle: [NetworkLink] = []
  private var links: [ObjectIdentifier: NetworkLink] = [:]
  private var connecting = 0
  private var waiting = Deque<ConnectionTicket>()

  init(
    _ address: NetworkAddress, _ eventLoop: any EventLoop, _ configuration: ProxyConfiguration,
    _ workspace: ExchangeWorkspace, _ counters: WorkerCounters
  ) {
    self.address = address
    self.eventLoop = eventLoop
    self.counters = counters
    limits = configuration.limits
    self.workspace = workspace
    connectTimeout = TimeAmount(configuration.timeouts.connect)
    // Names are left to the connect call, which resolves them off the loop each time.
    socketAddress = try? SocketAddress(ipAddress: address.host, port: address.port)
  }

  /// The connection used last.
  func takeIdle() -> NetworkLink? {
    while let link = idle.popLast() {
      if !link.hasEnded { return link }
    }
    return nil
  }

  /// Puts a ticket in line; false when the line is full.
  func enqueue(_ ticket: ConnectionTicket) -> Bool {
    let mayOpen = links.count + connecting < limits.upstreamConnections
    if !mayOpen {
      waiting.removeAll { $0.client == nil }
      if waiting.count >= limits.upstreamQueue { return false }
    }
    waiting.append(ticket)
    if mayOpen {
      connect()
    } else if ticket.needsFresh {
      // An idle connection is of no use to this request: it makes room for a new one.
      idle.first?.close()
    }
    return true
  }

  func release(_ link: NetworkLink) {
    if let ticket = nextTicket(isFresh: false) {
      ticket.client?.connected(link, ticket)
    } else {
      keep(link)
    }
  }

  private func keep(_ link: NetworkLink) {
    link.idleSince = workspace.now
    idle.append(link)
  }

  func closed(_ link: NetworkLink) {
    guard links.removeValue(forKey: ObjectIdentifier(link)) != nil else { return }
    counters.upstreamClosed()
    idle.removeAll { $0 === link }
    openForWaiting()
  }

  func closeIdle() {
    let timeout = workspace.timeouts.upstreamIdle
    // The oldest are at the front.
    let old = idle.prefix { workspace.now >= $0.idleSince &+ timeout }
    for link in old { link.close() }
  }

  func closeAll() {
    waiting.removeAll()
    for link in links.values { link.close() }
  }

  private func nextTicket(isFresh: Bool) -> ConnectionTicket? {
    var index = 0
    while index < waiting.count {
      if waiting[index].client == nil {
        waiting.remove(at: index)
      } else if isFresh || !waiting[index].needsFresh {
        return waiting.remove(at: index)
      } else {
        index += 1
      }
    }
    return nil
  }

  /// A place became free: connections that the limit forbade may be opened now.
  private func openForWaiting() {
    waiting.removeAll { $0.client == nil }
    if waiting.count > connecting, links.count + connecting < limits.upstreamConnections {
      connect()
    }
  }
}

// MARK: - Connecting

extension EndpointPool {
  private func connect() {
    connecting += 1
    let bootstrap = ClientBootstrap(group: eventLoop)
      .connectTimeout(connectTimeout)
      .channelOption(.socketOption(.tcp_nodelay), value: 1)
      .channelOption(.recvAllocator, value: ChannelTuning.receiveAllocator)
      .channelOption(.maxMessagesPerRead, value: 1)
      .channelOption(.writeBufferWaterMark, value: ChannelTuning.writeWaterMark)
    let attempt =
      if let socketAddress {
        bootstrap.connect(to: socketAddress)
      } else {
        bootstrap.connect(host: address.host, port: address.port)
      }
    attempt.assumeIsolated().whenComplete { result in
      self.connecting -= 1
      switch result {
      case .success(let channel): self.opened(channel)
      case .failure(let error): self.failed(error)
      }
    }
  }

  private func opened(_ channel: any Channel) {
    let link = NetworkLink(self, readAhead: workspace.limits.readAhead)
    do {
      try channel.pipeline.syncOperations.addHandler(link)
    } catch {
      channel.close(promise: nil)
      return failed(error)
    }
    links[ObjectIdentifier(link)] = link
    counters.upstreamOpened()
    if let ticket = nextTicket(isFresh: true) {
      ticket.client?.connected(link, ticket)
    } else {
      keep(link)
    }
  }

  /// One attempt failed, so one request is told; the others wait for their own attempts.
  private func failed(_ error: any Error) {
    let isTimeout = if case .connectTimeout? = error as? ChannelError { true } else { false }
    if let ticket = nextTicket(isFresh: true) {
      ticket.client?.connectionFailed(isTimeout ? .connectTimeout : .connectFailed, ticket)
    }
    openForWaiting()
  }
}

/// Socket settings of both sides.
enum ChannelTuning {
  /// Grows with the messages, so that large bodies take few reads and idle peers little memory.
  static let receiveAllocator = AdaptiveRecvByteBufferAllocator(
    minimum: 2048, initial: 4096, maximum: 128 * 1024)
  /// Above the high mark the other side is not read from.
  static let writeWaterMark = ChannelOptions.Types.WriteBufferWaterMark(
    low: 64 * 1024, high: 256 * 1024)
}
