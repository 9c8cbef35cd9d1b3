// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import RoutingDecisions

/// A connection that can wait in a pool for its next request.
protocol PooledLink: AnyObject {
  /// When it was put back, in milliseconds of the workspace's clock.
  var idleSince: UInt64 { get set }
  var isIdle: Bool { get set }
  var hasEnded: Bool { get }
  func close()

  // Of a connection that carries many exchanges at a time.

  /// Connections of the pool are numbered in the order in which they were opened.
  var number: UInt64 { get set }
  /// Exchanges under way.
  var load: Int { get }
  /// Exchanges that it takes besides those.
  var room: Int { get }
  /// The upstream said how many it takes; before that there is little room, which says nothing.
  var knowsRoom: Bool { get }
  /// It takes no further exchange for good.
  var isGoingAway: Bool { get }
  /// The upstream was given the time of a connection, and has said nothing of what it takes.
  var isMute: Bool { get }
  /// Ends what is over and was not ended by the upstream in time.
  func breakOffOverdue()
  /// A link for one more exchange on it.
  func makeShare() -> Self
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
final class ConnectionTicket<Link: PooledLink>: Waiter {
  /// nil once the client no longer waits.
  private var client: (any PoolClient<Link>)?
  /// Where it stands in line.
  fileprivate weak var pool: EndpointPool<Link>?
  /// A pooled connection will not do: the request failed on one before.
  let needsFresh: Bool
  /// Shared connections up to this number will not do.
  var number: UInt64 = 0

  init(_ client: any PoolClient<Link>, needsFresh: Bool) {
    self.client = client
    self.needsFresh = needsFresh
  }

  var isWaiting: Bool { client != nil }

  /// No connection is being made that it could get.
  var isHeldByLimit: Bool { pool?.isHeldByLimit ?? false }

  /// The client's turn has come.
  func take() -> (any PoolClient<Link>)? {
    defer { client = nil }
    return client
  }

  /// The client gives up.
  func withdraw() {
    if client == nil { return }
    client = nil
    pool?.waiting.noteWithdrawal()
  }
}

/// The connections of one worker to one endpoint.
///
/// Those that carry an exchange at a time are dealt out here, and those that carry many in
/// `SharedConnections`. A request takes the connection used last, so that those not needed grow old
/// and close. With none idle it waits in line, and whatever connection comes first, a new one or
/// one given back, serves the line's head.
final class EndpointPool<Link: PooledLink> {
  let context: WorkerContext
  private let workspace: ExchangeWorkspace
  /// Begins a connection; `opened` or `failed` follows.
  private let connect: (EndpointPool) -> Void
  /// Its connections carry many exchanges at a time.
  private let isShared: Bool
  @exclusivity(unchecked) private var idle: [Link] = []
  private(set) var links: [ObjectIdentifier: Link] = [:]
  private(set) var connecting = 0
  @exclusivity(unchecked) private(set) var isRetired = false
  @exclusivity(unchecked) var waiting = WaitingLine<ConnectionTicket<Link>>()
  /// Connections that may have room for exchanges, in the order in which they were opened.
  @exclusivity(unchecked) var shared: [Link] = []
  /// Of the connection opened last.
  var lastNumber: UInt64 = 0
  /// Of the newest connection on which an exchange failed.
  var failedNumber: UInt64 = 0

  init(
    _ context: WorkerContext, isShared: Bool = false, connect: @escaping (EndpointPool) -> Void
  ) {
    self.context = context
    workspace = context.workspace
    self.isShared = isShared
    self.connect = connect
  }

  var isEmpty: Bool { links.isEmpty && connecting == 0 }

  /// A connection that is there. `fresh`: the request failed on one before.
  func take(fresh: Bool) -> Link? {
    if isShared { return takeShare(openedAfter: fresh && mayConnect ? failedNumber : 0) }
    return fresh ? nil : takeIdle()
  }

  /// The connection used last.
  private func takeIdle() -> Link? {
    while let link = idle.popLast() {
      link.isIdle = false
      if !link.hasEnded { return link }
    }
    return nil
  }

  /// Puts a ticket in line; false when the line is full.
  func enqueue(_ ticket: ConnectionTicket<Link>) -> Bool {
    if isShared { return enqueueForShare(ticket) }
    if !mayConnect, waiting.count >= context.limits.upstreamQueue { return false }
    stand(ticket)
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
    if isShared { return openedShared(link) }
    if let client = nextTicket(isFresh: true)?.take() {
      client.connected(link)
    } else {
      keep(link)
    }
  }

  /// One attempt failed, so one request is told; the others wait for their own attempts.
  func failed(_ failure: UpstreamFailure) {
    connecting -= 1
    if isShared { return failedShared(failure) }
    nextTicket(isFresh: true)?.take()?.connectionFailed(failure)
    openForWaiting()
  }

  func closed(_ link: Link) {
    guard links.removeValue(forKey: ObjectIdentifier(link)) != nil else { return }
    context.counters.upstreamClosed()
    if isShared {
      shared.removeAll { $0 === link }
      return connectForWaiting()
    }
    if link.isIdle { idle.removeAll { $0 === link } }
    openForWaiting()
  }

  /// Closes what was not needed for too long.
  func closeIdle() {
    let timeout = workspace.timeouts.upstreamIdle
    // The oldest are at the front.
    let old = idle.prefix { workspace.now >= $0.idleSince &+ timeout }
    for link in old { link.close() }
    guard isShared, !links.isEmpty else { return }
    for link in Array(links.values) {
      if link.isMute || link.isIdle && workspace.now >= link.idleSince &+ timeout {
        link.close()
      } else {
        link.breakOffOverdue()
      }
    }
  }

  /// No request comes any more but those decided already: what becomes idle closes.
  func retire() {
    isRetired = true
    for link in idle { link.close() }
    for link in shared where link.isIdle { link.close() }
  }

  func closeAll() {
    _ = leaveLine { _ in true }
    for link in links.values { link.close() }
  }
}

extension EndpointPool {
  var mayConnect: Bool { links.count + connecting < context.limits.upstreamConnections }

  /// Some wait only because as many connections are in use as may be. Their wait says nothing about
  /// the endpoint: it was not asked for a connection.
  var isHeldByLimit: Bool {
    if mayConnect { return false }
    return isShared
      ? connecting == 0 && shared.allSatisfy(\.knowsRoom) : waiting.count > connecting
  }

  func begin() {
    connecting += 1
    connect(self)
  }

  private func keep(_ link: Link) {
    if isRetired { return link.close() }
    link.idleSince = workspace.now
    link.isIdle = true
    idle.append(link)
  }

  func stand(_ ticket: ConnectionTicket<Link>) {
    ticket.pool = self
    waiting.append(ticket)
  }

  /// Takes those out of the line for whom that is true.
  func leaveLine(_ isOut: (ConnectionTicket<Link>) -> Bool) -> [ConnectionTicket<Link>] {
    let out = waiting.removeAll(where: isOut)
    // One who hears of it may end another, which is in no line any more.
    for ticket in out { ticket.pool = nil }
    return out
  }

  private func nextTicket(isFresh: Bool) -> ConnectionTicket<Link>? {
    waiting.next { isFresh || !$0.needsFresh }
  }

  /// A place became free: connections that the limit forbade may be opened now.
  private func openForWaiting() {
    if waiting.count > connecting, mayConnect { begin() }
  }
}
