// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RoutingDecisions
import Synchronization
import TLSEngine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The certificates and rules in force, for new connections of every worker.
///
/// A connection keeps what it began with; a reload is one swap, and none of it when a file is bad.
final class LiveTLS: Sendable {
  /// What a client may choose from, the best first.
  static let protocols: [TLSEngine.ApplicationProtocol] = [.http2, .http1]

  /// What is in force at a time.
  struct Contexts {
    fileprivate var listener: TLSServerContext?
    /// By number of the upstream.
    fileprivate var upstreams: [TLSClientContext?] = []
    /// Those of upstreams that are in force.
    fileprivate var current: [TLSClientContext] = []

    fileprivate func doubts(at now: Int) -> [CertificateDoubt] {
      (listener?.doubts(at: now) ?? []) + current.flatMap { $0.doubts(at: now) }
    }

    /// Fingerprints of the certificates, by the setting that names each.
    fileprivate var shown: [String: [UInt8]] {
      current.reduce(into: listener?.shown ?? [:]) { shown, upstream in
        shown.merge(upstream.shown) { $1 }
      }
    }
  }

  private let contexts: Mutex<Contexts>
  private let tickets: TicketKeyRing

  /// Reads all files that a configuration names.
  ///
  /// - Throws: `InvalidConfiguration` with everything that is wrong.
  init(
    _ configuration: ProxyConfiguration, _ numbers: RoutingNumbers
  ) throws(InvalidConfiguration) {
    let settings = configuration.tls ?? ListenerTLS(certificates: [])
    let clock: @Sendable () -> Int64 = {
      Int64(clamping: NIODeadline.now().uptimeNanoseconds / 1_000_000_000)
    }
    let period = settings.ticketKeyRotation.components.seconds
    guard let tickets = TicketKeyRing(period: period, clock: clock) else {
      throw InvalidConfiguration([
        Diagnostic(.error, key: "proxy.tls", message: "the system gives no random numbers")
      ])
    }
    self.tickets = tickets
    contexts = Mutex(try Self.load(configuration, numbers, tickets, former: []))
  }

  /// Reads all files anew for a configuration that is to be in force; nothing changes yet.
  ///
  /// - Throws: `InvalidConfiguration` for files that cannot be used, and for a certificate that has
  ///   expired where the one in force has not. One that is no worse is a warning.
  func prepare(
    _ configuration: ProxyConfiguration, _ numbers: RoutingNumbers
  ) throws(InvalidConfiguration) -> Contexts {
    let former = contexts.withLock(\.self)
    let fresh = try Self.load(configuration, numbers, tickets, former: former.upstreams)
    let now = Self.wallClock
    let worse = CertificateDoubt.worse(
      fresh.doubts(at: now), than: former.shown, former.doubts(at: now))
    if !worse.isEmpty { throw InvalidConfiguration(worse.map(\.finding)) }
    return fresh
  }

  /// Puts it in force.
  func install(_ fresh: Contexts) { contexts.withLock { $0 = fresh } }

  /// What is doubtful about the certificates in force now.
  var warnings: [Diagnostic] {
    contexts.withLock(\.self).doubts(at: Self.wallClock).map(\.finding)
  }

  /// For a client's connection; nil when the listener is in clear.
  var listener: TLSServerContext? { contexts.withLock { $0.listener } }

  /// For a connection to an upstream, by number; nil when it is in clear.
  func upstream(_ number: Int) -> TLSClientContext? {
    contexts.withLock { $0.upstreams.indices.contains(number) ? $0.upstreams[number] : nil }
  }
}

extension LiveTLS {
  /// `former`: contexts of upstreams that may have left; theirs stay as they are.
  private static func load(
    _ configuration: ProxyConfiguration, _ numbers: RoutingNumbers, _ tickets: TicketKeyRing,
    former: [TLSClientContext?]
  ) throws(InvalidConfiguration) -> Contexts {
    var contexts = Contexts()
    var errors: [Diagnostic] = []
    do throws(InvalidConfiguration) {
      if let tls = configuration.tls {
        contexts.listener = try TLSServerContext(tls, protocols: protocols, tickets: tickets)
      }
    } catch {
      errors += error.diagnostics
    }
    for (number, upstream) in numbers.upstreams.enumerated() {
      contexts.upstreams.append(number < former.count ? former[number] : nil)
      guard let tls = upstream.tls, numbers.upstream(named: upstream.name) == number else {
        continue
      }
      do throws(InvalidConfiguration) {
        let context = try TLSClientContext(
          tls, protocols: upstream.wireProtocol == .http2 ? [.http2] : [.http1],
          key: "upstreams.\(upstream.name).tls")
        contexts.upstreams[number] = context
        contexts.current.append(context)
      } catch {
        errors += error.diagnostics
      }
    }
    if !errors.isEmpty {
      throw InvalidConfiguration(errors + contexts.doubts(at: wallClock).map(\.finding))
    }
    return contexts
  }

  /// Seconds since 1970.
  private static var wallClock: Int {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return time.tv_sec
  }
}
