// SPDX-License-Identifier: Apache-2.0

/// Everything a run found, as it is written to JSON. Times are microseconds, memory is KiB.
struct Report: Codable {
  struct Machine: Codable {
    let processors: Int
    let model: String
  }

  struct CaseReport: Codable {
    let setup: BenchmarkCase
    let clients: Int
    let rounds: Int
    let droppedRounds: Int
    /// Too few rounds were undisturbed; all of them are used.
    let disturbed: Bool
    let contenders: [Cost]
  }

  struct Cost: Codable {
    let contender: String
    let processorTime: Spread
    /// Share of it that was spent in the program itself.
    let userShare: Double
    /// The same to that of the contender named in `reference`.
    let ratio: Spread
    let requestsPerSecond: Double
    /// Microseconds that the load and the origin took for one request.
    let loadTime: Double
    let originTime: Double
  }

  struct LatencyReport: Codable {
    let requestsPerSecond: Double
    let rounds: Int
    let droppedRounds: Int
    let disturbed: Bool
    let contenders: [Latency]
  }

  struct Latency: Codable {
    let contender: String
    let median: Spread
    let percentile99: Spread
    /// Of the 99th percentile.
    let ratio: Spread
  }

  /// One figure of each contender that could be measured.
  struct Figure: Codable {
    let contender: String
    let value: Double
  }

  /// Many clients of one contender, few of them busy.
  struct Crowd: Codable {
    let contender: String
    let connections: Int
    let active: Int
    let seconds: Double
    let requests: UInt64
    /// KiB early in the run and at its end.
    let startKiB: Int
    let endKiB: Int
  }

  /// One side of the split going away and coming back under load.
  struct Outages: Codable {
    let contender: String
    let outages: Int
    let safeAnswered: Int
    let safeFailed: Int
    let unsafeAnswered: Int
    /// Told to the client by a problem document.
    let unsafeReported: Int
    /// Not told.
    let unsafeLost: Int
  }

  var date: String
  var machine: Machine
  var versions: [String: String]
  /// The contender that ratios refer to.
  var reference: String
  var cases: [CaseReport] = []
  var halfLoad: LatencyReport?
  var instructionsPerRequest: [Figure] = []
  var systemCallsPerRequest: [Figure] = []
  var kibibytesPerIdleClient: [Figure] = []
  var crowds: [Crowd] = []
  var outages: [Outages] = []
  /// What was left out, and why.
  var notes: [String] = []
}

/// The middle and the ends of several rounds.
struct Spread: Codable {
  let median: Double
  let least: Double
  let most: Double

  init(_ values: [Double]) {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    if sorted.isEmpty {
      median = .zero
    } else if sorted.count % 2 == 1 {
      median = sorted[middle]
    } else {
      median = (sorted[middle - 1] + sorted[middle]) / 2
    }
    least = sorted.first ?? .zero
    most = sorted.last ?? .zero
  }
}
