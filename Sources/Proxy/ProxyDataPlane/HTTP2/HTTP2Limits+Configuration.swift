// SPDX-License-Identifier: Apache-2.0

import HTTP2Engine
import RoutingDecisions

extension HTTP2Limits {
  /// What a configuration lets a client's connection ask for; what it cannot set keeps its default.
  init(_ limits: HTTP2ClientLimits) {
    self.init()
    concurrentStreams = limits.concurrentStreams
    headerBlock = limits.headerBlock
    fieldSection = limits.headerList
    streamWindow = limits.streamWindow
    connectionWindow = limits.connectionWindow
    resets = Rate(burst: limits.resets, perSecond: limits.resetsPerSecond)
    refusals = Rate(burst: limits.refusals, perSecond: limits.refusalsPerSecond)
  }
}
