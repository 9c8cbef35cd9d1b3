// SPDX-License-Identifier: Apache-2.0

/// Versions of TLS; older ones are not spoken at all.
public enum TLSVersion: String, Sendable, CaseIterable {
  /// RFC 5246.
  case v1_2 = "1.2"
  /// RFC 8446.
  case v1_3 = "1.3"
}

/// TLS on the proxy's own listener, `proxy.tls` in the file.
///
/// Paths are taken as they are: relative ones start at the working folder of the process.
public struct ListenerTLS: Sendable, Equatable {
  /// A certificate and its key, as PEM files.
  public struct Certificate: Sendable, Equatable {
    /// `certificate`: the certificate, and behind it those that lead to its root.
    public var certificate: String
    /// `key`: the private key, not encrypted.
    public var key: String
    /// `names`: host names it is shown to, such as `shop.example` or `*.shop.example`; empty takes
    /// them from the certificate.
    public var names: [String]

    /// Creates a certificate's places.
    public init(certificate: String, key: String, names: [String] = []) {
      self.certificate = certificate
      self.key = key
      self.names = names
    }
  }

  /// `certificates`: at least one; a client that names a host gets the one for this name, exact
  /// names before wildcards, and any other client the first.
  public var certificates: [Certificate]
  /// `minimum-version`: oldest version spoken, `1.2` or `1.3`.
  public var minimumVersion: TLSVersion
  /// `ciphers`: suites of TLS 1.2 in OpenSSL's notation; nil leaves those with forward secrecy and
  /// authenticated encryption.
  public var ciphers: String?
  /// `cipher-suites`: suites of TLS 1.3, with colons between; nil leaves OpenSSL's own.
  public var cipherSuites: String?
  /// `client-ca`: PEM file with those who vouch for clients; when it is set, a client without a
  /// certificate of theirs is refused. nil asks for none.
  public var clientCA: String?
  /// `ticket-key-rotation`: how long the key of session tickets is used, 1 minute to 7 days.
  /// Tickets are taken for one such time more. Taken up at a start, not by a reload.
  public var ticketKeyRotation: Duration

  /// Creates settings; the defaults suit browsers of this decade.
  public init(
    certificates: [Certificate], minimumVersion: TLSVersion = .v1_2, ciphers: String? = nil,
    cipherSuites: String? = nil, clientCA: String? = nil,
    ticketKeyRotation: Duration = .seconds(8 * 3600)
  ) {
    self.certificates = certificates
    self.minimumVersion = minimumVersion
    self.ciphers = ciphers
    self.cipherSuites = cipherSuites
    self.clientCA = clientCA
    self.ticketKeyRotation = ticketKeyRotation
  }
}

/// TLS towards the endpoints of an upstream, `tls` in the file.
public struct UpstreamTLS: Sendable, Equatable {
  /// `server-name`: the name that is asked for and that the certificate must be for; nil takes the
  /// host of the endpoint's address.
  public var serverName: String?
  /// `ca`: PEM file with those who vouch for servers; nil takes the system's.
  public var ca: String?
  /// `certificate`: PEM file with what the proxy shows to the server; nil shows nothing.
  public var certificate: String?
  /// `key`: PEM file with the private key of `certificate`.
  public var key: String?
  /// `verify`: whether the server's certificate is looked at. Without that anybody in between can
  /// read and change everything.
  public var verify: Bool
  /// `minimum-version`: oldest version spoken, `1.2` or `1.3`.
  public var minimumVersion: TLSVersion

  /// Creates settings; the defaults verify against the system's authorities.
  public init(
    serverName: String? = nil, ca: String? = nil, certificate: String? = nil, key: String? = nil,
    verify: Bool = true, minimumVersion: TLSVersion = .v1_2
  ) {
    self.serverName = serverName
    self.ca = ca
    self.certificate = certificate
    self.key = key
    self.verify = verify
    self.minimumVersion = minimumVersion
  }
}
