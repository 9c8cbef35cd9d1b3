// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import RoutingDecisions

/// What is remembered of a request that will be logged or traced, until it is over.
final class ObservedRequest {
  /// Members of the log line that only the request's head knows; nil when it is not logged.
  let logged: JSONBytes?
  /// Attributes of the span that only the request's head knows; nil when no span is recorded.
  let attributes: JSONBytes?
  /// The context that upstreams are told; its span is this request's.
  let context: TraceContext?
  /// The caller's span; nil when the trace begins here.
  let parent: UInt64?
  /// What the span of a try at an upstream says of the request; nil when there are none.
  let asked: JSONBytes?
  /// The purpose of a shadow's copy; nil for a request of a client.
  let shadow: String?

  var respondedAt: UInt64 = 0
  /// Bytes of the bodies.
  var received = 0
  var sent = 0
  var retries = 0
  /// Why the proxy answered in place of an upstream.
  var reason: String?
  /// Tries at upstreams that were begun.
  var sentAttempts = 0
  /// The try at an upstream that is under way.
  var attempt: UpstreamAttempt?
  /// Where a copy went.
  var peer: NetworkAddress?

  init(
    logged: JSONBytes?, attributes: JSONBytes? = nil, context: TraceContext? = nil,
    parent: UInt64? = nil, asked: JSONBytes? = nil, shadow: String? = nil
  ) {
    self.logged = logged
    self.attributes = attributes
    self.context = context
    self.parent = parent
    self.asked = asked
    self.shadow = shadow
  }
}

/// One try at an upstream: a span of its own, which that upstream is told.
struct UpstreamAttempt {
  let span: UInt64
  let upstream: String?
  let peer: NetworkAddress
  /// 0 for the first try.
  let resend: Int
  /// Nanoseconds on the worker's clock.
  let startedAt: UInt64
  /// 0 before an answer came.
  var status = 0
  /// Why there was none.
  var failure: String?
}

/// How an exchange went, in words.
struct ExchangeSummary {
  var route: String?
  var side: String
  var bucket: Int
  var upstream: String?
  var fellBack: Bool
  /// State of the breaker of the upstream that was decided for; nil for closed.
  var breaker: StaticString?
  /// 0 when the client left before one was sent.
  var status: Int
  /// Nanoseconds on the worker's clock.
  var startedAt: UInt64
  var endedAt: UInt64

  var duration: UInt64 { endedAt > startedAt ? endedAt - startedAt : 0 }
}
