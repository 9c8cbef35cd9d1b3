// SPDX-License-Identifier: Apache-2.0

package import TransactionalMessaging

/// Where a NATS cluster is, and who asks.
public struct NATSServer: Sendable, Equatable {
  /// How to log in.
  public enum Credentials: Sendable, Equatable {
    /// Not at all.
    case none
    /// A token.
    case token(String)
    /// A user with a password.
    case user(String, password: String)
    /// A `.creds` file with a JWT and its seed.
    case file(String)
  }

  /// A server that reads nothing for so long is given up, in milliseconds.
  static let writing: Int64 = 5_000

  /// What addresses begin with; `tls://` demands TLS.
  package static let schemes = ["nats://", "tls://"]

  /// Addresses of the cluster, such as `nats://127.0.0.1:4222`; the first that answers is taken.
  public var addresses: [String]
  /// How to log in.
  public var credentials: Credentials
  /// PEM file of the authorities that certificates are checked with; nil for the system's.
  public var authorities: String?
  /// Longest that connecting may take, in milliseconds for each address.
  public var connecting: Int64
  /// Longest wait for an answer, in milliseconds.
  public var answering: Int64

  /// Creates a value; nothing is connected.
  public init(
    _ addresses: [String], credentials: Credentials = .none, authorities: String? = nil,
    connecting: Int64 = 2_000, answering: Int64 = 5_000
  ) {
    self.addresses = addresses
    self.credentials = credentials
    self.authorities = authorities
    self.connecting = connecting
    self.answering = answering
  }

  /// The addresses in one line, for people.
  package var shown: String { addresses.joined(separator: ", ") }

  var isSecure: Bool { addresses.contains { $0.hasPrefix("tls://") } || authorities != nil }

  /// - Throws: `BrokerError` with the code `configuration`. It repeats no address that may hold a
  ///   password.
  package func validate() throws(BrokerError) {
    guard !addresses.isEmpty else { throw BrokerError(.configuration, "no address is given") }
    for address in addresses {
      guard let scheme = Self.schemes.first(where: address.hasPrefix) else {
        throw BrokerError(.configuration, "expected an address such as nats://127.0.0.1:4222")
      }
      guard !address.contains("@") else {
        throw BrokerError(
          .configuration, "an address holds credentials: give a token, a user or a file instead")
      }
      guard address.utf8.count > scheme.utf8.count else {
        throw BrokerError(.configuration, "\(address) names no host")
      }
    }
  }
}
