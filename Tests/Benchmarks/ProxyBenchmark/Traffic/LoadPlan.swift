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
  }

  let port: UInt16
  let clients: Int
  let pace: Pace

  /// Every client is a user of its own, so that the sticky split divides the clients.
  static func request(client: Int) -> [UInt8] {
    Array(
      """
      GET /items/42?page=1 HTTP/1.1\r
      Host: shop.example\r
      User-Agent: proxy-benchmark\r
      Accept: application/json\r
      X-User-Id: user-\(client)\r
      \r

      """.utf8)
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
