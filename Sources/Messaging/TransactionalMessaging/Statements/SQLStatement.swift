// SPDX-License-Identifier: Apache-2.0

/// A parameter of a statement.
public enum SQLParameter: Sendable, Equatable {
  /// NULL.
  case null
  /// Text; also for columns of the types `uuid` and `jsonb`, which PostgreSQL reads from text.
  case text(String)
  /// A whole number.
  case integer(Int64)
  /// For a column of the type `bytea`.
  case bytes([UInt8])

  package init(_ text: String?) { self = text.map { .text($0) } ?? .null }
}

/// A statement of PostgreSQL with its parameters, `$1` being the first: bind them, never paste them
/// into the text.
public struct SQLStatement: Sendable, Equatable {
  /// The text, the same for each call, so that a driver may prepare it once.
  public let sql: String
  /// Values of `$1`, `$2` and so on.
  public let parameters: [SQLParameter]

  package init(_ sql: String, _ parameters: [SQLParameter] = []) {
    self.sql = sql
    self.parameters = parameters
  }
}

/// A statement with arguments such as `:name`, as SQLite reads it, numbered for PostgreSQL.
package struct NamedStatement: Sendable {
  /// With names, for SQLite; casts are PostgreSQL's.
  package let text: String
  /// With numbers, for PostgreSQL.
  package let sql: String
  /// Names in the order of their numbers; a name that is used twice has one number.
  package let names: [String]

  package init(_ text: String) {
    self.text = text
    var sql = ""
    var names: [String] = []
    var rest = text[...]
    while let colon = rest.firstIndex(of: ":") {
      sql += rest[..<colon]
      rest = rest[rest.index(after: colon)...]
      if rest.first == ":" {
        // A cast.
        sql += "::"
        rest = rest.dropFirst()
        continue
      }
      let name = String(rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber) })
      // A digit behind it is a literal's, such as a snapshot's.
      guard name.first?.isLetter == true else {
        sql += ":"
        continue
      }
      rest = rest.dropFirst(name.count)
      let number = names.firstIndex(of: name) ?? names.count
      if number == names.count { names.append(name) }
      sql += "$\(number + 1)"
    }
    self.sql = sql + rest
    self.names = names
  }

  /// The statement with values; one that is missing is NULL.
  package func bind(_ values: [String: SQLParameter]) -> SQLStatement {
    SQLStatement(sql, names.map { values[$0] ?? .null })
  }
}
