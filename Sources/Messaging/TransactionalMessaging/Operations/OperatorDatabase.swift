// SPDX-License-Identifier: Apache-2.0

/// A database with the tables of outbox, relay and inbox, as its operators see it: statements and
/// rows. What they ask and do is the same everywhere and lives in `OutboxOperator`.
package protocol OperatorDatabase: Sendable {
  /// How it says what SQLite and PostgreSQL say differently.
  var dialect: OperatorDialect { get }

  /// Runs statements in one transaction, all or nothing.
  ///
  /// - Parameter changes: false where nothing but reading is asked for.
  /// - Returns: the rows of each statement.
  /// - Throws: the store's error.
  func run(_ statements: [BoundStatement], changes: Bool) async throws -> [[OperatorRow]]
}

/// A statement with its values by name.
package struct BoundStatement: Sendable {
  package let statement: NamedStatement
  package let values: [String: SQLParameter]

  package init(_ statement: NamedStatement, _ values: [String: SQLParameter] = [:]) {
    self.statement = statement
    self.values = values
  }
}

/// A row of an answer, its columns in the statement's order.
package struct OperatorRow: Sendable, Equatable {
  package let columns: [SQLParameter]

  package init(_ columns: [SQLParameter]) { self.columns = columns }

  /// Nil for NULL and for a column that is not there.
  package func text(_ index: Int) -> String? {
    guard index < columns.count else { return nil }
    return switch columns[index] {
    case .text(let text): text
    case .integer(let number): String(number)
    case .null, .bytes: nil
    }
  }

  /// Of a BLOB, of text, or of the text that PostgreSQL makes of `bytea`.
  package func bytes(_ index: Int, isHexadecimal: Bool) -> [UInt8]? {
    guard index < columns.count else { return nil }
    switch columns[index] {
    case .bytes(let bytes): return bytes
    case .text(let text):
      guard isHexadecimal, text.hasPrefix("\\x") else { return Array(text.utf8) }
      return Self.decode(hexadecimal: text.utf8.dropFirst(2))
    case .null, .integer: return nil
    }
  }

  private static func decode(hexadecimal digits: Substring.UTF8View) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    var high: UInt8?
    for digit in digits {
      let value = digit < UInt8(ascii: "a") ? digit &- UInt8(ascii: "0") : digit &- 87
      if let first = high {
        bytes.append(first << 4 | value & 15)
        high = nil
      } else {
        high = value
      }
    }
    return bytes
  }

  /// Nil also for what is no whole number.
  package func integer(_ index: Int) -> Int64? {
    guard index < columns.count else { return nil }
    return switch columns[index] {
    case .integer(let number): number
    case .text(let text): Int64(text)
    case .null, .bytes: nil
    }
  }
}

/// What the two databases say differently to operators.
package enum OperatorDialect: Sendable {
  case sqlite
  case postgreSQL
}
