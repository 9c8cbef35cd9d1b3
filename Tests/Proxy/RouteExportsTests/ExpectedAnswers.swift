// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions

@testable import RouteExports

/// What the routing table says of requests, in the words of who asks a proxy.
struct ExpectedAnswers {
  enum Answer: Hashable {
    /// The proxy itself, with this status.
    case status(Int)
    case upstream(route: String, name: String)
    /// Either side of a route that deals its users.
    case eitherSide(route: String)
  }

  let requests: [RequestText]
  let answers: [Answer]
  private let configuration: ProxyConfiguration
  /// Fields that routes ask for, in lower case.
  private let fields: Set<String>

  /// - Parameter count: of random requests.
  init(_ configuration: ProxyConfiguration, seed: UInt64, count: Int = 10_000) throws {
    let table = try RoutingTable(configuration)
    var random = RandomRequests(configuration, seed: seed)
    let requests = (0..<count).map { _ in random.next() }
    self.requests = requests
    self.configuration = configuration
    fields = Set(configuration.routes.flatMap(\.match.headers).map { $0.name.lowercased() })
    answers = requests.map { Self.answer(to: $0, table) }
  }

  private static func answer(to request: RequestText, _ table: RoutingTable) -> Answer {
    let explanation: RoutingExplanation
    do {
      explanation = try table.explain(request)
    } catch {
      guard case .refused(let status, _, _) = error else { return .status(0) }
      return .status(status)
    }
    guard let route = explanation.route, let upstream = explanation.upstream else {
      return .status(404)
    }
    if route.percent > .zero, route.percent < .full { return .eitherSide(route: route.name) }
    if case .module = upstream.target { return .status(503) }
    return .upstream(route: route.name, name: upstream.name)
  }

  var routeNames: [String] { configuration.routes.map(\.name) }

  func route(named name: String) -> RouteConfiguration? {
    configuration.routes.first { $0.name == name }
  }

  var takesEverything: Bool {
    configuration.routes.contains { $0.match.path == .everything && $0.match.conditionCount == 0 }
  }

  /// Those that only modules answer now.
  var routesToModules: [String] {
    let modules = configuration.upstreams.compactMap { upstream in
      if case .module = upstream.target { upstream.name } else { nil }
    }
    return configuration.routes.filter { route in
      modules.contains(route.percent == .full ? route.extracted ?? "" : route.legacy)
    }.map(\.name)
  }

  /// Whether the target sees the fields of the request that routes ask for as they are: some have
  /// no name there, nginx and Envoy see one that comes several times as one, and nginx an empty one
  /// as none.
  func isExpressible(_ index: Int, _ format: ExportFormat) -> Bool {
    fields.allSatisfy { field in
      let values = requests[index].values(of: field)
      if !format.canName(header: field) { return values.isEmpty }
      if format == .nginx, values == [""] { return false }
      return format == .haproxy || values.count <= 1
    }
  }

  /// Whether an answer is the expected one.
  func agrees(_ index: Int, _ answer: ProxyClient.Answer) -> Bool {
    switch answers[index] {
    case .status(let status): return answer == .init(status: status, upstream: nil)
    case .upstream(_, let name): return answer == .init(status: 200, upstream: name)
    case .eitherSide(let name):
      let route = route(named: name)
      return answer.status == 200 && [route?.legacy, route?.extracted].contains(answer.upstream)
    }
  }
}
