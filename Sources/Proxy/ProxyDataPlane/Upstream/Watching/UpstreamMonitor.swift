// SPDX-License-Identifier: Apache-2.0

package import Logging
package import RoutingDecisions
import Synchronization

/// The state of all upstreams: what all workers share, and who looks after it.
public final class UpstreamMonitor: Sendable {
  private struct State: Sendable {
    /// All upstreams so far, by number.
    var upstreams: [SharedUpstream] = []
    /// Numbers of those in force, in the order of the configuration.
    var inForce: [Int] = []
    /// Where the instances of services are that registered.
    var registered: [String: [NetworkAddress]] = [:]
  }

  private let state = Mutex(State())
  private let logger: Logger
  private let resolver: NameResolver
  /// Upstreams that nobody looks after yet, with their numbers.
  private let added: AsyncStream<(Int, SharedUpstream)>
  private let addition: AsyncStream<(Int, SharedUpstream)>.Continuation

  init(logger: Logger, resolver: NameResolver = .system) {
    self.logger = logger
    self.resolver = resolver
    (added, addition) = AsyncStream.makeStream()
  }

  /// The upstreams of a configuration, of which nothing is known yet.
  package convenience init(_ configuration: ProxyConfiguration, logger: Logger) {
    self.init(logger: logger)
    _ = adopt(configuration, RoutingNumbers(configuration))
  }

  /// All upstreams in force, in the order of the configuration. Workers hand over what they counted
  /// every few milliseconds.
  public func snapshot() -> [UpstreamSnapshot] {
    let now = WorkerContext.clock() / 1_000_000
    return inForce.map { $0.snapshot(at: now) }
  }

  /// Those in force, in the order of the configuration.
  var inForce: [SharedUpstream] {
    state.withLock { state in state.inForce.map { state.upstreams[$0] } }
  }

  /// Takes up a configuration that was given numbers.
  ///
  /// - Returns: what stands behind the numbers that are new.
  func adopt(_ configuration: ProxyConfiguration, _ numbers: RoutingNumbers) -> [SharedUpstream] {
    state.withLock { state in
      let former = Dictionary(
        state.inForce.map { (state.upstreams[$0].name, state.upstreams[$0]) }
      ) { $1 }
      let new = numbers.upstreams.dropFirst(state.upstreams.count).map { upstream in
        SharedUpstream(
          upstream, breaker: configuration.breakerRules(of: upstream),
          ejection: upstream.ejectionRules,
          registered: upstream.service.flatMap { state.registered[$0] } ?? [],
          former: former[upstream.name], logger: logger)
      }
      let first = state.upstreams.count
      state.upstreams += new
      state.inForce = configuration.upstreams.compactMap { numbers.upstream(named: $0.name) }
      let sides = sides(of: configuration, numbers, state.upstreams)
      for number in state.inForce {
        let upstream = state.upstreams[number]
        upstream.adopt(breaker: configuration.breakerRules(of: numbers.upstreams[number]))
        upstream.setOthers(
          configuration.otherSides(ofUpstream: upstream.name).compactMap { name in
            numbers.upstream(named: name).map { state.upstreams[$0] }
          }, byRoute: sides[number] ?? [:])
      }
      for (index, upstream) in new.enumerated() { addition.yield((first + index, upstream)) }
      return new
    }
  }

  /// The other sides of each upstream, by its number and by that of the route.
  private func sides(
    of configuration: ProxyConfiguration, _ numbers: RoutingNumbers, _ upstreams: [SharedUpstream]
  ) -> [Int: [Int: SharedUpstream]] {
    var found: [Int: [Int: SharedUpstream]] = [:]
    for route in configuration.routes {
      guard let name = route.extracted, let number = numbers.route(named: route.name),
        let legacy = numbers.upstream(named: route.legacy),
        let extracted = numbers.upstream(named: name)
      else { continue }
      found[legacy, default: [:]][number] = upstreams[extracted]
      found[extracted, default: [:]][number] = upstreams[legacy]
    }
    return found
  }

  /// Services that registered have their instances here from now on, and no others have any.
  func register(_ services: [String: [NetworkAddress]]) {
    state.withLock { state in
      state.registered = services
      for upstream in state.upstreams where !upstream.isRetired {
        if let service = upstream.service { upstream.registered(services[service] ?? []) }
      }
    }
  }

  /// Upstreams that no request is decided for any more are not looked after.
  func retire(_ numbers: [Int]) {
    state.withLock { state in
      for number in numbers { state.upstreams[number].retire() }
    }
  }

  /// Looks up the names of upstreams that have no address yet. A resolver that does not answer
  /// keeps nothing from being served for long.
  func prepare() async {
    let unknown = inForce.filter { !$0.names.isEmpty && !$0.wasLookedUp }
    if !unknown.isEmpty { await UpstreamWatch.lookUpAll(unknown, resolver) }
  }

  /// Looks after the upstreams until it is cancelled. `tls`: what endpoints are spoken to with.
  func watch(_ tls: LiveTLS) async {
    await withTaskGroup(of: Void.self) { group in
      for await (number, upstream) in added {
        // A reload may change the certificates, so they are asked for at each check.
        group.addTask { await UpstreamWatch(upstream, self.resolver).run { tls.upstream(number) } }
      }
      group.cancelAll()
    }
  }
}
