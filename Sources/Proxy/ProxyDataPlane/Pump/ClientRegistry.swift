// SPDX-License-Identifier: Apache-2.0

import HTTPExchange

/// A client connection that has a place in its worker's list.
protocol RegisteredClient: AnyObject {
  /// Place in the list.
  var position: Int { get set }
  /// When it has to be looked at, in milliseconds.
  var nextDeadline: UInt64 { get }
}

extension RegisteredClient where Self: ExchangePump {
  var nextDeadline: UInt64 { exchange.nextDeadline }
}

/// The open client connections of one worker and when each may become due.
///
/// The times stand apart from the connections, close together: a look at ten thousand idle clients
/// reads one short run of memory and wakes no connection.
struct ClientRegistry<Client: RegisteredClient> {
  private(set) var clients: [Client] = []
  /// Never later than the client's own deadline, and often earlier.
  private var looks: [UInt64] = []

  var isEmpty: Bool { clients.isEmpty }

  /// When the first client may have to be looked at.
  var soonest: UInt64 { looks.min() ?? .max }

  mutating func add(_ client: Client) {
    client.position = clients.count
    clients.append(client)
    looks.append(client.nextDeadline)
  }

  /// False when it was removed before.
  mutating func remove(_ client: Client) -> Bool {
    let position = client.position
    guard position < clients.count, clients[position] === client else { return false }
    let last = clients.removeLast()
    let look = looks.removeLast()
    if last !== client {
      last.position = position
      clients[position] = last
      looks[position] = look
    }
    return true
  }

  /// The client's deadline may be nearer than it was.
  mutating func deadlineChanged(_ client: Client) {
    let position = client.position
    if position < looks.count, clients[position] === client {
      looks[position] = min(looks[position], client.nextDeadline)
    }
  }

  /// The next client at or below `position` to look at, going down since a client that closes is
  /// replaced by the last one.
  mutating func due(at now: UInt64, from position: Int) -> Client? {
    var index = min(position, looks.count - 1)
    while index >= 0 {
      if looks[index] <= now {
        let client = clients[index]
        looks[index] = client.nextDeadline
        if looks[index] <= now { return client }
      }
      index -= 1
    }
    return nil
  }
}
