// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import RoutingDecisions

extension ExchangeTimeouts {
  /// The timeouts of a configuration, in milliseconds.
  init(_ timeouts: ProxyTimeouts) {
    self.init(
      connect: timeouts.connect.wholeMilliseconds,
      requestHead: timeouts.requestHead.wholeMilliseconds,
      responseHead: timeouts.responseHead.wholeMilliseconds,
      bodyIdle: timeouts.idle.wholeMilliseconds, tunnel: timeouts.tunnel.wholeMilliseconds,
      clientIdle: timeouts.keepAlive.wholeMilliseconds,
      upstreamIdle: timeouts.upstreamKeepAlive.wholeMilliseconds,
      total: timeouts.total.map(\.wholeMilliseconds) ?? 0)
  }
}

extension Duration {
  /// Rounded up, and at least 1: zero would mean "no limit".
  fileprivate var wholeMilliseconds: UInt64 {
    let (seconds, attoseconds) = components
    let milliseconds = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    return UInt64(max(1, milliseconds))
  }
}
