// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import CutoverSimulation

/// Runs simulations and prints a row for each, with what is demanded of it.
struct SimulationTable {
  /// Seeds of the runs of one row; no row has more.
  private static let seedsPerRow: UInt64 = 1_000

  private let seed: UInt64
  private var rows: UInt64 = 0
  /// Rows that are not what is demanded.
  private(set) var missed = 0

  init(seed: UInt64) { self.seed = seed }

  mutating func run(_ simulation: Simulation) {
    switch simulation {
    case .equal: equalSides()
    case .errors: errors()
    case .users: users()
    case .outage: outage()
    case .latency: latency()
    case .mismatches: mismatches()
    case .promotion: promotion()
    }
  }

  // MARK: - Rows

  /// Seeds that no other row and no other run has.
  private mutating func seeds(_ count: UInt64) -> ClosedRange<UInt64> {
    let first = (seed * 1_000 + rows) * Self.seedsPerRow + 1
    rows += 1
    return first...(first + count - 1)
  }

  private mutating func print(_ row: String, _ demand: String? = nil, isMet: Bool = true) {
    guard let demand else { return Swift.print("  \(row)") }
    Swift.print("  \(row) (demanded: \(demand)): \(isMet ? "met" : "MISSED")")
    if !isMet { missed += 1 }
  }

  private mutating func print(
    _ title: String, _ found: [GateRun.Detection], of runs: Int, median limit: Int?
  ) {
    let (seconds, bad) = (found.map(\.seconds), found.map(\.bad))
    if found.isEmpty { return print(title + ": none seen", "all seen", isMet: false) }
    let median = GateRun.quantile(seconds, 0.5)
    let row =
      "\(title): \(median)/\(GateRun.quantile(seconds, 0.95)) s, "
      + "\(GateRun.quantile(bad, 0.5))/\(GateRun.quantile(bad, 0.95)) bad, \(found.count) seen"
    guard let limit else { return print(row) }
    print(row, "median <= \(limit) s", isMet: median <= limit && found.count == runs)
  }

  // MARK: - Equal sides

  private mutating func equalSides() {
    Swift.print("Equal sides, four stages of 6 h, 100 requests a second: rolled back of 500")
    for rate in [0.001, 0.01] {
      let count = seeds(500).count { seed in
        var traffic = SimulatedTraffic(
          seed: seed, requestsPerSecond: 100, share: 0, legacyRate: rate)
        traffic.drift = 0.3
        traffic.incidentsPerHour = 1.0 / 6
        return GateRun.cutover(traffic, secondsPerStage: 21_600)
      }
      print(
        "errors of \(rate * 100) %, drift 30 %, 30 % fail in an incident every 6 h: \(count)",
        "<= 3", isMet: count <= 3)
    }
    let count = seeds(500).count { seed in
      var latency = SimulatedLatency(seed: seed, requestsPerSecond: 100, share: 0)
      latency.incidentsPerHour = 1.0 / 6
      return GateRun.cutover(latency, secondsPerStage: 21_600)
    }
    print(
      "p95, drift 15 %, five times slower in an incident every 6 h: \(count)", "<= 3",
      isMet: count <= 3)
  }

  // MARK: - Bad sides

  private mutating func errors() {
    Swift.print(
      "Errors from the start of a stage: seconds median/p95, bad requests median/p95, of 200")
    let cases: [(Double, Double, Double, Double, Int, Int?)] = [
      (10, 0.05, 0.001, 0.05, 20_000, nil), (100, 0.05, 0.001, 0.05, 5_000, 35),
      (100, 0.05, 0.001, 0.01, 20_000, nil), (100, 0.05, 0.01, 0.02, 50_000, nil),
      (100, 0.5, 0.001, 0.05, 5_000, nil), (200, 0.1, 0.001, 0.05, 5_000, nil),
      (1_000, 0.05, 0.001, 0.05, 5_000, nil), (5_000, 0.01, 0.001, 0.05, 5_000, nil),
      (5_000, 0.5, 0.001, 0.05, 5_000, 5), (5_000, 0.5, 0.01, 0.02, 900, nil),
      (5_000, 0.5, 0.1, 0.2, 900, nil),
    ]
    for (rps, share, legacy, extracted, limit, median) in cases {
      let found = seeds(200).compactMap { seed in
        GateRun.detection(
          SimulatedTraffic(
            seed: seed, requestsPerSecond: rps, share: share, legacyRate: legacy,
            extractedRate: extracted), limit: limit)
      }
      print(
        "\(rps)/s, \(share * 100) %, \(legacy * 100) -> \(extracted * 100) %", found, of: 200,
        median: median)
    }
  }

