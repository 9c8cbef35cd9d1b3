// SPDX-License-Identifier: Apache-2.0

/// The journal of moved routes.
public struct JournalConfiguration: Sendable, Equatable {
  /// Where it is kept.
  public enum Place: Sendable, Equatable {
    /// `path`: a SQLite file of this proxy alone.
    case file(String)
    /// `url`: a PostgreSQL database that several proxies share, such as
    /// `postgresql://strangler@db.internal/strangler?sslmode=verify-full`. It holds no password:
    /// libpq takes that from `PGPASSFILE` or `PGPASSWORD`.
    case postgreSQL(String)
  }

  /// Where it is kept.
  public var place: Place
  /// Name of what the proxy is in front of, such as `shop-production`. A journal belongs to one
  /// installation, and a proxy of another one refuses it.
  public var installation: String
  /// `proxy-name`: what this proxy is called among those that share the journal; nil takes the
  /// machine's name.
  public var proxyName: String?

  /// Creates a journal's configuration.
  public init(_ place: Place, installation: String, proxyName: String? = nil) {
    self.place = place
    self.installation = installation
    self.proxyName = proxyName
  }

  /// Creates the configuration of a journal in a SQLite file.
  public init(path: String, installation: String) {
    self.init(.file(path), installation: installation)
  }
}

extension JournalConfiguration.Place {
  /// What is wrong with it; nil when nothing is. An address that may hold a password is not
  /// repeated.
  var mistake: (key: String, text: String)? {
    switch self {
    case .file(""): return ("path", "expected a file")
    case .file: return nil
    case .postgreSQL(let url):
      let schemes = ["postgresql://", "postgres://"]
      guard let scheme = schemes.first(where: { url.hasPrefix($0) }) else {
        return ("url", "expected an address such as postgresql://user@host/database")
      }
      let rest = url.dropFirst(scheme.count)
      let authority = rest.prefix { $0 != "/" && $0 != "?" }
      let userInfo = authority.split(separator: "@", omittingEmptySubsequences: false).dropLast()
      let options = rest.drop { $0 != "?" }.dropFirst().split(separator: "&")
      let isSecret =
        userInfo.contains { $0.contains(":") }
        || options.contains { $0.hasPrefix("password=") || $0.hasPrefix("sslpassword=") }
      return isSecret
        ? ("url", "it holds a password: leave that to PGPASSFILE or PGPASSWORD in the environment")
        : nil
    }
  }
}
