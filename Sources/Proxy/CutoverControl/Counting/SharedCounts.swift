// SPDX-License-Identifier: Apache-2.0

/// What the watched routes of all proxies did, added up, so that one decision is made for all.
///
/// Proxies tell totals that only grow, so that one whose report was missed loses nothing and none
/// is counted twice. Users are told apart within each proxy: one who fails on two proxies within a
/// minute counts on each.
package struct SharedCounts: Sendable, Equatable {
  /// A proxy that was not heard of for longer does not count, milliseconds.
  package static let patience: Int64 = 3_000

  /// Of this proxy since its start.
  package private(set) var own: [String: RouteCounts] = [:]
  package private(set) var ownCompared: [String: CompareCounts] = [:]
  /// The last report of each of the others.
  private var heard: [String: ReplicaReport] = [:]
  /// Of the others since the last `take`.
  private var others: [String: RouteCounts] = [:]
  private var othersCompared: [String: CompareCounts] = [:]

  package init() {}

  /// What this proxy did in a second.
  package mutating func add(
    _ counts: [String: RouteCounts], compared: [String: CompareCounts]
  ) {
    for (route, more) in counts {
      var total = own[route] ?? RouteCounts()
      (total.legacy.inFlight, total.extracted.inFlight) = (0, 0)
      total += more
      own[route] = total
    }
    for (route, more) in compared { ownCompared[route, default: CompareCounts()] += more }
  }

  /// What all proxies told. The first report of one says where it stands, not what it did.
  package mutating func hear(_ replicas: [ReplicaExchange.Replica], own id: String) {
    // Requests under way are those of this moment.
    for route in others.keys {
      others[route]?.legacy.inFlight = 0
      others[route]?.extracted.inFlight = 0
    }
    let live = replicas.filter { $0.report.id != id && $0.age <= Self.patience }.map(\.report)
    for report in live {
      guard let former = heard[report.id] else { continue }
      for (route, total) in report.counts {
        others[route, default: RouteCounts()] += total.since(former.counts[route])
      }
      for (route, total) in report.compared {
        let before = former.compared[route] ?? CompareCounts()
        othersCompared[route, default: CompareCounts()] += CompareCounts(
          compared: max(0, total.compared - before.compared),
          extractedOdd: max(0, total.extractedOdd - before.extractedOdd),
          legacyOdd: max(0, total.legacyOdd - before.legacyOdd))
      }
    }
    // One that was silent begins anew.
    heard = Dictionary(live.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
  }

  /// Of the others since the last call.
  package mutating func take() -> (
    counts: [String: RouteCounts], compared: [String: CompareCounts]
  ) {
    defer { (others, othersCompared) = ([:], [:]) }
    return (others, othersCompared)
  }
}

extension RouteCounts {
  fileprivate func since(_ former: RouteCounts?) -> RouteCounts {
    guard let former else { return self }
    return RouteCounts(
      legacy: legacy.since(former.legacy), extracted: extracted.since(former.extracted))
  }
}

extension SideCounts {
  fileprivate func since(_ former: SideCounts) -> SideCounts {
    SideCounts(
      finished: max(0, finished - former.finished), failed: max(0, failed - former.failed),
      succeeded: max(0, succeeded - former.succeeded),
      keptAway: max(0, keptAway - former.keptAway), inFlight: inFlight,
      ages: ages.enumerated().map { index, tally in
        let before = index < former.ages.count ? former.ages[index] : InFlightAges.Tally()
        return InFlightAges.Tally(
          judged: max(0, tally.judged - before.judged), slow: max(0, tally.slow - before.slow))
      })
  }
}
