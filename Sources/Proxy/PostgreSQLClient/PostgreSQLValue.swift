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

  /// A row of a result, its columns in the statement's order.
  package struct PostgreSQLRow: Sendable, Equatable {
    /// As the server writes them; nil for NULL.
    let columns: [String?]

    package var count: Int { columns.count }

    /// A column as the server writes it; nil for NULL and for a column that is not there.
    package func text(_ index: Int) -> String? { index < columns.count ? columns[index] : nil }

    package func integer(_ index: Int) -> Int64? { text(index).flatMap { Int64($0) } }

    package func flag(_ index: Int) -> Bool? { text(index).map { $0 == "t" } }

    /// A column of the type `bytea`; nil also for what is none.
    package func bytes(_ index: Int) -> [UInt8]? {
      guard let text = text(index), text.hasPrefix("\\x") else { return nil }
      let digits = Array(text.utf8.dropFirst(2))
      guard digits.count.isMultiple(of: 2) else { return nil }
      var bytes: [UInt8] = []
      bytes.reserveCapacity(digits.count / 2)
      for index in stride(from: 0, to: digits.count, by: 2) {
        guard let high = Self.digit(digits[index]), let low = Self.digit(digits[index + 1]) else {
          return nil
        }
        bytes.append(high << 4 | low)
      }
      return bytes
    }

    private static func digit(_ character: UInt8) -> UInt8? {
      switch character {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
      default: nil
      }
    }
  }

  /// What a connection tells without being asked.
  package enum PostgreSQLEvent: Sendable, Equatable {
    /// Somebody notified a channel that this connection listens to.
    case notified(channel: String, payload: String)
    /// It is over; the last event.
    case closed(reason: String)
  }

#endif
