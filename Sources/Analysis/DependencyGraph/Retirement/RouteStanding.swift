// SPDX-License-Identifier: Apache-2.0

/// What is known of who answers a route of the monolith today.
package struct RouteStanding: Sendable, Equatable {
  package enum Side: Sendable, Equatable {
    /// Nothing tells, and why.
    case unknown(String)
    /// Legacy answers that share of its users, percent.
    case legacy(Double)
    /// The service answers all of them, since a moment where that was written down.
    case service(since: Int64?)
  }

  /// The proxy's route that takes it.
  package var route: String?
  package var side: Side
  /// When legacy last answered a request of the proxy's route, where one is known.
  package var lastLegacy: Int64?
  /// From when on every request is known.
  package var watchedSince: Int64?
  /// Requests of the proxy's route that legacy answered since the proxy started.
  package var legacyRequests: Int?

  /// Times are milliseconds since 1970.
  package init(
    route: String? = nil, _ side: Side, lastLegacy: Int64? = nil, watchedSince: Int64? = nil,
    legacyRequests: Int? = nil
  ) {
    self.route = route
    self.side = side
    self.lastLegacy = lastLegacy
    self.watchedSince = watchedSince
    self.legacyRequests = legacyRequests
  }
}

/// How long a route must have been with the service before its old code may go.
package struct QuietTime: Sendable, Equatable {
  private static let day = 86_400_000.0

  package var days: Double
  /// Milliseconds since 1970.
  package var now: Int64

  package init(days: Double, now: Int64) {
    self.days = days
    self.now = now
  }

  /// Days since a moment.
  package func age(of moment: Int64) -> Double { Double(now - moment) / Self.day }

  /// Why the old code of a route is still needed; empty where it is not.
  func objections(to standing: RouteStanding) -> [String] {
    var objections: [String] = []
    switch standing.side {
    case .unknown(let why): objections.append("nobody knows who answers it: \(why)")
    case .legacy(let percent): objections.append("legacy answers \(Self.text(percent)) % of it")
    case .service(since: nil):
      objections.append("nothing says since when the service answers all of it")
    case .service(let since?):
      let age = age(of: since)
      if age < days {
        objections.append(
          "the service answers all of it for \(Self.text(age)) days only, not \(Self.text(days))")
      }
    }
    if let last = standing.lastLegacy, age(of: last) < days {
      objections.append("legacy answered a request \(Self.text(age(of: last))) days ago")
    } else if standing.lastLegacy == nil, let count = standing.legacyRequests, count > 0 {
      objections.append(
        "legacy answered \(counted(count, "request")) since the proxy started; an access log would "
          + "say when")
    }
    return objections
  }

  /// What speaks for it, in words.
  package func evidence(for standing: RouteStanding) -> String {
    guard case .service(let since?) = standing.side else { return "" }
    let known = "the service answers all of it for \(Self.text(age(of: since))) days"
    guard let watched = standing.watchedSince else { return known }
    let last = standing.lastLegacy.map { "legacy last did \(Self.text(age(of: $0))) days ago" }
    return known + ", " + (last ?? "legacy never in \(Self.text(age(of: watched))) logged days")
  }

  /// What is not known of a route that nothing speaks against.
  func doubt(about standing: RouteStanding) -> String? {
    guard objections(to: standing).isEmpty else { return nil }
    guard let watched = standing.watchedSince else {
      return "no access log says when legacy answered last"
    }
    return age(of: watched) < days
      ? "the access log goes back \(Self.text(age(of: watched))) days only" : nil
  }

  /// One decimal, and none where it is zero.
  private static func text(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(abs(tenths % 10))"
  }
}
