// SPDX-License-Identifier: Apache-2.0

public import RoutingDecisions

/// The data plane's counters at one moment, added up over all event loops.
public struct CounterSnapshot: Sendable {
  /// Numbers of one route's side.
  public struct RouteSide: Sendable, Equatable {
    /// Name of the route; nil for requests no route took.
    public var route: String?
    /// The side that answered.
    public var side: Side
    /// Responses by status class: 1xx, 2xx, 3xx, 4xx, 5xx, and those never begun.
    public var statusClasses: [UInt64]
    /// Exchanges by latency, not cumulative: one for each of `ProxyCounters.latencyBounds`, then
    /// the rest.
    public var latencyBuckets: [UInt64]
    /// Sum of all latencies in nanoseconds.
    public var latencySum: UInt64

    /// All exchanges.
    public var requests: UInt64 { statusClasses.reduce(0, &+) }
  }

  /// A number with its labels.
  public struct Labelled: Sendable, Equatable {
    /// Name of a route or an upstream; nil where it does not apply.
    public var subject: String?
    /// The reason, where numbers are kept by reason.
    public var reason: String?
    /// The number.
    public var count: UInt64
  }

  /// One entry for each route and side, "no route" first.
  public let routes: [RouteSide]
  /// Requests legacy answered because the extracted side had failed, by route.
  public let fallbacks: [Labelled]
  /// Requests sent once more, by route.
  public let retries: [Labelled]
  /// Requests refused before routing, by reason.
  public let rejections: [Labelled]
  /// Failures by upstream and reason.
  public let upstreamFailures: [Labelled]
  /// Answers that were begun and not completed, since their client left or took nothing of them.
  /// They are counted under the status they began with too.
  public let answersCutByClient: UInt64
  /// The same, since their upstream broke off or fell silent.
  public let answersCutByUpstream: UInt64
  /// Finished TLS handshakes by peer, version and whether they were resumed.
  public let handshakes: [Handshakes]
  /// TLS handshakes that failed; the subject is `client` or `upstream`.
  public let handshakeFailures: [Labelled]
  /// Client connections accepted since the start.
  public let clientsOpened: UInt64
  /// Client connections open now.
  public let clientsOpen: UInt64
  /// Upstream connections opened since the start.
  public let upstreamsOpened: UInt64
  /// Upstream connections open now.
  public let upstreamsOpen: UInt64
  /// Bytes read from clients.
  public let bytesReceived: UInt64
  /// Bytes written to clients.
  public let bytesSent: UInt64

  init(layout: CounterLayout, values: [UInt64]) {
    let names: [String?] = [nil] + layout.routes
    routes = names.enumerated().flatMap { index, name in
      Side.allCases.map { side in
        RouteSide(name, side, values[layout.routeSide(index - 1, side)...])
      }
    }
    fallbacks = names.enumerated().map { index, name in
      Labelled(subject: name, count: values[layout.fallbacks(index - 1)])
    }
    retries = names.enumerated().map { index, name in
      Labelled(subject: name, count: values[layout.retries(index - 1)])
    }
    rejections = (layout.rejectionReasons + ["other"]).enumerated().map { index, reason in
      Labelled(reason: reason, count: values[layout.rejection(index)])
    }
    // An upstream whose settings changed has several numbers and still one name.
    var namesakes: [String: [Int]] = [:]
    for (number, name) in layout.upstreams.enumerated() {
      namesakes[name, default: []].append(number)
    }
    let reasons = layout.failureReasons + ["other"]
    upstreamFailures = layout.upstreams.enumerated().flatMap { number, name -> [Labelled] in
      guard let numbers = namesakes[name], numbers.first == number else { return [] }
      return reasons.enumerated().map { index, reason in
        let count = numbers.reduce(0) { $0 &+ values[layout.failure($1, index)] }
        return Labelled(subject: name, reason: reason, count: count)
      }
    }
    answersCutByClient = values[CounterLayout.answersCutByClient]
    answersCutByUpstream = values[CounterLayout.answersCutByUpstream]
    handshakes = Self.handshakes(values)
    handshakeFailures = Self.handshakeFailures(values)
    clientsOpened = values[CounterLayout.clientsOpened]
    clientsOpen = Self.open(clientsOpened, values[CounterLayout.clientsClosed])
    upstreamsOpened = values[CounterLayout.upstreamsOpened]
    upstreamsOpen = Self.open(upstreamsOpened, values[CounterLayout.upstreamsClosed])
    bytesReceived = values[CounterLayout.bytesReceived]
    bytesSent = values[CounterLayout.bytesSent]
  }

  /// The two are read one after the other, so a connection may be seen closed before it was opened.
  private static func open(_ opened: UInt64, _ closed: UInt64) -> UInt64 {
    opened > closed ? opened - closed : 0
  }
}

extension CounterSnapshot.RouteSide {
  fileprivate init(_ route: String?, _ side: Side, _ values: ArraySlice<UInt64>) {
    self.route = route
    self.side = side
    let histogram = values.dropFirst(CounterLayout.statusClasses)
    statusClasses = Array(values.prefix(CounterLayout.statusClasses))
    latencyBuckets = Array(histogram.prefix(CounterLayout.latencyBuckets))
    latencySum = histogram.dropFirst(CounterLayout.latencyBuckets).first ?? 0
  }
}