  private mutating func users() {
    Swift.print("40 users, 160 requests a second: rolled back, median/p95 s, and promoted, of 200")
    let cases: [(Double, Double, Double)] = [
      (0.5, 0.03, 0.3), (0.1, 0.02, 0.12), (0.1, 0, 0.05), (0.5, 0, 0.5),
      (0.1, 0.001, 0.001), (0.5, 0.03, 0.03), (0.1, 0.3, 0.3), (0.5, 0.05, 0.055),
    ]
    for (share, legacy, extracted) in cases {
      let found = seeds(200).map { seed in
        var traffic = SimulatedTraffic(
          seed: seed, requestsPerSecond: 160, share: share, legacyRate: legacy,
          extractedRate: extracted)
        traffic.users = 40
        return GateRun.stage(traffic, limit: 1_800)
      }
      let (back, promoted) = (found.compactMap(\.rolledBack), found.compactMap(\.promoted))
      let row =
        "\(share * 100) %, \(legacy * 100) -> \(extracted * 100) %: rolled back "
        + "\(back.count) (\(Self.quantiles(back, of: 200))), promoted \(promoted.count)"
      switch extracted {
      case legacy: print(row, "<= 1 rolled back", isMet: back.count <= 1)
      case ..<(2 * legacy): print(row, "<= 10 promoted", isMet: promoted.count <= 10)
      default: print(row, "all rolled back", isMet: back.count == 200 && promoted.isEmpty)
      }
    }
    let visits = seeds(100).map { seed in
      var traffic = SimulatedTraffic(
        seed: seed, requestsPerSecond: 50, share: 0.1, legacyRate: 0.001, extractedRate: 0.1)
      (traffic.users, traffic.areVisits) = (1_000, true)
      return GateRun.stage(traffic, limit: 1_800)
    }
    let back = visits.compactMap(\.rolledBack)
    print(
      "1,000 users, 50 visits a second of a page and a call, 10 % of the calls fail: rolled back "
        + "\(back.count) (\(Self.quantiles(back, of: 100)))",
      "all rolled back", isMet: back.count == 100 && visits.allSatisfy { $0.promoted == nil })
    let found = seeds(100).count { seed in
      var traffic = SimulatedTraffic(
        seed: seed, requestsPerSecond: 100, share: 0.1, legacyRate: 0.001)
      traffic.users = 1_000
      traffic.loops = 20
      return GateRun.stage(traffic, soak: 14_400, limit: 14_400).rolledBack != nil
    }
    print(
      "1,000 users, one of them fails alone 20 times a second for four hours: \(found) of 100",
      "<= 1", isMet: found <= 1)
  }

  private mutating func outage() {
    Swift.print(
      "Everything fails at once, of 200 requests a second: seconds to the rollback, median/p95 of "
        + "100")
    let cases: [(Int, Double, Int?, Int?)] = [
      (1, 10, nil, nil), (3, 10, nil, nil), (5, 10, nil, 20), (10, 10, nil, 20),
      (100, 10, nil, 20), (1_000, 10, nil, 20), (10, 10, 5, nil), (1_000, 10, 5, nil),
      (1_000, 50, 5, nil), (1_000, 90, 5, nil), (1_000, 99, 5, nil),
    ]
    for (users, percent, breaker, limit) in cases {
      let found = seeds(100).map { seed in
        var traffic = SimulatedUsers(seed: seed, users: users, percent: percent, rate: 0.001)
        traffic.breakerOpensAt = breaker
        return GateRun.outage(traffic, limit: 600)
      }
      let either = found.compactMap(\.either)
      let title = "\(Int(percent)) %, \(users) users\(breaker == nil ? "" : ", breaker")"
      let row =
        "\(title): gate alone \(Self.quantiles(found.compactMap(\.gate), of: 100)), "
        + "with outages \(Self.quantiles(either, of: 100))"
      guard let limit else {
        print(row)
        continue
      }
      print(
        row, "p95 <= \(limit) s",
        isMet: either.count == 100 && GateRun.quantile(either, 0.95) <= limit)
    }
    outageAtCeilings()
    let equal = seeds(200).count { seed in
      let traffic = SimulatedUsers(seed: seed, users: 10, rate: 0.3)
      return GateRun.isOut(traffic, seconds: 1_800)
    }
    print(
      "equal sides, 10 users, 30 % fail for half an hour: \(equal) of 200", "0", isMet: equal == 0)
  }

  /// Where there is no legacy to compare with: the highest ceiling that a plan can have.
  private mutating func outageAtCeilings() {
    let ceiling = Baseline.ceiling(0.9)
    for (users, limit) in [(10, nil), (100, nil), (1_000, 20)] as [(Int, Int?)] {
      let found = seeds(100).compactMap { seed in
        GateRun.outage(
          SimulatedUsers(seed: seed, users: users, rate: 0.3), against: ceiling, limit: 2_400
        ).either
      }
      print(
        "ceiling of 90 %, \(users) users: \(Self.quantiles(found, of: 100))",
        limit.map { "p95 <= \($0) s" } ?? "all seen",
        isMet: found.count == 100 && GateRun.quantile(found, 0.95) <= limit ?? .max)
    }
    let equal = seeds(200).count { seed in
      GateRun.isOut(
        SimulatedUsers(seed: seed, users: 1_000, rate: 0.9), against: ceiling, seconds: 1_800)
    }
    print(
      "ceiling of 90 %, 90 % fail as tolerated for half an hour: \(equal) of 200", "0",
      isMet: equal == 0)
  }

