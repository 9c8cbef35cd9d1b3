// SPDX-License-Identifier: Apache-2.0

internal import ProxyDataPlane
internal import RoutingDecisions
internal import StrangulationMeasures

/// All that the console shows at one moment, as its stream sends it. Not for programs: its form
/// follows the page. What is too long to send again and again has paths of its own, and a member
/// here that changes with it.
struct ConsoleState: Encodable {
  /// A route with what its sides did.
  struct Route: Encodable {
    struct Sides: Encodable {
      let legacy: SideNumbers
      let extracted: SideNumbers
    }

    let name: String
    let match: String
    let legacy: String
    let extracted: String?
    let percent: Double?
    let sides: Sides
    /// Since the start.
    let fallbacks: UInt64
    let retries: UInt64
  }

  struct SideNumbers: Encodable {
    /// Since the start.
    let requests: UInt64
    let lastMinute: Minute
  }

  /// Latencies in milliseconds; absent without requests.
  struct Minute: Encodable {
    let requests: UInt64
    let errors: UInt64
    let p50: Double?
    let p95: Double?
    let p99: Double?
  }

  /// The newest points of the plots.
  struct Traffic: Encodable {
    struct Points: Encodable {
      let legacy: ConsoleTraffic.Point
      let extracted: ConsoleTraffic.Point
    }

    /// Milliseconds since 1970; 0 before there is a point.
    let at: Int64
    let routes: [String: Points]
  }

  struct Upstream: Encodable {
    let name: String
    let breaker: String
    let endpoints: Int
    let unhealthy: Int
  }

  /// A measure of what is left, without its parts.
  struct Measure: Encodable {
    let name: String
    let counts: [ProgressCount]
    let next: ProgressMeasure.Step?

    init(_ measure: ProgressMeasure) {
      (name, counts, next) = (measure.name.rawValue, measure.counts, measure.next)
    }
  }

  let readiness: String
  let routes: [Route]
  let traffic: Traffic
  let upstreams: [Upstream]
  /// Of the routes that shadow.
  let shadows: [ShadowStatus]
  /// There is a file with what comparing both sides found.
  let hasEvidence: Bool
  /// There is data that moves; `GET /data` tells of it.
  let hasData: Bool
  /// There is a store of sagas; `GET /sagas` tells of them.
  let hasSagas: Bool
  /// How much of the monolith is left, as far as a proxy knows.
  let left: [Measure]
  /// Absent without a journal.
  let cutovers: CutoverOverview?
}

/// What was plotted so far, as the page asks for it once.
struct ConsoleTraffic: Encodable {
  /// Requests for each second, errors in percent, p95 in milliseconds.
  typealias Point = [Double?]

  struct Sides: Encodable {
    let legacy: [Point]
    let extracted: [Point]
  }

  let times: [Int64]
  let routes: [String: Sides]

  init(_ history: TrafficHistory) {
    times = history.times
    routes = history.routes.reduce(into: [:]) { routes, route in
      routes[route] = Sides(
        legacy: history.steps(of: .init(route: route, side: .legacy)).map(\.point),
        extracted: history.steps(of: .init(route: route, side: .extracted)).map(\.point))
    }
  }
}

extension ConsoleState.Traffic {
  init(_ history: TrafficHistory) {
    at = history.times.last ?? 0
    routes = history.routes.reduce(into: [:]) { routes, route in
      func point(_ side: Side) -> ConsoleTraffic.Point {
        history.steps(of: .init(route: route, side: side)).last?.point ?? [nil, nil, nil]
      }
      routes[route] = Points(legacy: point(.legacy), extracted: point(.extracted))
    }
  }
}

extension ConsoleState.Minute {
  init(_ step: TrafficHistory.Step) {
    requests = step.requests
    errors = step.errors
    p50 = step.quantile(0.5)?.rounded(toPlaces: 3)
    p95 = step.quantile(0.95)?.rounded(toPlaces: 3)
    p99 = step.quantile(0.99)?.rounded(toPlaces: 3)
  }
}

extension TrafficHistory.Step {
  fileprivate var point: ConsoleTraffic.Point {
    [rate, errorPercent?.rounded(toPlaces: 3), quantile(0.95)?.rounded(toPlaces: 3)]
  }
}

extension Double {
  /// More digits than anybody reads would make up most of a state.
  fileprivate func rounded(toPlaces places: Int) -> Double {
    let factor = (0..<places).reduce(1.0) { factor, _ in factor * 10 }
    return (self * factor).rounded() / factor
  }
}
