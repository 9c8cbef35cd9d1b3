// SPDX-License-Identifier: Apache-2.0

internal import TransactionalMessaging

/// Where a Kafka cluster is, and who asks. Times are milliseconds.
public struct KafkaServer: Sendable, Equatable {
  /// Who logs in, by SASL.
  public struct Login: Sendable, Equatable {
    /// How the password is proven.
    public enum Mechanism: String, Sendable, CaseIterable {
      /// It is sent as it is: for use over TLS.
      case plain = "PLAIN"
      /// It is not sent.
      case scramSHA256 = "SCRAM-SHA-256"
      /// It is not sent.
      case scramSHA512 = "SCRAM-SHA-512"
    }

    /// Name of the user.
    public var user: String
    /// The user's password.
    public var password: String
    /// How the password is proven.
    public var mechanism: Mechanism

    /// Creates a value.
    public init(user: String, password: String, mechanism: Mechanism = .scramSHA512) {
      self.user = user
      self.password = password
      self.mechanism = mechanism
    }
  }

  /// Addresses of some brokers, such as `plaintext://127.0.0.1:9092`, or `ssl://` for TLS, all of
  /// one kind; the cluster tells of its others. They hold no user.
  public var addresses: [String]
  /// Who logs in; nil for nobody in particular.
  public var login: Login?
  /// PEM file of the authorities that certificates are checked with; nil for the system's.
  public var authorities: String?
  /// Longest that is waited for a first broker that answers.
  public var connecting: Int64
  /// Longest wait for an answer, a confirmation among them.
  public var answering: Int64

  /// Creates a value; nothing is connected.
  public init(
    _ addresses: [String], login: Login? = nil, authorities: String? = nil,
    connecting: Int64 = 2_000, answering: Int64 = 5_000
  ) {
    self.addresses = addresses
    self.login = login
    self.authorities = authorities
    self.connecting = connecting
    self.answering = answering
  }

  /// The addresses, taken apart.
  struct Endpoints: Equatable {
    /// Hosts with ports, as librdkafka wants them.
    var brokers: [String] = []
    var isSecure = false
  }

  private static let schemes = [("plaintext://", false), ("ssl://", true)]

  /// - Throws: `BrokerError` with the code `configuration`. It repeats no address that may hold a
  ///   password.
  func endpoints() throws(BrokerError) -> Endpoints {
    guard !addresses.isEmpty else { throw BrokerError(.configuration, "no address is given") }
    var endpoints = Endpoints()
    for (index, address) in addresses.enumerated() {
      let (broker, isSecure) = try Self.endpoint(address)
      guard index == 0 || isSecure == endpoints.isSecure else {
        throw BrokerError(
          .configuration, "the addresses are plaintext:// or ssl://, all of them alike")
      }
      endpoints.isSecure = isSecure
      endpoints.brokers.append(broker)
    }
    return endpoints
  }

  private static func endpoint(_ address: String) throws(BrokerError) -> (String, Bool) {
    guard let (scheme, isSecure) = schemes.first(where: { address.hasPrefix($0.0) }) else {
      throw BrokerError(
        .configuration,
        "expected an address such as plaintext://127.0.0.1:9092, or ssl:// for TLS")
    }
    guard !address.contains("@") else {
      throw BrokerError(
        .configuration, "an address holds credentials: give user and password of their own")
    }
    var place = address.dropFirst(scheme.count)
    if place.hasSuffix("/") { place.removeLast() }
    guard !place.contains(where: { $0 == "/" || $0 == "," || $0.isWhitespace }) else {
      throw BrokerError(.configuration, "\(address) is no host with a port")
    }
    // Colons in brackets are those of an IPv6 address.
    guard let colon = place.lastIndex(of: ":"), !place[colon...].contains("]") else {
      return try isHost(place) ? ("\(place):9092", isSecure) : none(address)
    }
    guard let port = UInt16(place[place.index(after: colon)...]), port > 0 else {
      throw BrokerError(.configuration, "\(address) has no valid port")
    }
    return try isHost(place[..<colon]) ? (String(place), isSecure) : none(address)
  }

  private static func isHost(_ text: Substring) -> Bool { !text.isEmpty && text != "[]" }

  private static func none<Value>(_ address: String) throws(BrokerError) -> Value {
    throw BrokerError(.configuration, "\(address) names no host")
  }
}