  private static func quantiles(_ seconds: [Int], of runs: Int) -> String {
    if seconds.isEmpty { return "never" }
    let seen = seconds.count == runs ? "" : " in \(seconds.count) of \(runs)"
    return "\(GateRun.quantile(seconds, 0.5))/\(GateRun.quantile(seconds, 0.95)) s\(seen)"
  }

  private mutating func latency() {
    Swift.print(
      "Twice as slow after 10 healthy minutes, p95: seconds median/p95, slow median/p95, of 200")
    let cases: [(Double, Double, Int?)] = [
      (100, 0.05, nil), (200, 0.1, nil), (1_000, 0.05, 25), (5_000, 0.01, nil),
    ]
    for (rps, share, median) in cases {
      let found = seeds(200).compactMap { seed in
        GateRun.detection(
          SimulatedLatency(seed: seed, requestsPerSecond: rps, share: share), slowdown: 2,
          healthy: 600, limit: 20_000)
      }
      print("\(rps)/s, \(share * 100) %", found, of: 200, median: median)
    }
  }

  private mutating func mismatches() {
    Swift.print("Odd answers from the start of a stage: comparisons median/p95, of 1,000")
    for (areStable, name) in [(true, "all paths stable"), (false, "set off against legacy")] {
      for rate in [0.005, 0.02, 0.2] {
        let found = seeds(1_000).compactMap { seed in
          GateRun.comparisons(seed: seed, rate: rate, areStable: areStable, limit: 100_000)
        }
        let median = GateRun.quantile(found, 0.5)
        let row =
          "\(name), \(rate * 100) %: \(median)/\(GateRun.quantile(found, 0.95)), "
          + "\(found.count) seen"
        let isDemanded = areStable && rate == 0.02
        print(
          row, isDemanded ? "median <= 250" : nil, isMet: median <= 250 && found.count == 1_000)
      }
      let wrong = seeds(400).count { seed in
        GateRun.comparisons(seed: seed, rate: 0.0002, areStable: areStable, limit: 200_000) != nil
      }
      // A quarter of a percent is the bound of each gate; three above what is expected of 400.
      print("\(name), 0.02 % as tolerated: \(wrong) fire of 400", "<= 4", isMet: wrong <= 4)
    }
    noisyMismatches()
  }

  private mutating func noisyMismatches() {
    for share in [0.05, 1] {
      for rate in [0.005, 0.02, 0.2] {
        let found = seeds(200).compactMap { seed in
          GateRun.comparisons(
            NoisyAnswers(seed: seed, rate: rate, askedAgain: share), limit: 40_000)
        }
        let (median, most) = (GateRun.quantile(found, 0.5), GateRun.quantile(found, 0.95))
        let row =
          "noise in every answer, asked about \(share * 100) % again, \(rate * 100) %: "
          + "\(median)/\(most), \(found.count) seen of 200"
        print(
          row, rate == 0.02 ? "median <= 2500" : nil,
          isMet: median <= 2_500 && found.count == 200)
      }
    }
    let wrong = seeds(200).count { seed in
      GateRun.comparisons(NoisyAnswers(seed: seed, rate: 0.0002), limit: 20_000) != nil
    }
    print(
      "noise in every answer, 0.02 % as tolerated: \(wrong) fire of 200", "<= 3",
      isMet: wrong <= 3)
  }

  // MARK: - Promotion

  private mutating func promotion() {
    Swift.print("Promotion at 5 %: requests median/p90 of 200 equal; wrong of 1,000 at the border")
    for tolerance in [0.002, 0.005] {
      for rate in [0.0, 0.001, 0.01] {
        let needed = seeds(200).map { seed in
          GateRun.promotion(
            SimulatedTraffic(
              seed: seed, requestsPerSecond: 1_000, share: 0.05, legacyRate: rate),
            tolerance: tolerance, limit: 1_000_000) ?? .max
        }
        let wrong = seeds(1_000).count { seed in
          let traffic = SimulatedTraffic(
            seed: seed, requestsPerSecond: 1_000, share: 0.05, legacyRate: rate,
            extractedRate: rate + tolerance)
          return GateRun.promotion(traffic, tolerance: tolerance, limit: 50_000) != nil
        }
        print(
          "tolerance \(tolerance * 100) %, legacy \(rate * 100) %: "
            + "\(GateRun.quantile(needed, 0.5))/\(GateRun.quantile(needed, 0.9)), wrong \(wrong)",
          "<= 50 wrong", isMet: wrong <= 50)
      }
    }
  }
}
