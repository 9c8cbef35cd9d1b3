// SPDX-License-Identifier: Apache-2.0

public import GatewayComposition

/// Everything the proxy is told: where to listen, whom to ask, and which request goes where.
///
/// A plain value: it can be decoded from a file (`ConfigurationDecoding`) or written in Swift by a
/// program that embeds the proxy. `RoutingTable.init` checks it either way.
public struct ProxyConfiguration: Sendable, Equatable {
  /// Address of the proxy's own listener; port 0 picks a free one.
  public var listen: NetworkAddress
  /// TLS on the proxy's own listener; nil listens in clear.
  public var tls: ListenerTLS?
  /// The admin listener; nil runs none.
  public var admin: AdminConfiguration?
  /// Where moves of routes are written down before they are made; nil writes none, and carries no
  /// cutover out.
  public var journal: JournalConfiguration?
  /// How services register their instances; nil where they need the admin token for it.
  public var registry: RegistryConfiguration?
  /// Number of event loops, 1 to 256.
  public var workers: Int
  /// What moves the bytes.
  public var transport: TransportKind
  /// How long each wait may last.
  public var timeouts: ProxyTimeouts
  /// How big each thing may get.
  public var limits: ProxyLimits
  /// The log of requests; nil writes none.
  public var accessLog: AccessLogConfiguration?
  /// Distributed tracing; nil passes trace fields on as they come.
  public var tracing: TracingConfiguration?
  /// Proxies in front of this one. What they say about the client (X-Forwarded-*, Forwarded,
  /// X-Real-IP) is believed and added to, and their internal headers pass; of everybody else it is
  /// replaced. The client address that routes see is the nearest one that is not trusted.
  public var trusted: [AddressRange]
  /// Header fields that only trusted peers may send, any case; of others they are removed before
  /// routing.
  public var internalHeaders: [String]
  /// Named places that answer requests.
  public var upstreams: [UpstreamConfiguration]
  /// Routes in file order.
  public var routes: [RouteConfiguration]
  /// How routes are moved, by plan.
  public var cutovers: [CutoverPlan]

  /// Creates a configuration.
  public init(
    listen: NetworkAddress = NetworkAddress(host: "127.0.0.1", port: 8080),
    tls: ListenerTLS? = nil, admin: AdminConfiguration? = nil,
    journal: JournalConfiguration? = nil, workers: Int = 1,
    transport: TransportKind = .standard, timeouts: ProxyTimeouts = .init(),
    limits: ProxyLimits = .init(), trusted: [AddressRange] = [], internalHeaders: [String] = [],
    upstreams: [UpstreamConfiguration],
    routes: [RouteConfiguration], cutovers: [CutoverPlan] = []
  ) {
    self.listen = listen
    self.tls = tls
    self.admin = admin
    self.journal = journal
    self.workers = workers
    self.transport = transport
    self.timeouts = timeouts
    self.limits = limits
    self.trusted = trusted
    self.internalHeaders = internalHeaders
    self.upstreams = upstreams
    self.routes = routes
    self.cutovers = cutovers
  }
}

/// What moves the bytes between clients and upstreams; nothing a client sees depends on it.
public enum TransportKind: String, Sendable, CaseIterable {
  /// Sockets on epoll, one thread a worker; Linux only, and the cheapest there.
  case epoll
  /// SwiftNIO's event loops; every platform, and programs that live on SwiftNIO already.
  case nio

  /// Those this platform has.
  public static var available: [TransportKind] {
    #if os(Linux)
      [.epoll, .nio]
    #else
      [.nio]
    #endif
  }

  /// The one used when none is asked for.
  public static var standard: TransportKind { available[0] }
}

/// The admin listener.
public struct AdminConfiguration: Sendable, Equatable {
  /// Where it listens; anything but loopback needs a token.
  public var listen: NetworkAddress
  /// Name of the environment variable that holds the bearer token; nil asks for no token, unless
  /// there is a file.
  public var tokenEnvironmentVariable: String?
  /// File that holds the bearer token instead; the proxy makes one with a random token where there
  /// is none.
  public var tokenFile: String?

  /// Creates an admin listener's configuration.
  public init(
    listen: NetworkAddress, tokenEnvironmentVariable: String? = nil, tokenFile: String? = nil
  ) {
    self.listen = listen
    self.tokenEnvironmentVariable = tokenEnvironmentVariable
    self.tokenFile = tokenFile
  }

  /// Requests have to carry a token.
  public var asksForToken: Bool { tokenEnvironmentVariable != nil || tokenFile != nil }
}

/// A named place that answers requests.
public struct UpstreamConfiguration: Sendable, Equatable {
  /// What stands behind the name.
  public enum Target: Sendable, Equatable {
    /// Servers; at least one.
    case network([NetworkAddress])
    /// `registry`: the instances that registered as this service on the admin API.
    case registry(String)
    /// A module linked into the same process, by its name.
    case module(String)
    /// Other upstreams, asked at the same time, whose JSON answers become one; GET and HEAD only.
    case composition(CompositionPlan)
  }

  /// What the proxy speaks with servers.
  public enum WireProtocol: String, Sendable, Equatable, CaseIterable {
    /// HTTP/1.1.
    case http1 = "http/1.1"
    /// HTTP/2, known to be there.
    case http2 = "h2"
  }

  /// The name that routes use.
  public var name: String
  /// What stands behind the name.
  public var target: Target
  /// `protocol`: what its servers speak.
  public var wireProtocol: WireProtocol
  /// TLS towards its endpoints; nil speaks in clear.
  public var tls: UpstreamTLS?
  /// How requests are dealt, and what happens when they fail.
  public var policies: UpstreamPolicies
  /// `sandbox`: its data may be changed by shadowed writes, for nobody relies on them.
  public var isSandbox: Bool

  /// Creates an upstream.
  public init(
    name: String, target: Target, wireProtocol: WireProtocol = .http1, tls: UpstreamTLS? = nil,
    policies: UpstreamPolicies = .init(), isSandbox: Bool = false
  ) {
    self.name = name
    self.target = target
    self.wireProtocol = wireProtocol
    self.tls = tls
    self.policies = policies
    self.isSandbox = isSandbox
  }

  /// The service whose registered instances answer; nil unless it has some.
  public var service: String? {
    if case .registry(let service) = target { service } else { nil }
  }

  /// How its answers are composed; nil when it answers by itself.
  public var composition: CompositionPlan? {
    if case .composition(let plan) = target { plan } else { nil }
  }
}
