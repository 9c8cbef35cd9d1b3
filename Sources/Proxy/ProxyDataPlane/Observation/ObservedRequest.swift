// SPDX-License-Identifier: Apache-2.0

import HTTPExchange

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

  var respondedAt: UInt64 = 0
  /// Bytes of the bodies.
  var received = 0
  var sent = 0
  var retries = 0
  /// Why the proxy answered in place of an upstream.
  var reason: String?

  init(
    logged: JSONBytes?, attributes: JSONBytes? = nil, context: TraceContext? = nil,
    parent: UInt64? = nil
  ) {
    self.logged = logged
    self.attributes = attributes
    self.context = context
    self.parent = parent
  }
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
