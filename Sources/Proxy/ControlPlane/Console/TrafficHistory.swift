// SPDX-License-Identifier: Apache-2.0

internal import ProxyDataPlane
internal import RoutingDecisions

/// What both sides of each route did in the last quarter of an hour, for plots: the differences of
/// the counters from step to step.
///
/// It is kept by the proxy so that whoever opens the console in an incident sees how it began.
struct TrafficHistory: Sendable {
  /// Seconds between two steps.
  static let interval = 5
  /// Steps kept.
  static let maximumSteps = 180
  /// Steps of a minute.
  static let minute = 12
  /// Most routes that are followed; further ones have no plots.
  static let maximumRoutes = 200

  /// A route's side.
  struct Key: Hashable, Sendable {
    let route: String
    let side: Side
  }

  /// What a side did between two looks at the counters.
  struct Step: Sendable, Equatable {
    var requests: UInt64 = 0
    /// Those answered with a 5xx.
    var errors: UInt64 = 0
    /// By latency, as `ProxyCounters.latencyBounds` has it; empty without requests.
    var buckets: [UInt64] = []
  }

  /// Times of the steps, milliseconds since 1970, oldest first.
  private(set) var times: [Int64] = []
  private var steps: [Key: [Step]] = [:]
  private var totals: [Key: CounterSnapshot.RouteSide] = [:]

  /// Takes the counters in, one interval after the last time.
  ///
  /// - Parameters:
  ///   - sides: the counters of all routes.
  ///   - routes: those to follow, most important first.
  mutating func record(
    _ sides: [CounterSnapshot.RouteSide], of routes: [String], at unixMilliseconds: Int64
  ) {
    let followed = Set(routes.prefix(Self.maximumRoutes))
    let isFirst = times.isEmpty && totals.isEmpty
    var now: [Key: CounterSnapshot.RouteSide] = [:]
    for side in sides {
      guard let route = side.route, followed.contains(route) else { continue }
      now[Key(route: route, side: side.side)] = side
    }
    let former = totals
    totals = now
    steps = steps.filter { now[$0.key] != nil }
    // Since when the counters ran before the first look is not known.
    if isFirst { return }
    times = Array((times + [unixMilliseconds]).suffix(Self.maximumSteps))
    for (key, side) in now {
      let step = Step(from: former[key], to: side)
      steps[key] = Array(((steps[key] ?? []) + [step]).suffix(Self.maximumSteps))
    }
  }

  /// Steps of a side, oldest first; fewer than times for a route that came later.
  func steps(of key: Key) -> [Step] { steps[key] ?? [] }

  /// The last minute of a side as one step.
  func lastMinute(of key: Key) -> Step {
    steps(of: key).suffix(Self.minute).reduce(Step()) { $0 + $1 }
  }

  /// Routes that are followed.
  var routes: Set<String> { Set(totals.keys.map(\.route)) }
}

extension TrafficHistory.Step {
  /// From one look at the counters to the next; all of it for a route that was not there before.
  init(from former: CounterSnapshot.RouteSide?, to side: CounterSnapshot.RouteSide) {
    requests = Self.growth(former?.requests ?? 0, side.requests)
    if requests == 0 { return }
    let serverError = 4
    errors = Self.growth(former?.statusClasses[serverError] ?? 0, side.statusClasses[serverError])
    buckets = side.latencyBuckets.enumerated().map { index, count in
      Self.growth(former?.latencyBuckets[index] ?? 0, count)
    }
  }

  /// A reader may see a counter of another loop late, never a sum that shrank for good.
  private static func growth(_ former: UInt64, _ now: UInt64) -> UInt64 {
    now > former ? now - former : 0
  }

  static func + (one: Self, other: Self) -> Self {
    guard one.requests > 0 else { return other }
    guard other.requests > 0 else { return one }
    return Self(
      requests: one.requests + other.requests, errors: one.errors + other.errors,
      buckets: zip(one.buckets, other.buckets).map(+))
  }

  /// Requests for each second.
  var rate: Double { Double(requests) / Double(TrafficHistory.interval) }

  /// From 0 to 100; nil without requests.
  var errorPercent: Double? {
    requests == 0 ? nil : 100 * Double(errors) / Double(requests)
  }

  /// The latency in milliseconds that a share of the requests did not exceed, read off the buckets
  /// as if each were filled evenly; nil without requests. What is beyond the last bound counts as
  /// that bound.
  func quantile(_ share: Double) -> Double? {
    let all = buckets.reduce(0, +)
    if all == 0 { return nil }
    let wanted = share * Double(all)
    var below = 0.0
    var lower = 0.0
    for (bound, count) in zip(ProxyCounters.latencyBounds, buckets) {
      let upper = Double(bound) / 1e6
      if count > 0, below + Double(count) >= wanted {
        return lower + (upper - lower) * max(0, wanted - below) / Double(count)
      }
      below += Double(count)
      lower = upper
    }
    return lower
  }
}
