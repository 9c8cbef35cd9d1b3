// SPDX-License-Identifier: Apache-2.0

internal import TransactionalMessaging

/// Where a RabbitMQ cluster is, and who asks. Times are milliseconds.
public struct RabbitMQServer: Sendable, Equatable {
  /// Addresses of the cluster, such as `amqp://127.0.0.1:5672`, or `amqps://` for TLS; the first
  /// that answers is taken. They hold no user and no virtual host.
  public var addresses: [String]
  /// Who logs in.
  public var user: String
  /// The user's password.
  public var password: String
  /// Virtual host, which the server must have.
  public var virtualHost: String
  /// PEM file of the authorities that certificates are checked with; nil for the system's.
  public var authorities: String?
  /// Longest that connecting may take for each address.
  public var connecting: Int64
  /// Longest wait for an answer, a confirmation among them.
  public var answering: Int64
  /// How often either side says that it is alive, in whole seconds; a peer that is silent for twice
  /// as long is given up. The server may demand less.
  public var heartbeat: Int64

  /// Creates a value; nothing is connected.
  public init(
    _ addresses: [String], user: String = "guest", password: String = "guest",
    virtualHost: String = "/", authorities: String? = nil, connecting: Int64 = 2_000,
    answering: Int64 = 5_000, heartbeat: Int64 = 5_000
  ) {
    self.addresses = addresses
    self.user = user
    self.password = password
    self.virtualHost = virtualHost
    self.authorities = authorities
    self.connecting = connecting
    self.answering = answering
    self.heartbeat = heartbeat
  }

  /// One of the addresses, taken apart.
  struct Endpoint: Equatable {
    var address: String
    var host: String
    var port: Int
    var isSecure: Bool
  }

  private static let schemes = [("amqp://", 5_672, false), ("amqps://", 5_671, true)]

  /// - Throws: `BrokerError` with the code `configuration`. It repeats no address that may hold a
  ///   password.
  func endpoints() throws(BrokerError) -> [Endpoint] {
    guard !addresses.isEmpty else { throw BrokerError(.configuration, "no address is given") }
    var endpoints: [Endpoint] = []
    for address in addresses { endpoints.append(try Self.endpoint(address)) }
    return endpoints
  }

  private static func endpoint(_ address: String) throws(BrokerError) -> Endpoint {
    guard let (scheme, usual, isSecure) = schemes.first(where: { address.hasPrefix($0.0) }) else {
      throw BrokerError(
        .configuration, "expected an address such as amqp://127.0.0.1:5672, or amqps:// for TLS")
    }
    guard !address.contains("@") else {
      throw BrokerError(
        .configuration, "an address holds credentials: give user and password of their own")
    }
    var place = address.dropFirst(scheme.count)
    if place.hasSuffix("/") { place.removeLast() }
    guard !place.contains("/") else {
      throw BrokerError(
        .configuration, "\(address) names a virtual host: give it as one of its own")
    }
    var host = place
    var port = usual
    // Colons in brackets are those of an IPv6 address.
    if let colon = place.lastIndex(of: ":"), !place[colon...].contains("]") {
      guard let number = UInt16(place[place.index(after: colon)...]), number > 0 else {
        throw BrokerError(.configuration, "\(address) has no valid port")
      }
      port = Int(number)
      host = place[..<colon]
    }
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard !host.isEmpty else { throw BrokerError(.configuration, "\(address) names no host") }
    return Endpoint(address: address, host: String(host), port: port, isSecure: isSecure)
  }

  var heartbeatSeconds: Int { Int(max(1, min(heartbeat / 1_000, 600))) }
}
