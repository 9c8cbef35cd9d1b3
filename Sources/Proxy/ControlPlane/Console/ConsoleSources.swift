// SPDX-License-Identifier: Apache-2.0

internal import ProxyDataPlane
internal import RoutingDecisions
internal import StrangulationMeasures

/// Where the console's numbers come from.
struct ConsoleSources: Sendable {
  let routing: LiveRouting
  let counters: ProxyCounters
  let readiness: ProxyReadiness
  let upstreams: UpstreamMonitor?
  let shadows: ShadowMonitor?
  /// nil without a journal.
  let cutovers: CutoverRunner?
  /// nil without a section data.
  let data: DataOffice?
  let hasSagas: Bool
  let hasEvidence: Bool
  let unixMilliseconds: @Sendable () -> Int64

  /// Takes the counters of now into the history, split routes first.
  func record(into history: inout TrafficHistory) {
    let routes = routing.current.configuration.routes
    let ordered = routes.filter { $0.extracted != nil } + routes.filter { $0.extracted == nil }
    history.record(
      counters.snapshot().routes, of: ordered.map(\.name), at: unixMilliseconds())
  }

  /// Everything at this moment.
  func state(_ history: TrafficHistory) async -> ConsoleState {
    let snapshot = counters.snapshot()
    let totals = Dictionary(
      snapshot.routes.compactMap { side in
        side.route.map { (TrafficHistory.Key(route: $0, side: side.side), side.requests) }
      }, uniquingKeysWith: { first, _ in first })
    func numbers(_ route: String, _ side: Side) -> ConsoleState.SideNumbers {
      let key = TrafficHistory.Key(route: route, side: side)
      return ConsoleState.SideNumbers(
        requests: totals[key] ?? 0, lastMinute: .init(history.lastMinute(of: key)))
    }
    func count(_ counts: [CounterSnapshot.Labelled], _ route: String) -> UInt64 {
      counts.first { $0.subject == route }?.count ?? 0
    }
    let routes = routing.current.configuration.routes.map { route in
      ConsoleState.Route(
        name: route.name, match: route.match.summary, legacy: route.legacy,
        extracted: route.extracted,
        percent: route.extracted == nil ? nil : Double(route.percent.hundredths) / 100,
        sides: .init(
          legacy: numbers(route.name, .legacy), extracted: numbers(route.name, .extracted)),
        fallbacks: count(snapshot.fallbacks, route.name),
        retries: count(snapshot.retries, route.name))
    }
    return ConsoleState(
      readiness: "\(readiness.state)", routes: routes, traffic: .init(history),
      upstreams: upstreams?.snapshot().map(ConsoleState.Upstream.init) ?? [],
      shadows: shadows?.snapshot().map(ShadowStatus.init) ?? [],
      hasEvidence: hasEvidence, hasData: data != nil, hasSagas: hasSagas,
      left: await left(snapshot), cutovers: await cutovers?.overview())
  }

  /// How much is left, as far as a proxy knows it: `strangler status` tells of the rest.
  private func left(_ snapshot: CounterSnapshot) async -> [ConsoleState.Measure] {
    let configuration = routing.current.configuration
    var requests: [String: RouteEvidence.Requests] = [:]
    for side in snapshot.routes {
      guard let route = side.route else { continue }
      let count = Double(side.requests)
      switch side.side {
      case .legacy: requests[route, default: .init(legacy: 0, extracted: 0)].legacy += count
      case .extracted: requests[route, default: .init(legacy: 0, extracted: 0)].extracted += count
      }
    }
    let routes = RouteEvidence(
      configuration.routes.map { route in
        RouteEvidence.Route(
          route.name, legacy: route.legacy, extracted: route.extracted,
          percent: Double(route.percent.hundredths) / 100,
          cutover: configuration.cutovers.first { $0.routes.contains(route.name) }?.name)
      }, isLive: true, requests: requests)
    var measures = [routes.measure, routes.trafficMeasure]
    if let mappings = await data?.lastSeen {
      measures.append(TableEvidence(mappings.map(\.evidence), known: nil).measure)
    }
    return measures.map(ConsoleState.Measure.init)
  }
}

extension DataMappingStatus {
  fileprivate var evidence: TableEvidence.Mapping {
    TableEvidence.Mapping(
      name, table: from, state: way.state, isExtracted: way.writes == "new",
      isBegun: way.state != way.states.first, isLast: way.state == way.states.last,
      waiting: waiting, refused: refused.count)
  }
}

extension ConsoleState.Upstream {
  fileprivate init(_ upstream: UpstreamSnapshot) {
    name = upstream.name
    breaker = upstream.breaker ?? "none"
    let known = upstream.isModule ? [] : upstream.endpoints
    endpoints = known.count
    unhealthy = known.filter { $0.isHealthy == false }.count
  }
}
