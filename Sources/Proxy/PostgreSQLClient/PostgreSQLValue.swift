// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL

  /// A statement with its parameters, `$1` being the first. They are bound, never pasted into it.
  package struct PostgreSQLStatement: Sendable {
    package let sql: String
    package let parameters: [PostgreSQLValue]

    package init(_ sql: String, _ parameters: [PostgreSQLValue] = []) {
      self.sql = sql
      self.parameters = parameters
    }
  }

  /// A parameter of a statement.
  package enum PostgreSQLValue: Sendable, Equatable {
    case null
    case text(String)
    case integer(Int64)
    /// For a column of the type `bytea`.
    case bytes([UInt8])
  }

  /// What a connection tells without being asked.
  package enum PostgreSQLEvent: Sendable, Equatable {
    /// Somebody notified a channel that this connection listens to.
    case notified(channel: String, payload: String)
    /// It is over; the last event.
    case closed(reason: String)
  }

#endif
