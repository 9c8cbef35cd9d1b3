// SPDX-License-Identifier: Apache-2.0

internal import DNSRecords
internal import Foundation
public import Logging
internal import ResiliencePolicies
public import ServiceCalls
public import ServiceLifecycle

/// Takes the endpoints of services from SRV records of DNS (RFC 2782): a host and a port for each
/// instance, with priority and weight, and again when the records are too old.
///
/// The servers of `/etc/resolv.conf` are asked, over UDP, and over TCP where an answer is cut off.
/// Records hold as long as they say, but no shorter than 5 seconds and no longer than 5 minutes. A
/// name that cannot be looked up keeps the endpoints that it had; one whose only target is "." has
/// none. The targets' own names are looked up with each connection, so `https` is for the name that
/// the record has. What the servers say is believed: there is no DNSSEC.
public struct DNSServices: Service {
  /// A name whose SRV records are a service's instances.
  public struct Name: Sendable {
    /// The name, such as `_orders._tcp.internal`.
    public var name: String
    /// What instances speak, `http` or `https`.
    public var scheme: String

    /// Creates a name.
    public init(_ name: String, scheme: String = "http") {
      self.name = name
      self.scheme = scheme
    }
  }

  /// How long records hold at least, and at most, in milliseconds.
  private static let life: ClosedRange<UInt64> = 5_000...300_000

  private let names: [String: Name]
  private let registry: ServiceRegistry
  private let servers: [String]
  private let clock: any CallClock
  private let logger: Logger?

  /// Creates a source of endpoints.
  ///
  /// - Parameters:
  ///   - names: by the service.
  ///   - registry: whose entries follow the answers.
  ///   - servers: addresses of servers of names, such as `10.0.0.2` or `[fd00::2]:5353`; without
  ///     any those of `/etc/resolv.conf`, which is read for each question.
  ///   - clock: the time.
  ///   - logger: is told of answers that cannot be used.
  public init(
    _ names: [String: Name], registry: ServiceRegistry, servers: [String] = [],
    clock: any CallClock = MonotonicClock(), logger: Logger? = nil
  ) {
    self.names = names
    self.registry = registry
    self.servers = servers
    self.clock = clock
    self.logger = logger
  }

  /// Looks the names up until it is cancelled or shut down.
  public func run() async {
    await cancelWhenGracefulShutdown {
      await withTaskGroup { group in
        for (service, name) in names { group.addTask { await keepLookingUp(name, of: service) } }
      }
    }
  }

  private func keepLookingUp(_ name: Name, of service: String) async {
    while !Task.isCancelled {
      var life = Self.life.lowerBound
      do {
        let answer = try await lookUp(name.name)
        registry[service].replace(ranked: Self.endpoints(answer.records, name.scheme))
        life = min(
          max(UInt64(answer.timeToLive) * 1_000, Self.life.lowerBound), Self.life.upperBound)
      } catch {
        if Task.isCancelled { return }
        logger?.error(
          "Endpoints stay as they are", metadata: ["name": "\(name.name)", "error": "\(error)"])
      }
      try? await clock.sleep(until: clock.now() + life)
    }
  }

  private static func endpoints(
    _ records: [ServiceRecord], _ scheme: String
  ) -> [RankedEndpoint] {
    // In an order that does not change from one answer to the next.
    records.filter { $0.port > 0 && $0.target.isHostName }
      .map { record in
        RankedEndpoint(
          ServiceEndpoint(
            scheme: scheme, host: record.target.description, port: Int(record.port)),
          priority: Int(record.priority), weight: Int(record.weight))
      }
      .sorted {
        ($0.priority, $0.endpoint.description) < ($1.priority, $1.endpoint.description)
      }
  }

  /// Why a name has no records.
  struct LookUpError: Error, CustomStringConvertible {
    let description: String
  }

  private var settings: ResolverSettings {
    if !servers.isEmpty { return ResolverSettings(servers: servers) }
    let text = FileManager.default.contents(atPath: "/etc/resolv.conf") ?? Data()
    return ResolverSettings(parsing: String(decoding: text, as: UTF8.self))
  }

  private func lookUp(_ text: String) async throws -> DNSAnswer {
    guard let name = DNSName(text) else { throw LookUpError(description: "that is no name") }
    let settings = settings
    var last: any Error = LookUpError(description: "no server is named")
    for _ in 0..<settings.attempts {
      for server in settings.servers {
        do {
          let question = DNSQuestion(id: .random(in: 0 ... .max), name: name)
          let answer = try await clock.within(clock.now() + settings.timeout) {
            try await NameServer(server: server).answer(to: question)
          }
          if let answer, !answer.records.isEmpty { return answer }
          if answer != nil { throw LookUpError(description: "it has no SRV records") }
          last = LookUpError(description: "\(server) does not answer")
        } catch DNSAnswer.Problem.noSuchName {
          throw DNSAnswer.Problem.noSuchName
        } catch {
          try Task.checkCancellation()
          last = error
        }
      }
    }
    throw last
  }
}
