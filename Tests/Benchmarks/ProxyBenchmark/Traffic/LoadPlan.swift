// SPDX-License-Identifier: Apache-2.0

/// How requests are sent.
struct LoadPlan: Sendable {
  enum Pace: Sendable {
    /// Each client sends the next request as soon as it has the answer.
    case saturating
    /// Like saturating, until so many requests were answered.
    case counted(UInt64)
    /// Requests are due at a steady rate, whether a client is free or not; a late answer delays
    /// none of them, and waiting for a free client counts as latency.
    case perSecond(Double)
    /// No requests: clients connect, shake hands and leave, again and again. Each time counts as
    /// an answer. `resumed`: they go on with the session that they had before.
    case handshakes(resumed: Bool)
  }

  let port: UInt16
  let client: ClientProtocol
  let connections: Int
  let pace: Pace

  /// `connections`: nil takes as many as the protocol's loads have.
  init(port: UInt16, client: ClientProtocol, connections: Int? = nil, pace: Pace) {
    self.port = port
    self.client = client
    self.connections = connections ?? client.connections
    self.pace = pace
  }
}

/// What a load did from its start to its end.
struct LoadOutcome: Sendable {
  var answered: UInt64 = 0
  /// Microseconds from the moment a request was due; only for steady rates.
  var latencies: [UInt32] = []

  /// The latency that a share of all requests stayed within.
  func percentile(_ share: Double) -> Double {
    if latencies.isEmpty { return 0 }
    let sorted = latencies.sorted()
    return Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))])
  }
}
