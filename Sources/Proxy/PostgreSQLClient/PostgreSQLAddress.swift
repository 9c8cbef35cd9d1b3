// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  internal import CPostgreSQL
#endif

/// Where a database is: an address such as `postgresql://strangler@db.internal/strangler?sslmode=
/// verify-full`, as libpq reads it.
///
/// The password is not part of it, so it can be shown and logged: libpq takes the password from the
/// environment (`PGPASSWORD`), from the file that `PGPASSFILE` names, or needs none with a client
/// certificate.
package struct PostgreSQLAddress: Sendable, Equatable, CustomStringConvertible {
  /// What every address begins with.
  package static let schemes = ["postgresql://", "postgres://"]

  package let text: String

  package var description: String { text }

  /// - Throws: `PostgreSQLError` with the code `address`, which says what is wrong. It does not
  ///   repeat an address that may hold a password.
  package init(_ text: String) throws(PostgreSQLError) {
    guard let scheme = Self.schemes.first(where: { text.hasPrefix($0) }) else {
      throw PostgreSQLError(.address, "expected an address such as postgresql://user@host/database")
    }
    let rest = text.dropFirst(scheme.count)
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    let userInfo = authority.lastIndex(of: "@").map { authority[..<$0] }
    let query = rest.drop { $0 != "?" }.dropFirst().split(separator: "&")
    guard userInfo?.contains(":") != true, !query.contains(where: Self.isSecret) else {
      throw Self.holdsPassword
    }
    // A password with such a sign in it looks like the end of the host.
    guard userInfo != nil || !rest.contains("@") else { throw Self.holdsPassword }
    self.text = text
    try checkOptions()
  }

  private static var holdsPassword: PostgreSQLError {
    PostgreSQLError(
      .address, "it holds a password: leave that to PGPASSFILE or PGPASSWORD in the environment")
  }

  private static func isSecret(_ option: Substring) -> Bool {
    ["password", "sslpassword"].contains { option.hasPrefix($0 + "=") }
  }

  /// Whether text is meant as an address, rather than as a file's name.
  package static func isAddress(_ text: String) -> Bool {
    schemes.contains { text.hasPrefix($0) }
  }

  /// libpq knows its options; without it a build has no use for them.
  private func checkOptions() throws(PostgreSQLError) {
    #if PostgreSQL
      var message: UnsafeMutablePointer<CChar>?
      guard let options = PQconninfoParse(text, &message) else {
        defer { PQfreemem(message) }
        let reason = message.map { String(cString: $0) } ?? "it cannot be read"
        throw PostgreSQLError(.address, reason.trimmed)
      }
      defer { PQconninfoFree(options) }
      var option = options
      while let keyword = option.pointee.keyword {
        let isSecret = ["password", "sslpassword"].contains(String(cString: keyword))
        if isSecret, let value = option.pointee.val, value.pointee != 0 {
          throw Self.holdsPassword
        }
        option += 1
      }
    #endif
  }
}

extension String {
  /// libpq ends its messages with a line break.
  var trimmed: String {
    var text = self[...]
    while text.last?.isWhitespace == true { text.removeLast() }
    return text.split(whereSeparator: \.isNewline).joined(separator: "; ")
  }
}
