// SPDX-License-Identifier: Apache-2.0

/// `registry`: how services register their instances on the admin API. Without it they may as well,
/// with the admin token, and the proxy keeps what it is told in its memory.
public struct RegistryConfiguration: Sendable, Equatable {
  /// `url`: a PostgreSQL database in which several proxies share what they are told, without a
  /// password as in `JournalConfiguration`; nil keeps it in this proxy's memory.
  public var url: String?
  /// `token-env`: name of the environment variable with a token that is good for the registry
  /// alone; services need not know the admin token then.
  public var tokenEnvironmentVariable: String?
  /// `token-file`: the file that holds it instead; made with a random token where there is none.
  public var tokenFile: String?

  /// Creates a registry's configuration.
  public init(
    url: String? = nil, tokenEnvironmentVariable: String? = nil, tokenFile: String? = nil
  ) {
    self.url = url
    self.tokenEnvironmentVariable = tokenEnvironmentVariable
    self.tokenFile = tokenFile
  }

  /// It has a token of its own.
  public var hasToken: Bool { tokenEnvironmentVariable != nil || tokenFile != nil }
}
