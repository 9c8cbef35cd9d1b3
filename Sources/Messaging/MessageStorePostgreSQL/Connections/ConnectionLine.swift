// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL

  /// Who has a connection and who waits for one: at most `connections` are open, at most `waiting`
  /// callers wait, first come first served.
  package struct ConnectionLine<Connection> {
    /// What a caller gets.
    package enum Turn {
      case take(Connection)
      /// There is room for one more.
      case open
    }

    package enum Answer {
      case turn(Turn)
      case wait
      case refused
    }

    package let connections: Int
    package let waiting: Int
    /// Connections that are open or being opened.
    package private(set) var count = 0
    package private(set) var idle: [Connection] = []
    package private(set) var waiters: [UInt64] = []

    package init(connections: Int, waiting: Int) {
      self.connections = max(1, connections)
      self.waiting = max(0, waiting)
    }

    package mutating func ask(_ caller: UInt64) -> Answer {
      if let connection = idle.popLast() { return .turn(.take(connection)) }
      if count < connections {
        count += 1
        return .turn(.open)
      }
      guard waiters.count < waiting else { return .refused }
      waiters.append(caller)
      return .wait
    }

    /// A caller is done.
    ///
    /// - Parameter connection: nil when it is lost or could not be opened.
    /// - Returns: who is next, and with what.
    package mutating func giveBack(_ connection: Connection?) -> (caller: UInt64, turn: Turn)? {
      guard !waiters.isEmpty else {
        if let connection { idle.append(connection) } else { count -= 1 }
        return nil
      }
      return (waiters.removeFirst(), connection.map { .take($0) } ?? .open)
    }

    /// A caller waits no longer.
    package mutating func leave(_ caller: UInt64) { waiters.removeAll { $0 == caller } }

    /// Takes what is idle out, for good.
    package mutating func drain() -> [Connection] {
      defer {
        count -= idle.count
        idle = []
      }
      return idle
    }
  }

  extension ConnectionLine.Turn: Sendable where Connection: Sendable {}
#endif
