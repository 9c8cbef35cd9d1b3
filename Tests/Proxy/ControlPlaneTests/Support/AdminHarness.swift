// SPDX-License-Identifier: Apache-2.0

import ControlPlane
import HTTPTypes
import HummingbirdTesting
import Logging
import NIOCore
import RoutingDecisions
import ServiceLifecycle
import Testing

@testable import ProxyDataPlane

/// An admin server on a free loopback port, and a client for it.
struct AdminHarness {
  let routing: LiveRouting
  let counters: ProxyCounters
  let upstreams: UpstreamMonitor
  let readiness = ProxyReadiness()
  var token: AdminToken?
  /// Carries plans out; nil without a journal.
  var cutovers: CutoverRunner?
  /// Moves tables; nil without a section data.
  var data: DataOffice?
  /// Tells of sagas; nil without a store of them.
  var sagas: (any SagaSource)?
  /// The instances that register; nil for none.
  var registry: InstanceRegistry?
  /// Is good for the registry alone.
  var registryToken: AdminToken?
  /// What `/shadows` shows.
  var shadows: ShadowMonitor?
  /// The file with what comparing both sides found.
  var evidence: String?
  /// What `/reload` reads; nil when there is nothing to read.
  var source: ConfigurationReloader.Source?

  var logger: Logger { Self.silent }

  private static let silent = Logger(label: "admin", factory: { _ in SwiftLogNoOpLogHandler() })

  /// Two routes: `orders` splits at 5 %, `rest` leaves all to legacy.
  init() throws {
    let orders = RouteConfiguration(
      name: "orders", match: RouteMatch(path: try PathTemplate(parsing: "/orders/**")),
      legacy: "legacy", extracted: "orders", percent: try #require(Percentage(parsing: "5")),
      sticky: [.header("x-user-id"), .clientAddress])
    let rest = RouteConfiguration(
      name: "rest", match: RouteMatch(path: .everything), legacy: "legacy")
    let configuration = ProxyConfiguration(
      upstreams: [
        UpstreamConfiguration(
          name: "legacy", target: .network([NetworkAddress(host: "127.0.0.1", port: 9001)])),
        UpstreamConfiguration(name: "orders", target: .module("orders")),
      ], routes: [orders, rest])
    try self.init(routing: LiveRouting(try RoutingTable(configuration)))
  }

  /// Over a routing table of the test's own.
  init(routing: LiveRouting) throws {
    let configuration = routing.current.configuration
    self.routing = routing
    upstreams = UpstreamMonitor(configuration, logger: Self.silent)
    counters = ProxyCounters(
      configuration, rejectionReasons: ["bare-line-feed"], failureReasons: ["connect-failed"])
  }

  /// Runs the server while `body` talks to it.
  func run(_ body: @escaping @Sendable (TestClient) async throws -> Void) async throws {
    try await run { client, _ in try await body(client) }
  }

  /// Runs the server while `body` talks to it on the port given; its clock says
  /// 2026-11-23T12:00:00.250Z.
  func run(_ body: @escaping @Sendable (TestClient, Int) async throws -> Void) async throws {
    let logger = Logger(label: "admin", factory: { _ in SwiftLogNoOpLogHandler() })
    let routing = routing
    let reloader = source.map { source in
      ConfigurationReloader(
        source: source, logger: logger, unixMilliseconds: { 1_795_435_200_250 }
      ) { next, _, time in
        let refusals = routing.change(to: next).refusals
        guard refusals.isEmpty else {
          throw ProxyServerError(code: .needsNewProcess, message: refusals[0].subject)
        }
        return routing.replace(with: try RoutingTable(next), unixMilliseconds: time)
      }
    }
    let (ports, listening) = AsyncStream.makeStream(of: Int.self)
    let server = try AdminServer(
      configuration: AdminConfiguration(listen: NetworkAddress(host: "127.0.0.1", port: 0)),
      token: token, routing: routing, counters: counters, readiness: readiness,
      upstreams: upstreams, shadows: shadows,
      reloader: reloader, cutovers: cutovers, data: data, sagas: sagas,
      registry: registry, registryToken: registryToken, evidence: evidence, logger: logger,
      unixMilliseconds: { 1_795_435_200_250 }, onListening: { listening.yield($0) })
    let group = ServiceGroup(
      services: [server], logger: Logger(label: "group", factory: { _ in SwiftLogNoOpLogHandler() })
    )
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await group.run() }
      tasks.addTask {
        let port = try #require(await ports.first { _ in true })
        try await TestClient.withClient(host: "127.0.0.1", port: port) {
          try await body($0, port)
        }
        await group.triggerGracefulShutdown()
      }
      try await tasks.waitForAll()
    }
  }
}

extension TestClient {
  /// Sends a request for `localhost`, or another authority, and reads the whole answer.
  func send(
    _ method: HTTPRequest.Method, _ path: String, _ headers: HTTPFields = [:],
    body: String? = nil, authority: String = "localhost:9901"
  ) async throws -> Answer {
    let response = try await execute(
      Request(
        path, method: method, authority: authority, headers: headers,
        body: body.map { ByteBuffer(string: $0) }))
    return Answer(
      status: response.head.status.code, headers: response.head.headerFields,
      body: response.body.map { String(buffer: $0) } ?? "")
  }

  /// `PUT /routes/orders` with a JSON body.
  func put(
    _ body: String, to path: String = "/routes/orders", _ headers: HTTPFields = [:],
    authority: String = "localhost:9901"
  ) async throws -> Answer {
    var headers = headers
    headers[.contentType] = "application/json"
    return try await send(.put, path, headers, body: body, authority: authority)
  }
}

struct Answer {
  let status: Int
  let headers: HTTPFields
  let body: String
}
