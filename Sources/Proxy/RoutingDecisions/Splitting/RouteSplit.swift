// SPDX-License-Identifier: Apache-2.0

/// How one route deals its users to its two sides.
struct RouteSplit: Sendable {
  /// The route's number; the upstreams' follow.
  let number: Int
  let legacy: Int
  /// -1 without an extracted side.
  let extracted: Int
  let allowsFallback: Bool
  let retriesWrites: Bool
  let isShadowed: Bool
  let buckets: UserBuckets
  /// The route's places for a user key: a range of the table's `UserKeySources`.
  let keys: Range<Int>
  /// Number of buckets that go to the extracted side.
  var threshold: Int

  init(_ route: RouteConfiguration, _ numbers: RoutingNumbers, keys: Range<Int>) {
    number = numbers.route(named: route.name) ?? -1
    legacy = numbers.upstream(named: route.legacy) ?? -1
    extracted = route.extracted.flatMap { numbers.upstream(named: $0) } ?? -1
    allowsFallback = route.fallback == .safeMethods
    retriesWrites = route.retriesWrites
    isShadowed = route.shadow.map { $0.mode != .off } ?? false
    buckets = UserBuckets(group: route.group ?? route.name)
    self.keys = keys
    threshold = route.percent.hundredths
  }

  /// A request without a key belongs to no user: it stays with legacy until the percentage is 100,
  /// when there is nothing left to deal.
  func decide(key: UserKeySources.Found?) -> RoutingDecision {
    guard extracted >= 0 else {
      return RoutingDecision(routeIndex: number, side: .legacy, upstream: legacy)
    }
    let bucket = key.map { buckets.bucket(of: $0.key) } ?? -1
    let isExtracted = threshold == UserBuckets.count || (bucket >= 0 && bucket < threshold)
    guard isExtracted else {
      var decision = RoutingDecision(
        routeIndex: number, side: .legacy, upstream: legacy, bucket: bucket)
      decision.isShadowed = isShadowed
      return decision
    }
    return RoutingDecision(
      routeIndex: number, side: .extracted, upstream: extracted,
      fallbackUpstream: allowsFallback ? legacy : -1, bucket: bucket)
  }
}
