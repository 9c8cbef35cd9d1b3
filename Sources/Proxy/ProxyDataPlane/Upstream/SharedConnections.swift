// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import RoutingDecisions

/// Connections that carry many exchanges at a time.
///
/// A request goes to the newest connection that has room, so that those not needed grow old and
/// close. One connection is made at a time, and none before the last one is known to be full: only
/// its upstream knows how many requests it takes.
extension EndpointPool {
  /// A share of a connection, when one has room.
  ///
  /// - Parameter number: only of connections opened after the one of this number.
  func takeShare(openedAfter number: UInt64 = 0) -> Link? {
    for connection in shared.reversed() where connection.number > number && connection.room > 0 {
      connection.isIdle = false
      return connection.makeShare()
    }
    return nil
  }

  func enqueueForShare(_ ticket: ConnectionTicket<Link>) -> Bool {
    let toCome = (context.limits.upstreamConnections - links.count) * context.limits.upstreamStreams
    let most = context.limits.upstreamQueue + toCome
    if waiting.count >= most { return false }
    ticket.number = ticket.needsFresh && mayConnect ? failedNumber : 0
    stand(ticket)
    connectForWaiting()
    return true
  }

  func openedShared(_ connection: Link) {
    lastNumber += 1
    connection.number = lastNumber
    shared.append(connection)
    serveShares(of: connection)
  }

  /// An exchange on a connection got no answer, or only a part of one: what failed is tried on a
  /// newer connection.
  func failedShare(of connection: Link) {
    failedNumber = max(failedNumber, connection.number)
  }

  /// A connection may have room now, or has none any more.
  func roomChanged(_ connection: Link) {
    if connection.isGoingAway {
      shared.removeAll { $0 === connection }
      if connection.load == 0 { connection.close() }
      connectForWaiting()
    } else if links[ObjectIdentifier(connection)] != nil {
      serveShares(of: connection)
    }
  }

  private func serveShares(of connection: Link) {
    while connection.room > 0, let client = nextTicket(for: connection)?.take() {
      connection.isIdle = false
      client.connected(connection.makeShare())
    }
    if connection.load == 0, !connection.isIdle {
      if isRetired { return connection.close() }
      connection.isIdle = true
      connection.idleSince = context.workspace.now
    }
    connectForWaiting()
  }

  private func nextTicket(for connection: Link) -> ConnectionTicket<Link>? {
    waiting.next { connection.number > $0.number }
  }

  /// An attempt failed. Requests that no connection can serve are told, all of them: another
  /// attempt for each would only make each wait longer.
  func failedShared(_ failure: UpstreamFailure) {
    // `shared` stands in the order of the numbers.
    let newest = shared.last?.number ?? 0
    for ticket in leaveLine({ newest <= $0.number }) {
      ticket.take()?.connectionFailed(failure)
    }
  }

  func connectForWaiting() {
    guard !waiting.isEmpty, connecting == 0, mayConnect else { return }
    if shared.allSatisfy({ $0.knowsRoom }) { begin() }
  }
}
