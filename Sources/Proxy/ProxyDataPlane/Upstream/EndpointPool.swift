// SPDX-License-Identifier: Apache-2.0

import DequeModule
import HTTPExchange
import RoutingDecisions

/// A connection that can wait in a pool for its next request.
protocol PooledLink: AnyObject {
  /// When it was put back, in milliseconds of the workspace's clock.
  var idleSince: UInt64 { get set }
  var isIdle: Bool { get set }
  var hasEnded: Bool { get }
  func close()
}

/// Who waits for a connection of a pool.
protocol PoolClient<Link>: AnyObject {
  associatedtype Link: PooledLink
  /// The pool found a connection.
  func connected(_ link: Link)
  /// The pool could make no connection.
  func connectionFailed(_ failure: UpstreamFailure)
}

/// A request that waits for a connection.
final class ConnectionTicket<Link: PooledLink> {
  /// nil once the client no longer waits.
  var client: (any PoolClient<Link>)?
  /// A pooled connection will not do: the request failed on one before.
  let needsFresh: Bool

  init(_ client: any PoolClient<Link>, needsFresh: Bool) {
    self.client = client
    self.needsFresh = needsFresh
  }

  func take() -> (any PoolClient<Link>)? {
    defer { client = nil }
    return client
  }
}

/// The connections of one worker to one endpoint.
///
/// A request takes the connection used last, so that those not needed grow old and close. With none
/// idle it waits in line, and whatever connection comes first, a new one or one given back, serves
/// the line's head.
final class EndpointPool<Link: PooledLink> {
  private let context: WorkerContext
  /// Begins a connection; `opened` or `failed` follows.
  private let connect: (EndpointPool) -> Void
  @exclusivity(unchecked) private var idle: [Link] = []
  private var links: [ObjectIdentifier: Link] = [:]
  private var connecting = 0
  @exclusivity(unchecked) private var isRetired = false
  @exclusivity(unchecked) private var waiting = Deque<ConnectionTicket<Link>>()

  init(_ context: WorkerContext, connect: @escaping (EndpointPool) -> Void) {
    self.context = context
    self.connect = connect
  }

  var isEmpty: Bool { links.isEmpty && connecting == 0 }

  /// The connection used last.
  func takeIdle() -> Link? {
    while let link = idle.popLast() {
      link.isIdle = false
      if !link.hasEnded { return link }
    }
    return nil
  }

  /// Puts a ticket in line; false when the line is full.
  func enqueue(_ ticket: ConnectionTicket<Link>) -> Bool {
    if !mayConnect {
      waiting.removeAll { $0.client == nil }
      if waiting.count >= context.limits.upstreamQueue { return false }
    }
    waiting.append(ticket)
    if mayConnect {
      begin()
    } else if ticket.needsFresh {
      // An idle connection is of no use to this request: it makes room for a new one.
      idle.first?.close()
    }
    return true
  }

  /// The link's exchange is over and it may serve another one.
  func release(_ link: Link) {
    if !waiting.isEmpty, let client = nextTicket(isFresh: false)?.take() {
      client.connected(link)
    } else {
      keep(link)
    }
  }

  func opened(_ link: Link) {
    connecting -= 1
    links[ObjectIdentifier(link)] = link
    context.counters.upstreamOpened()
    if let client = nextTicket(isFresh: true)?.take() {
      client.connected(link)
    } else {
      keep(link)
    }
  }

  /// One attempt failed, so one request is told; the others wait for their own attempts.
  func failed(_ failure: UpstreamFailure) {
    connecting -= 1
    nextTicket(isFresh: true)?.take()?.connectionFailed(failure)
    openForWaiting()
  }

  func closed(_ link: Link) {
    guard links.removeValue(forKey: ObjectIdentifier(link)) != nil else { return }
    context.counters.upstreamClosed()
    if link.isIdle { idle.removeAll { $0 === link } }
    openForWaiting()
  }

  /// Closes what was not needed for too long.
  func closeIdle() {
    let workspace = context.workspace
    let timeout = workspace.timeouts.upstreamIdle
    // The oldest are at the front.
    let old = idle.prefix { workspace.now >= $0.idleSince &+ timeout }
    for link in old { link.close() }
  }

  /// No request comes any more but those decided already: what becomes idle closes.
  func retire() {
    isRetired = true
    for link in idle { link.close() }
  }

  func closeAll() {
    waiting.removeAll()
    for link in links.values { link.close() }
  }
}

extension EndpointPool {
  private var mayConnect: Bool { links.count + connecting < context.limits.upstreamConnections }

  private func begin() {
    connecting += 1
    connect(self)
  }

  private func keep(_ link: Link) {
    if isRetired { return link.close() }
    link.idleSince = context.workspace.now
    link.isIdle = true
    idle.append(link)
  }

  private func nextTicket(isFresh: Bool) -> ConnectionTicket<Link>? {
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
    if waiting.count > connecting, mayConnect { begin() }
  }
}
