// SPDX-License-Identifier: Apache-2.0

/// What is known of the routes, and of the requests that they got.
package struct RouteEvidence: Sendable, Hashable {
  package struct Route: Sendable, Hashable {
    package var name: String
    /// Name of the upstream that answers whoever is not moved.
    package var legacy: String
    /// Name of the one that takes over; nil where there is none.
    package var extracted: String?
    /// Share of users on the extracted side, 0 to 100.
    package var percent: Double
    /// The plan that moves it; nil without one.
    package var cutover: String?

    package init(
      _ name: String, legacy: String, extracted: String? = nil, percent: Double = 0,
      cutover: String? = nil
    ) {
      self.name = name
      self.legacy = legacy
      self.extracted = extracted
      self.percent = percent
      self.cutover = cutover
    }
  }

  /// Requests since the proxy started, by who answered.
  package struct Requests: Sendable, Hashable {
    package var legacy: Double
    package var extracted: Double

    package init(legacy: Double, extracted: Double) {
      (self.legacy, self.extracted) = (legacy, extracted)
    }
  }

  /// In file order.
  package var routes: [Route]
  /// Whether shares are those in force, and not those of the file.
  package var isLive: Bool
  /// By route; nil where no proxy was asked.
  package var requests: [String: Requests]?
  /// Why the proxy could not be asked; nil where it was, or nobody wanted it.
  package var failure: String?

  package init(
    _ routes: [Route], isLive: Bool = false, requests: [String: Requests]? = nil,
    failure: String? = nil
  ) {
    (self.routes, self.isLive) = (routes, isLive)
    (self.requests, self.failure) = (requests, failure)
  }

  /// Upstreams to which some route moves its users: a route with one of them as its only side was
  /// moved for good.
  private var taking: Set<String> { Set(routes.compactMap(\.extracted)) }

  /// Share of a route that extracted services answer, 0 to 100.
  package func percent(_ route: Route) -> Double {
    if taking.contains(route.legacy) { return 100 }
    return route.extracted == nil ? 0 : route.percent
  }
}

extension RouteEvidence {
  /// Where the routes lead. `users` is the same by weight: a route with 25 % of its users moved is
  /// a quarter of a route.
  package var measure: ProgressMeasure {
    let parts = routes.map { route in
      let share = percent(route)
      let whole =
        share >= 100
        ? ProgressCount("routes", extracted: 1)
        : share > 0 ? ProgressCount("routes", underWay: 1) : ProgressCount("routes", legacy: 1)
      return ProgressMeasure.Part(
        route.name, state(route),
        [
          whole,
          ProgressCount("routes by their users", extracted: share / 100, legacy: 1 - share / 100),
        ])
    }
    return ProgressMeasure(.routes, parts, unknown: unknownShares, next: nextRoute)
  }

  /// Where there is no configuration with routes.
  package static func unread(_ why: String) -> ProgressMeasure {
    ProgressMeasure(
      .routes, [], unknown: [.init("where routes lead: \(why)", how: "--config FILE")],
      next: .init("put the proxy in front", command: "strangler init PATH"))
  }

  /// Who answered.
  package var trafficMeasure: ProgressMeasure {
    guard let requests else {
      return ProgressMeasure(
        .traffic, [],
        unknown: [
          .init(
            "who answers how many requests" + (failure.map { ": \($0)" } ?? ""),
            how: "--admin ADDRESS of a running proxy, or --live for proxy.admin of the file")
        ],
        next: .init("look at a running proxy", command: "strangler status --live"))
    }
    let parts = routes.compactMap { route -> ProgressMeasure.Part? in
      guard let seen = requests[route.name] else { return nil }
      // A route that was moved for good has the service on its first side.
      let isMoved = taking.contains(route.legacy)
      let count = ProgressCount(
        "requests", extracted: seen.extracted + (isMoved ? seen.legacy : 0),
        legacy: isMoved ? 0 : seen.legacy)
      if count.total == 0 { return nil }
      return ProgressMeasure.Part(route.name, state(route), [count])
    }
    return ProgressMeasure(
      .traffic, parts,
      unknown: [
        .init(
          "requests before the proxy started, and those that go around it",
          how: "your metrics of the monolith beside strangler_requests_total")
      ], next: nextTraffic(parts))
  }

  private func state(_ route: Route) -> String {
    if taking.contains(route.legacy) { return "moved for good" }
    guard route.extracted != nil else { return "legacy" }
    return "\(ProgressText.number(route.percent)) %"
  }

  private var unknownShares: [ProgressMeasure.Unknown] {
    isLive
      ? []
      : [
        .init(
          "shares in force, which plans and orders set otherwise than the file"
            + (failure.map { ": \($0)" } ?? ""),
          how: "--admin ADDRESS of a running proxy, or --live for proxy.admin of the file")
      ]
  }

  private var nextRoute: ProgressMeasure.Step? {
    let left = routes.filter { percent($0) < 100 }
    if let moving = left.first(where: { percent($0) > 0 }) {
      return .init(
        "take \(moving.name) on from \(ProgressText.number(moving.percent)) %",
        command: moving.cutover.map { "strangler cutover status \($0)" }
          ?? "strangler routes set \(moving.name) 100 --reason WHY")
    }
    if let ready = left.first(where: { $0.extracted != nil }) {
      return .init(
        "begin to move \(ready.name)",
        command: ready.cutover.map { "strangler cutover start \($0) --reason WHY" }
          ?? "strangler routes set \(ready.name) 1 --reason WHY")
    }
    return left.first.map { .init("name the service that takes \($0.name) over, as its extracted") }
  }

  private func nextTraffic(_ parts: [ProgressMeasure.Part]) -> ProgressMeasure.Step? {
    if parts.isEmpty { return .init("send requests through the proxy") }
    let left = parts.max { ($0.counts.first?.legacy ?? 0) < ($1.counts.first?.legacy ?? 0) }
    guard let left, let count = left.counts.first, count.legacy > 0 else { return nil }
    return .init(
      "move \(left.name): legacy answers \(ProgressText.number(count.legacy)) of its requests, "
        + "more than of any other route")
  }
}
