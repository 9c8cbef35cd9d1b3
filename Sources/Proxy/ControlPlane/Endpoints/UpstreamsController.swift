// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import ProxyDataPlane
internal import RoutingDecisions

/// `/upstreams` and `/upstreams/{name}`: who answers, and how well.
struct UpstreamsController {
  let upstreams: UpstreamMonitor

  func addRoutes(to router: some RouterMethods<AdminRequestContext>) {
    router.get("/upstreams") { _, _ in
      Response.json(.ok, upstreams.snapshot().map(UpstreamReport.init))
    }
    router.get("/upstreams/{name}") { _, context in
      let name = try context.parameters.require("name")
      guard let found = upstreams.snapshot().first(where: { $0.name == name }) else {
        throw Problem(.notFound, "There is no upstream \"\(name)\". GET /upstreams lists them.")
      }
      return Response.json(.ok, UpstreamReport(found))
    }
  }
}

private struct UpstreamReport: Encodable {
  struct Endpoint: Encodable {
    let name: String
    let address: String
    /// `healthy`, `unhealthy` or `not-checked`.
    let health: String
    let ejectedForMilliseconds: UInt64?
    let ejections: UInt64
    let checksPassed: UInt64
    let checksFailed: UInt64
  }

  struct Part: Encodable {
    let name: String
    let answered: UInt64
    let replaced: UInt64
    let failures: [String: UInt64]
  }

  let name: String
  /// `network`, `module` or `composition`.
  let kind: String
  /// `closed`, `open`, `half-open` or `none`.
  let breaker: String
  let breakerOpened: UInt64
  let refusedByBreaker: UInt64
  let inFlight: Int
  let waiting: Int
  let overloaded: UInt64
  let queueTimeouts: UInt64
  let retryBudgetExhausted: UInt64
  let endpoints: [Endpoint]
  /// nil unless its answers are composed.
  let parts: [Part]?

  init(_ upstream: UpstreamSnapshot) {
    let totals = upstream.totals
    name = upstream.name
    kind = upstream.isModule ? "module" : upstream.parts.isEmpty ? "network" : "composition"
    breaker = upstream.breaker ?? "none"
    breakerOpened = totals.breakerOpened
    refusedByBreaker = totals.refusedByBreaker
    inFlight = totals.inFlight
    waiting = totals.waiting
    overloaded = totals.overloaded
    queueTimeouts = totals.queueTimeouts
    retryBudgetExhausted = totals.retryBudgetExhausted
    parts =
      upstream.parts.isEmpty
      ? nil
      : upstream.parts.map {
        Part(
          name: $0.name, answered: $0.answered, replaced: $0.replaced, failures: $0.failures)
      }
    let endpoints = upstream.isModule ? [] : upstream.endpoints
    self.endpoints = endpoints.map { endpoint in
      Endpoint(
        name: endpoint.name.description, address: endpoint.address.description,
        health: endpoint.isHealthy.map { $0 ? "healthy" : "unhealthy" } ?? "not-checked",
        ejectedForMilliseconds: endpoint.ejectedForMilliseconds, ejections: endpoint.ejections,
        checksPassed: endpoint.checksPassed, checksFailed: endpoint.checksFailed)
    }
  }
}
