// SPDX-License-Identifier: Apache-2.0

/// What routing says about one request: trivial to copy, made for each request.
@frozen
public struct RoutingDecision: Sendable, Equatable {
  /// Number of the route (`RoutingNumbers`), which is its index in a first configuration; -1 when
  /// no route takes the request.
  public var routeIndex: Int
  /// Which side answers; legacy when there is no route.
  public var side: Side
  /// Number of the upstream; -1 when no route takes the request.
  public var upstream: Int
  /// Number of the upstream that may answer a *safe* request which `upstream` failed; -1 for none.
  public var fallbackUpstream: Int
  /// The user's bucket, 0 to 9,999; -1 when the route does not split or the request has no key.
  public var bucket: Int
  /// Hash of what keeps requests together at one endpoint; 0 when nothing does.
  public var hashKey: UInt64
  /// The route lets writes that carry a key be sent again.
  public var retriesWrites = false
  /// Legacy answers, and the route may send a copy to the extracted side.
  public var isShadowed = false

  /// Creates a decision.
  @inlinable
  public init(
    routeIndex: Int, side: Side, upstream: Int, fallbackUpstream: Int = -1, bucket: Int = -1,
    hashKey: UInt64 = 0
  ) {
    self.routeIndex = routeIndex
    self.side = side
    self.upstream = upstream
    self.fallbackUpstream = fallbackUpstream
    self.bucket = bucket
    self.hashKey = hashKey
  }

  /// No route takes the request: answer 404.
  @inlinable public static var noRoute: RoutingDecision {
    RoutingDecision(routeIndex: -1, side: .legacy, upstream: -1)
  }
}
