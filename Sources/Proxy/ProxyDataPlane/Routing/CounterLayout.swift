// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import TLSEngine

/// Which slot of a counter block holds what.
///
/// A layout can grow: routes and upstreams are only ever added, each at the end of its section.
struct CounterLayout: Sendable {
  static let clientsOpened = 0
  static let clientsClosed = 1
  static let upstreamsOpened = 2
  static let upstreamsClosed = 3
  static let bytesReceived = 4
  static let bytesSent = 5
  static let answersCutByClient = 6
  static let answersCutByUpstream = 7
  private static let firstHandshake = 8
  private static let firstHandshakeFailure = firstHandshake + HandshakeKind.allCases.count
  private static let fixed =
    firstHandshakeFailure + HandshakePeer.allCases.count * TLSFailure.Reason.allCases.count

  /// 1xx to 5xx, and one for requests whose client left before any status.
  static let statusClasses = 6
  static let latencyBuckets = 15
  /// Statuses, latency buckets and the sum of latencies of one route's side.
  private static var perSide: Int { statusClasses + latencyBuckets + 1 }
  /// Both sides, fallbacks, retries.
  private let perRoute = Side.allCases.count * Self.perSide + 2

  /// Names by number.
  let routes: [String]
  let upstreams: [String]
  let rejectionReasons: [String]
  let failureReasons: [String]

  private let firstRoute: Int
  private let firstUpstream: Int
  private var perUpstream: Int { failureReasons.count + 1 }
  let count: Int

  init(
    routes: [String], upstreams: [String], rejectionReasons: [String], failureReasons: [String]
  ) {
    self.routes = routes
    self.upstreams = upstreams
    self.rejectionReasons = rejectionReasons
    self.failureReasons = failureReasons
    firstRoute = Self.fixed + rejectionReasons.count + 1
    firstUpstream = firstRoute + (routes.count + 1) * perRoute
    count = firstUpstream + upstreams.count * (failureReasons.count + 1)
  }

  /// The same with more routes and upstreams.
  func growing(routes: [String], upstreams: [String]) -> CounterLayout {
    CounterLayout(
      routes: routes, upstreams: upstreams, rejectionReasons: rejectionReasons,
      failureReasons: failureReasons)
  }

  /// Runs of slots that stand elsewhere in a layout that grew from this one: their places here, and
  /// where each run starts there.
  func runs(in grown: CounterLayout) -> [(here: Range<Int>, there: Int)] {
    [
      (0..<firstRoute, 0), (firstRoute..<firstUpstream, grown.firstRoute),
      (firstUpstream..<count, grown.firstUpstream),
    ]
  }

  /// Route -1, no route, has the first place.
  private func route(_ route: Int) -> Int { firstRoute + (route + 1) * perRoute }

  func routeSide(_ route: Int, _ side: Side) -> Int {
    self.route(route) + Int(side.rawValue) * Self.perSide
  }

  func statusClass(_ status: Int) -> Int {
    (100..<600).contains(status) ? status / 100 - 1 : Self.statusClasses - 1
  }

  static func latencyBucket(_ nanoseconds: UInt64) -> Int {
    // Taken once: each use of a global checks that it was initialised.
    let bounds = ProxyCounters.latencyBounds
    var bucket = 0
    while bucket < latencyBuckets - 1, nanoseconds > bounds[bucket] { bucket &+= 1 }
    return bucket
  }

  static func handshakes(_ kind: HandshakeKind) -> Int { firstHandshake + kind.number }

  static func handshakeFailures(_ peer: HandshakePeer, _ reason: TLSFailure.Reason) -> Int {
    firstHandshakeFailure + Int(peer.rawValue) * TLSFailure.Reason.allCases.count
      + Int(reason.rawValue)
  }

  func fallbacks(_ route: Int) -> Int { self.route(route + 1) - 2 }

  func retries(_ route: Int) -> Int { self.route(route + 1) - 1 }

  /// An index without a name is counted under `other`, the last.
  func rejection(_ reason: Int) -> Int {
    Self.fixed + Self.orLast(reason, of: rejectionReasons.count)
  }

  func failure(_ upstream: Int, _ reason: Int) -> Int {
    firstUpstream + upstream * perUpstream + Self.orLast(reason, of: failureReasons.count)
  }

  private static func orLast(_ index: Int, of count: Int) -> Int {
    index >= 0 && index < count ? index : count
  }
}
