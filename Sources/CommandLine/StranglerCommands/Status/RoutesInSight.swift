// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import DependencyGraph
internal import RoutingDecisions
internal import StrangulationMeasures

/// Routes and requests as a configuration and a running proxy tell them.
struct RoutesInSight {
  /// Nil without a configuration.
  let evidence: RouteEvidence?
  /// To ask which route takes a request, with the shares in force; nil without a configuration.
  let table: RoutingTable?
  /// Why there is no configuration.
  let failure: String

  /// - Parameter admin: the proxy to ask; nil for none.
  static func look(_ file: StatusFile, _ admin: AdminOption?) async -> RoutesInSight {
    let configuration: ProxyConfiguration?
    var failure = ""
    switch file.routes {
    case .there(let found): configuration = found
    case .absent(let why): (configuration, failure) = (nil, why)
    }
    guard let admin else {
      return RoutesInSight(configuration, failure: failure)
    }
    do {
      let connection = try admin.connect()
      let inForce: ConfigurationInForce = try await connection.get("/config").decoded()
      let metrics = try await connection.get("/metrics").text
      return RoutesInSight(configuration, inForce.routes, RequestCounts(metrics).byRoute, failure)
    } catch let refusal as CommandFailure {
      return RoutesInSight(configuration, failure: failure, refusal: refusal.message)
    } catch {
      return RoutesInSight(configuration, failure: failure, refusal: "\(error)")
    }
  }

  private struct ConfigurationInForce: Decodable { let routes: [RouteReport] }

  private init(_ configuration: ProxyConfiguration?, failure: String, refusal: String? = nil) {
    self.failure = failure
    table = configuration.flatMap { try? RoutingTable($0) }
    evidence =
      configuration.map { configuration in
        let routes = RouteListing(configuration).routes.map { route in
          Self.route(route, configuration.cutovers)
        }
        return RouteEvidence(routes, failure: refusal)
      } ?? refusal.map { RouteEvidence([], failure: $0) }
  }

  private init(
    _ configuration: ProxyConfiguration?, _ inForce: [RouteReport],
    _ requests: [String: RouteEvidence.Requests], _ failure: String
  ) {
    self.failure = failure
    let routes = inForce.map { Self.route($0, configuration?.cutovers ?? []) }
    evidence = RouteEvidence(routes, isLive: true, requests: requests)
    let shares = inForce.compactMap { route in
      route.percent
        .flatMap { Percentage(hundredths: Int(($0 * 100).rounded())) }
        .map { (route.name, $0) }
    }
    table = configuration.flatMap { configuration in
      guard let table = try? RoutingTable(configuration) else { return nil }
      return (try? table.settingPercentages(Dictionary(shares) { first, _ in first })) ?? table
    }
  }

  private static func route(_ route: RouteReport, _ plans: [CutoverPlan]) -> RouteEvidence.Route {
    RouteEvidence.Route(
      route.name, legacy: route.legacy, extracted: route.extracted, percent: route.percent ?? 0,
      cutover: plans.first { $0.routes.contains(route.name) }?.name)
  }
}

/// Requests by route and side, out of what `GET /metrics` says.
struct RequestCounts {
  private(set) var byRoute: [String: RouteEvidence.Requests] = [:]

  init(_ metrics: String) {
    for line in metrics.split(separator: "\n") where line.hasPrefix("strangler_requests_total{") {
      guard let route = Self.label("route", in: line), let side = Self.label("side", in: line),
        let value = line.split(separator: " ").last.flatMap({ Double($0) })
      else { continue }
      switch side {
      case "extracted": byRoute[route, default: .init(legacy: 0, extracted: 0)].extracted += value
      case "legacy": byRoute[route, default: .init(legacy: 0, extracted: 0)].legacy += value
      default: break
      }
    }
  }

  /// Names of routes hold nothing that would have to be escaped.
  private static func label(_ name: String, in line: Substring) -> String? {
    guard let start = line.firstRange(of: "\(name)=\"")?.upperBound,
      let end = line[start...].firstIndex(of: "\"")
    else { return nil }
    return String(line[start..<end])
  }
}

extension CodeEvidence {
  /// - Parameter table: tells which route takes a request; nil without a configuration.
  init(_ code: AnalysedCode, _ table: RoutingTable?) {
    let answers = RouteAnswers(table)
    if let standing = code.standing {
      let order = code.services.map(\.name)
      func place(_ name: String) -> Int { order.firstIndex(of: name) ?? order.count }
      let services = standing.services.sorted {
        (place($0.name), $0.name) < (place($1.name), $1.name)
      }
      self.init(
        services: services.map { service in
          Service(
            service.name, types: service.types, gone: service.gone, lines: service.lines,
            routes: service.routes.map { answers.share(of: $0.method, $0.path) })
        },
        otherTypes: standing.otherTypes, otherLines: standing.otherLines, hasBaseline: true,
        parseFailures: code.parseFailures)
    } else {
      self.init(
        services: code.services.map { service in
          Service(
            service.name, types: service.types.count, lines: service.lines,
            routes: service.routes.map { answers.share(of: $0.method, $0.path) })
        },
        otherTypes: code.others.count, otherLines: code.otherLines, hasBaseline: false,
        parseFailures: code.parseFailures)
    }
  }
}

/// Which share of its users the extracted side answers of a route that sources register.
private struct RouteAnswers {
  private let table: RoutingTable?
  /// Upstreams to which some route moves its users.
  private let taking: Set<String>

  init(_ table: RoutingTable?) {
    self.table = table
    taking = Set(table?.configuration.routes.compactMap(\.extracted) ?? [])
  }

  /// Nil where no configuration tells; 0 where no route takes it.
  func share(of method: String, _ path: String) -> Double? {
    guard let table else { return nil }
    guard let request = RegisteredRoute.request(method, path) else { return nil }
    guard let explanation = try? table.explain(RequestText(request)) else { return nil }
    guard let route = explanation.route else { return 0 }
    if taking.contains(route.legacy) { return 100 }
    return route.extracted == nil ? 0 : Double(route.percent.hundredths) / 100
  }
}

/// A route that sources register, as a request.
enum RegisteredRoute {
  /// Nil where the code computes a part of the path: any text would be a guess.
  static func request(_ method: String, _ path: String) -> String? {
    if path.contains(RouteRegistration.unread) { return nil }
    let segments = path.split(separator: "/").map { segment in
      segment.contains { "{}*:".contains($0) } ? "1" : String(segment)
    }
    return "\(method == "*" ? "GET" : method) /\(segments.joined(separator: "/"))"
  }
}
