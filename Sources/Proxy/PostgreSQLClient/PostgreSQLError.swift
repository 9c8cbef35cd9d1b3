// SPDX-License-Identifier: Apache-2.0

/// What went wrong with a connection to PostgreSQL. No message holds a password.
package struct PostgreSQLError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What a caller can tell apart.
  package enum Code: Sendable, Equatable {
    /// The address is none, or holds a password.
    case address
    /// There is no connection: it was refused, was lost, or was closed here.
    case connection
    /// No answer came in time. The connection is given up, and whether a statement that was sent
    /// took effect is not known.
    case timedOut
    /// Too many statements wait already.
    case busy
    /// The server refused a statement, which had no effect; the five characters of its SQLSTATE.
    case refused(sqlState: String)
  }

  package let code: Code
  package let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { message }

  /// A row with that key is there already.
  package var isUniqueViolation: Bool { code == .refused(sqlState: "23505") }

  /// Nothing is known of what became of a statement: it may have taken effect.
  package var isUncertain: Bool {
    switch code {
    case .timedOut, .connection: true
    case .address, .busy, .refused: false
    }
  }
}

/// What this build can do.
package enum PostgreSQLSupport {
  /// Whether it was built with the trait `PostgreSQL`, which links libpq.
  package static var isBuiltIn: Bool {
    #if PostgreSQL
      true
    #else
      false
    #endif
  }
}
