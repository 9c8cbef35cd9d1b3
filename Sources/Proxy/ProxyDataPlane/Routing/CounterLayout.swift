// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions

/// Which slot of a counter block holds what.
struct CounterLayout: Sendable {
  static let clientsOpened = 0
  static let clientsClosed = 1
  static let upstreamsOpened = 2
  static let upstreamsClosed = 3
  static let bytesReceived = 4
  static let bytesSent = 5
  private static let fixed = 6

  /// 1xx to 5xx, and one for requests whose client left before any status.
  static let statusClasses = 6
  static let latencyBuckets = 15
  /// Statuses, latency buckets and the sum of latencies of one route's side.
  private static let perSide = statusClasses + latencyBuckets + 1

  let routes: [String]
  let upstreams: [String]
  let rejectionReasons: [String]
  let failureReasons: [String]

  private let firstFallback: Int
  private let firstRetry: Int
  private let firstRejection: Int
  private let firstFailure: Int
  let count: Int

  init(
    routes: [String], upstreams: [String], rejectionReasons: [String], failureReasons: [String]
  ) {
    self.routes = routes
    self.upstreams = upstreams
    self.rejectionReasons = rejectionReasons
    self.failureReasons = failureReasons
    let routeSlots = routes.count + 1
    firstFallback = Self.fixed + routeSlots * Side.allCases.count * Self.perSide
    firstRetry = firstFallback + routeSlots
    firstRejection = firstRetry + routeSlots
    firstFailure = firstRejection + rejectionReasons.count + 1
    count = firstFailure + upstreams.count * (failureReasons.count + 1)
  }

  /// Route -1, no route, has the first place.
  func routeSide(_ route: Int, _ side: Side) -> Int {
    Self.fixed + ((route + 1) * Side.allCases.count + Int(side.rawValue)) * Self.perSide
  }

  func statusClass(_ status: Int) -> Int {
    (100..<600).contains(status) ? status / 100 - 1 : Self.statusClasses - 1
  }

  static func latencyBucket(_ nanoseconds: UInt64) -> Int {
    var bucket = 0
    while bucket < latencyBuckets - 1, nanoseconds > ProxyCounters.latencyBounds[bucket] {
      bucket += 1
    }
    return bucket
  }

  func fallbacks(_ route: Int) -> Int { firstFallback + route + 1 }

  func retries(_ route: Int) -> Int { firstRetry + route + 1 }

  /// An index without a name is counted under `other`, the last.
  func rejection(_ reason: Int) -> Int {
    firstRejection + Self.orLast(reason, of: rejectionReasons.count)
  }

  func failure(_ upstream: Int, _ reason: Int) -> Int {
    firstFailure + upstream * (failureReasons.count + 1)
      + Self.orLast(reason, of: failureReasons.count)
  }

  private static func orLast(_ index: Int, of count: Int) -> Int {
    index >= 0 && index < count ? index : count
  }
}
