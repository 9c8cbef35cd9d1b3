// SPDX-License-Identifier: Apache-2.0

public import Logging
internal import NIOCore
internal import NIOPosix
internal import ResiliencePolicies
public import ServiceCalls
public import ServiceLifecycle

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Takes the endpoints of services from DNS: one for each address of a name (A and AAAA), and again
/// after a while.
///
/// The system's resolver is asked, so hosts files and search domains count, and answers are as old
/// as it makes them. A name that cannot be looked up keeps the addresses it had. Endpoints are
/// spoken to without TLS: a certificate is for a name, so an `https` endpoint keeps its name, and
/// its entry needs nothing from here.
public struct DNSNames: Service {
  /// A name whose addresses are a service's instances.
  public struct Name: Sendable {
    /// The name.
    public var host: String
    /// The port at each address.
    public var port: Int

    /// Creates a name.
    public init(_ host: String, port: Int) {
      self.host = host
      self.port = port
    }
  }

  private let names: [String: Name]
  private let registry: ServiceRegistry
  private let interval: Duration
  private let clock: any CallClock
  private let logger: Logger?
  private let lookUp: @Sendable (String) async throws -> [String]

  /// Creates a source of endpoints.
  ///
  /// - Parameters:
  ///   - names: by the service.
  ///   - registry: its entries are given the endpoints.
  ///   - interval: time between two look-ups of a name.
  ///   - clock: the time.
  ///   - logger: is told of names that cannot be looked up.
  ///   - lookUp: addresses of a name.
  public init(
    _ names: [String: Name], registry: ServiceRegistry, interval: Duration = .seconds(5),
    clock: any CallClock = MonotonicClock(), logger: Logger? = nil,
    lookUp: @escaping @Sendable (String) async throws -> [String] = DNSNames.addresses
  ) {
    self.names = names
    self.registry = registry
    self.interval = interval
    self.clock = clock
    self.logger = logger
    self.lookUp = lookUp
  }

  /// Looks the names up until it is cancelled or shut down.
  public func run() async {
    try? await cancelWhenGracefulShutdown {
      while true {
        await withTaskGroup { group in
          for (service, name) in names { group.addTask { await take(name, of: service) } }
        }
        try await clock.sleep(until: clock.now() + interval.milliseconds)
      }
    }
  }

  private func take(_ name: Name, of service: String) async {
    do {
      let addresses = try await lookUp(name.host)
      // In an order that does not change from one answer to the next.
      registry[service].replace(
        Set(addresses).sorted().map { ServiceEndpoint(host: $0, port: name.port) })
    } catch {
      logger?.error(
        "Endpoints stay as they are", metadata: ["name": "\(name.host)", "error": "\(error)"])
    }
  }

  /// Why a name has no addresses.
  public struct LookUpError: Error, CustomStringConvertible {
    /// What the system says.
    public let description: String
  }

  /// The addresses of a name as the system resolves it.
  public static func addresses(of host: String) async throws -> [String] {
    // The system's resolver blocks its thread.
    try await NIOThreadPool.singleton.runIfActive {
      var hints = addrinfo()
      hints.ai_family = AF_UNSPEC
      // One socket type, else every address comes once for each of them.
      hints.ai_protocol = Int32(IPPROTO_TCP)
      var found: UnsafeMutablePointer<addrinfo>?
      let code = getaddrinfo(host, nil, &hints, &found)
      guard code == 0 else { throw LookUpError(description: String(cString: gai_strerror(code))) }
      defer { freeaddrinfo(found) }
      var addresses: [String] = []
      var next = found
      while let entry = next?.pointee {
        next = entry.ai_next
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let code = getnameinfo(
          entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        guard code == 0 else { continue }
        addresses.append(
          String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
      }
      return addresses
    }
  }
}
