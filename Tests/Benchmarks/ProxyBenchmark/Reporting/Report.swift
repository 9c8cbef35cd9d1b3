// SPDX-License-Identifier: Apache-2.0

/// Everything a run found, as it is written to JSON. Times are microseconds, memory is KiB.
struct Report: Codable {
  struct Machine: Codable {
    let processors: Int
    let model: String
  }

  /// How much of a measurement counts.
  struct RoundCount: Codable {
    let kept: Int
    let dropped: Int
    /// Too few rounds were undisturbed; all of them are used.
    let isDisturbed: Bool
    /// Processors' worth of time that others took meanwhile.
    let strangers: Spread

    init(_ rounds: Rounds) {
      kept = rounds.kept.count
      dropped = rounds.dropped
      isDisturbed = rounds.isDisturbed
      strangers = rounds.strangers
    }
  }

  struct CaseReport: Codable {
    let setup: BenchmarkCase
    let rounds: RoundCount
    let contenders: [Cost]
  }

  /// Of one request or handshake.
  struct Cost: Codable {
    let contender: String
    let processorTime: Spread
    /// Share of it that was spent in the program itself.
    let userShare: Double
    /// The same to that of other contenders, by their names.
    let ratios: [String: Spread]
    let requestsPerSecond: Double
    /// Microseconds that the load and the origin took for one request.
    let loadTime: Double
    let originTime: Double
    let verdicts: [Verdict]
  }

  struct LatencyReport: Codable {
    let setup: BenchmarkCase
    let requestsPerSecond: Double
    let rounds: RoundCount
    let contenders: [Latency]
  }

  struct Latency: Codable {
    let contender: String
    let median: Spread
    let percentile99: Spread
    /// Of the 99th percentile, by other contenders' names.
    let ratios: [String: Spread]
    let verdicts: [Verdict]
  }

  /// One figure of one contender, for one small request or one idle client.
  struct Figure: Codable {
    enum Kind: String, Codable, CaseIterable {
      case instructions = "user instructions"
      case calls = "system calls"
      case dataCalls = "not waiting"
      case idleMemory = "KiB per idle client"
    }

    let kind: Kind
    let contender: String
    let client: ClientProtocol
    let value: Double
    var verdicts: [Verdict]

    init(
      _ kind: Kind, _ contender: String, _ client: ClientProtocol, _ value: Double,
      verdicts: [Verdict] = []
    ) {
      self.kind = kind
      self.contender = contender
      self.client = client
      self.value = value
      self.verdicts = verdicts
    }
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

  /// A figure of a proxy without something that it can do, and with it.
  struct Pair: Codable {
    let contender: String
    let what: String
    let without: Spread
    let with: Spread
    let ratio: Spread
    let rounds: RoundCount
    /// What the ratio may be at most; nil for what only shows how far the machine tells at all.
    let limit: Double?

    /// Met or missed where the whole interval says so; nil where the rounds cannot tell, which the
    /// row with the same on both sides shows to be the machine's doing.
    var isMet: Bool? {
      guard let limit else { return nil }
      return ratio.high <= limit ? true : ratio.low > limit ? false : nil
    }
  }

  var date: String
  var machine: Machine
  var versions: [String: String]
  /// The contenders that ratios refer to.
  var references: [String]
  var cases: [CaseReport] = []
  var halfLoad: LatencyReport?
  var figures: [Figure] = []
  var crowds: [Crowd] = []
  var outages: [Outages] = []
  var shadows: [Pair] = []
  var compositions: [Pair] = []
  /// What was left out, and why.
  var notes: [String] = []
  /// What went wrong; a run with any has failed.
  var failures: [String] = []

  func figure(_ kind: Figure.Kind, _ contender: String, _ client: ClientProtocol) -> Figure? {
    figures.first { $0.kind == kind && $0.contender == contender && $0.client == client }
  }
}

/// The middle of several rounds, and how sure it is.
struct Spread: Codable {
  let median: Double
  let least: Double
  let most: Double
  /// Between these two lies the median of all rounds that could be run, at 95 % or more. The ends
  /// where there are too few rounds to say so.
  let low: Double
  let high: Double

  init(median: Double, least: Double, most: Double, low: Double, high: Double) {
    self.median = median
    self.least = least
    self.most = most
    self.low = low
    self.high = high
  }

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
    let outside = Self.outside(count: sorted.count)
    low = sorted.isEmpty ? .zero : sorted[outside]
    high = sorted.isEmpty ? .zero : sorted[sorted.count - 1 - outside]
  }

  /// How many of so many sorted values may be left out at each end: the number that lies below the
  /// median is binomial, which asks nothing of how the values are spread.
  private static func outside(count: Int) -> Int {
    let most = 0.025
    var term = 1.0
    for _ in 0..<count { term /= 2 }
    var sum = term
    var left = 0
    while sum <= most, left < count / 2 {
      left += 1
      term *= Double(count - left + 1) / Double(left)
      sum += term
    }
    return max(0, left - 1)
  }
}
