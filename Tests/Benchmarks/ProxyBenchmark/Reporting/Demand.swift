// SPDX-License-Identifier: Apache-2.0

/// What strangler is held to: at most so much of what another proxy needs, or at most so much.
///
/// The epoll transport answers for all of it. SwiftNIO, which macOS and embedding need, has to be
/// no dearer than HAProxy on small requests in clear.
struct Demand {
  /// The other proxy; nil when the figure itself is limited.
  let reference: String?
  let limit: Double

  static func processorTime(_ setup: BenchmarkCase, transport: String) -> [Demand] {
    let isSmall = setup.bodyBytes == BenchmarkCase.smallBody
    if transport != Strangler.usualTransport {
      return setup == .small(.http1) ? [Demand(reference: "HAProxy", limit: 1)] : []
    }
    switch (setup.work, setup.client) {
    case (.fullHandshakes, _): return [Demand(reference: "HAProxy", limit: 1)]
    case (.resumedHandshakes, _): return [Demand(reference: "HAProxy", limit: 0.95)]
    case (.requests, .http1):
      return isSmall
        ? [Demand(reference: "HAProxy", limit: 0.80), Demand(reference: "nginx", limit: 0.70)]
        : [Demand(reference: "HAProxy", limit: 0.70)]
    case (.requests, .http1TLS):
      return [Demand(reference: "HAProxy", limit: isSmall ? 0.80 : 0.70)]
    case (.requests, .http2TLS):
      return isSmall
        ? [Demand(reference: "HAProxy", limit: 0.90), Demand(reference: "nginx", limit: 0.55)]
        : []
    case (.requests, .http2): return []
    }
  }

  /// Of the 99th percentile at half load.
  static func latency(transport: String) -> [Demand] {
    transport == Strangler.usualTransport ? [Demand(reference: "HAProxy", limit: 1)] : []
  }

  static func dataCalls(_ client: ClientProtocol, transport: String) -> [Demand] {
    if transport != Strangler.usualTransport { return [] }
    switch client {
    case .http1, .http1TLS: return [Demand(reference: nil, limit: 4.3)]
    case .http2, .http2TLS: return [Demand(reference: nil, limit: 2.5)]
    }
  }

  static func idleMemory(_ client: ClientProtocol, transport: String) -> [Demand] {
    if transport != Strangler.usualTransport { return [] }
    switch client {
    case .http1: return [Demand(reference: nil, limit: 1)]
    case .http1TLS: return [Demand(reference: "HAProxy", limit: 1.1)]
    case .http2, .http2TLS: return [Demand(reference: "HAProxy", limit: 1.8)]
    }
  }
}

/// What became of a demand.
struct Verdict: Codable {
  let reference: String?
  let limit: Double
  /// What is held against the limit: a ratio if there is a reference.
  let value: Double
  let isMet: Bool
}

extension Demand {
  /// By the median of the ratios; nil when the other proxy is not there.
  func verdict(ratios: [String: Spread]) -> Verdict? {
    guard let reference, let ratio = ratios[reference] else { return nil }
    return verdict(ratio.median)
  }

  /// nil when the other proxy's figure is wanted and not there.
  func verdict(value: Double, ofReference other: Double?) -> Verdict? {
    if reference == nil { return verdict(value) }
    guard let other, other > 0 else { return nil }
    return verdict(value / other)
  }

  private func verdict(_ value: Double) -> Verdict {
    Verdict(reference: reference, limit: limit, value: value, isMet: value <= limit)
  }
}
