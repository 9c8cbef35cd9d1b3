// SPDX-License-Identifier: Apache-2.0

public import RoutingDecisions
import Synchronization

extension ProxyServer {
  /// Takes up another configuration without losing a request.
  ///
  /// The change is one swap of the routing table: each request is decided by the old one or the new
  /// one, and a request that was decided before is finished where it is. Percentages set live stay
  /// unless the file changed them (`ConfigurationChange`). Changes come one after the other.
  ///
  /// - Parameters:
  ///   - next: what is in force afterwards.
  ///   - unixMilliseconds: the time for the routes' history, since 1970-01-01T00:00:00Z.
  /// - Returns: what changed.
  /// - Throws: `InvalidConfiguration`; `ProxyServerError` when a module is missing, when the change
  ///   needs a new process, or when the proxy does not run. Nothing is changed then.
  @discardableResult
  public func reload(
    _ next: ProxyConfiguration, unixMilliseconds: Int64
  ) async throws -> ConfigurationChange {
    try await reloads.run { try await self.takeUp(next, at: unixMilliseconds) }
  }

  private func takeUp(
    _ next: ProxyConfiguration, at time: Int64
  ) async throws -> ConfigurationChange {
    guard readiness.state != .draining, let transport = transport.withLock(\.self) else {
      throw ProxyServerError(
        code: .notRunning, message: "The proxy is \(readiness.state): it takes no changes.")
    }
    let refusals = routing.change(to: next).refusals
    guard refusals.isEmpty else { throw ProxyServerError.needsNewProcess(refusals) }
    let before = routing.current.numbers
    guard let numbers = before.adopting(next) else { throw ProxyServerError.numbersExhausted }
    let table = try RoutingTable(next, numbers: numbers)
    let added = try numbers.upstreams.dropFirst(before.upstreams.count)
      .map { try UpstreamTarget($0, modules) }
    let contexts = try tls.prepare(next, numbers)
    let shadowChange = try shadows.host.prepare(next)
    counters.grow(numbers)
    tls.install(contexts)
    warnOfCertificates()
    let shared = upstreams.adopt(next, numbers)
    await upstreams.prepare()
    await shadows.host.adopt(shadowChange, of: next, numbers)
    await transport.adopt(
      WorkerChange(
        timeouts: next.timeouts, numbers: numbers, paths: ComposedPaths(next),
        added: zip(added, shared).map { UpstreamParts(target: $0, shared: $1) }))
    let change = routing.replace(with: table, unixMilliseconds: time)
    await transport.retire(before.retired(by: numbers))
    upstreams.retire(before.retired(by: numbers))
    return change
  }
}

extension ProxyServer {
  /// Instances of services that registered are here from now on, by the service; upstreams whose
  /// target is a registered service have these endpoints and no others. Requests under way are
  /// finished where they are.
  public func register(_ services: [String: [NetworkAddress]]) {
    upstreams.register(services)
    shadows.host.register(services)
  }
}

extension ProxyServerError {
  fileprivate static func needsNewProcess(
    _ refusals: [ConfigurationChange.Item]
  ) -> ProxyServerError {
    ProxyServerError(
      code: .needsNewProcess,
      message: refusals.map { "\($0.subject): \($0.text)" }.joined(separator: "; "))
  }

  static let numbersExhausted = ProxyServerError(
    code: .needsNewProcess,
    message:
      "More than \(RoutingNumbers.limit) routes or upstreams were seen since the start; start "
      + "a new process.")
}
