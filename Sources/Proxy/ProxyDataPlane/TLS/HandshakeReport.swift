// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import Logging
import RoutingDecisions
import TLSEngine

/// Says in the log why an endpoint's handshakes fail, at most once in a while: a certificate that
/// has expired fails every request.
struct HandshakeReport {
  /// Milliseconds between two lines about one endpoint.
  private static let interval: UInt64 = 10_000

  private let address: NetworkAddress
  private var nextAt: UInt64 = 0

  init(_ address: NetworkAddress) { self.address = address }

  mutating func failed(_ failure: TLSFailure, _ context: WorkerContext) {
    let now = context.workspace.now
    if now < nextAt { return }
    nextAt = now + Self.interval
    context.logger.warning(
      "upstream cannot be trusted with requests",
      metadata: [
        "endpoint": "\(address)", "reason": "\(failure.reason.name)", "detail": "\(failure.detail)",
      ])
  }
}

extension TLSFailure {
  /// What the failure of an upstream's handshake is for the request that waits for it.
  var meaning: UpstreamFailure {
    switch reason {
    case .certificateUntrusted, .certificateExpired, .certificateName: .certificateRefused
    case .timeout: .connectTimeout
    default: .tlsFailed
    }
  }
}
