// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  internal import PostgreSQLClient
  internal import TransactionalMessaging

  /// A row of an answer, its columns in the statement's order.
  public struct SQLRow: Sendable, Equatable {
    let row: PostgreSQLRow

    /// How many columns it has.
    public var count: Int { row.count }
    /// A column as PostgreSQL writes it; nil for NULL and for a column that is not there.
    public func text(_ index: Int) -> String? { row.text(index) }
    /// A whole number; nil also for what is none.
    public func integer(_ index: Int) -> Int64? { row.integer(index) }
    /// A column of the type `boolean`.
    public func flag(_ index: Int) -> Bool? { row.flag(index) }
    /// A column of the type `bytea`; nil also for what is none.
    public func bytes(_ index: Int) -> [UInt8]? { row.bytes(index) }
  }

  extension SQLRow {
    /// A column that no row of ours lacks.
    func required<Value>(
      _ column: String, _ value: Value?
    ) throws(MessageStoreError) -> Value {
      guard let value else {
        throw MessageStoreError(
          .corruptRow, "the column \(column) has no value of its type: was the table altered?")
      }
      return value
    }
  }

  extension PostgreSQLStatement {
    init(_ statement: SQLStatement) {
      self.init(
        statement.sql,
        statement.parameters.map { parameter in
          switch parameter {
          case .null: .null
          case .text(let text): .text(text)
          case .integer(let number): .integer(number)
          case .bytes(let bytes): .bytes(bytes)
          }
        })
    }
  }

  extension MessageStoreError {
    /// What the connection says, with what to do about it.
    init(_ error: PostgreSQLError, _ address: PostgreSQLAddress) {
      switch error.code {
      case .address:
        self.init(.invalidAddress, error.message, cause: error)
      case .connection, .timedOut:
        self.init(
          .unavailable, "\(address) cannot be used: \(error.message)\(Self.login(error.message))",
          cause: error)
      case .busy:
        self.init(.busy, "\(address): \(error.message)", cause: error)
      case .refused(let state):
        self.init(
          state == "42P01" ? .missingTables : .refused,
          "\(address): \(error.message)\(Self.advice(state))", sqlState: state, cause: error)
      }
    }

    /// Before there is a session the server gives its reasons as text only.
    private static func login(_ text: String) -> String {
      ["password authentication failed", "no password supplied"].contains { text.contains($0) }
        ? "; the password comes from PGPASSFILE or PGPASSWORD" : ""
    }

    private static func advice(_ state: String) -> String {
      switch state {
      case "42P01": "; \"strangler outbox init\" makes the tables"
      case "42703": "; was a table altered? \"strangler outbox init\" brings it up to date"
      case "42501": "; grant it to this user"
      case "55P03": "; a long transaction holds the table: try again when it has ended"
      case "53100": "; the database's disk is full: free it, nothing of this was stored"
      case "22P02", "22021": "; is the payload JSON? a bytea column takes any bytes"
      default: ""
      }
    }
  }
#endif
