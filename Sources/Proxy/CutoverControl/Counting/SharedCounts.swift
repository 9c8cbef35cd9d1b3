// SPDX-License-Identifier: Apache-2.0

/// What the watched routes of all proxies did, added up, so that one decision is made for all.
///
/// Proxies tell totals that only grow, so that one whose report was missed loses nothing and none
/// is counted twice. Users are told apart within each proxy: one who fails on two proxies within a
/// minute counts on each.
///
/// A proxy that serves a route otherwise is a stranger to it: another file's upstreams, a run that
/// it has not seen begin, or a version of strangler that does not say. What it sees go well is no
/// evidence for the service that is judged here, which may fail meanwhile; what fails there fails
/// users. So strangers are told apart: the gates add them, a promotion does not, and they have an
/// outage of their own. Nothing is made of a stranger's comparisons.
///
/// The gates add all of them, for a share of failures says nothing without its whole: of many good
/// requests of strangers the errors of a service with few get a small part. Such a service is seen
/// late by its gate, and by its outage if nothing succeeds there.
package struct SharedCounts: Sendable, Equatable {
  /// A proxy that was not heard of for longer does not count, milliseconds.
  package static let patience: Int64 = 3_000

  /// Of this proxy since its start.
  package private(set) var own: [String: RouteCounts] = [:]
  package private(set) var ownCompared: [String: CompareCounts] = [:]
  /// The last report of each of the others.
  private var heard: [String: ReplicaReport] = [:]
  /// Since the last `take`.
  private var others = Others()

  /// What the other proxies did.
  package struct Others: Sendable, Equatable {
    package var counts: [String: RouteCounts] = [:]
    package var compared: [String: CompareCounts] = [:]
    /// Of those that serve the route otherwise.
    package var strangers: [String: RouteCounts] = [:]
  }

  /// How a route is served by who judges it.
  package struct Service: Sendable, Equatable {
    /// `ProxyConfiguration.serviceText` of the route, as a hash.
    package let version: String
    /// Number of the journal entry that started the run; 0 for any.
    package let run: UInt64

    package init(version: String, run: UInt64 = 0) {
      self.version = version
      self.run = run
    }

    package func isServed(by report: ReplicaReport, on route: String) -> Bool {
      report.services?[route] == version && report.sequence >= run
    }
  }

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
  ///
  /// - Parameters:
  ///   - services: how each watched route is served here.
  ///   - rulings: version of what is noise here, by route; who judges by another answers another
  ///     question.
  package mutating func hear(
    _ replicas: [ReplicaExchange.Replica], own id: String, services: [String: Service],
    rulings: [String: String] = [:]
  ) {
    // Requests under way are those of this moment.
    others.counts.forgetInFlight()
    others.strangers.forgetInFlight()
    let live = replicas.filter { $0.report.id != id && $0.age <= Self.patience }.map(\.report)
    for report in live {
      guard let former = heard[report.id] else { continue }
      // Between two reports it served as both say.
      func isStranger(on route: String) -> Bool {
        guard let service = services[route] else { return true }
        return ![former, report].allSatisfy { service.isServed(by: $0, on: route) }
      }
      for (route, total) in report.counts {
        let more = total.since(former.counts[route])
        if isStranger(on: route) {
          others.strangers[route, default: RouteCounts()] += more
        } else {
          others.counts[route, default: RouteCounts()] += more
        }
      }
      for (route, total) in report.compared where !isStranger(on: route) {
        let isRuledAlike = [former, report].allSatisfy { $0.rulings?[route] == rulings[route] }
        guard isRuledAlike else { continue }
        others.compared[route, default: CompareCounts()] += total.since(former.compared[route])
      }
    }
    // One that was silent begins anew.
    heard = Dictionary(live.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
  }

  /// Of the others since the last call.
  package mutating func take() -> Others {
    defer { others = Others() }
    return others
  }
}

extension [String: RouteCounts] {
  fileprivate mutating func forgetInFlight() {
    for route in keys {
      self[route]?.legacy.inFlight = 0
      self[route]?.extracted.inFlight = 0
    }
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
      judged: (max(0, judged - former.judged), max(0, judgedBad - former.judgedBad)),
      ignored: max(0, ignored - former.ignored),
      keptAway: max(0, keptAway - former.keptAway), inFlight: inFlight,
      ages: ages.enumerated().map { index, tally in
        let before = index < former.ages.count ? former.ages[index] : InFlightAges.Tally()
        return InFlightAges.Tally(
          judged: max(0, tally.judged - before.judged), slow: max(0, tally.slow - before.slow))
      })
  }
}
