// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import Testing

@Suite struct SharedCountsTests {
  private static func told(
    _ id: String, finished: Int, failed: Int = 0, inFlight: Int = 0, age: Int64 = 0
  ) -> ReplicaExchange.Replica {
    var report = ReplicaReport(
      id: id, name: id, admin: nil, sequence: 1, head: nil, configurationHash: "c")
    report.counts = [
      "orders": RouteCounts(
        extracted: SideCounts(
          finished: finished, failed: failed, inFlight: inFlight,
          ages: [InFlightAges.Tally(judged: finished, slow: failed)]))
    ]
    report.compared = ["orders": CompareCounts(compared: finished, extractedOdd: failed)]
    return ReplicaExchange.Replica(report: report, age: age)
  }

  @Test func totalsBecomeWhatHappenedSinceAndAMissedReportLosesNothing() {
    var counts = SharedCounts()
    counts.hear(
      [Self.told("a", finished: 1_000, failed: 9), Self.told("me", finished: 5)], own: "me")
    // What it did before it was heard of first is nobody's.
    #expect(counts.take().counts == [:])
    counts.hear([Self.told("a", finished: 1_010, failed: 10, inFlight: 3)], own: "me")
    counts.hear([Self.told("a", finished: 1_030, failed: 11, inFlight: 4)], own: "me")
    let (taken, compared) = counts.take()
    #expect(
      taken["orders"]?.extracted
        == SideCounts(
          finished: 30, failed: 2, inFlight: 4, ages: [InFlightAges.Tally(judged: 30, slow: 2)]))
    #expect(compared["orders"] == CompareCounts(compared: 30, extractedOdd: 2))
    #expect(counts.take().counts == [:])
  }

  @Test func severalAddUpAndASilentOneIsNotCounted() {
    var counts = SharedCounts()
    counts.hear([Self.told("a", finished: 10), Self.told("b", finished: 20)], own: "me")
    let late = SharedCounts.patience + 1
    counts.hear([Self.told("a", finished: 11), Self.told("b", finished: 25)], own: "me")
    #expect(counts.take().counts["orders"]?.extracted.finished == 6)
    counts.hear([Self.told("a", finished: 12), Self.told("b", finished: 90, age: late)], own: "me")
    #expect(counts.take().counts["orders"]?.extracted.finished == 1)
    // Back again, it begins anew.
    counts.hear([Self.told("a", finished: 13), Self.told("b", finished: 100)], own: "me")
    counts.hear([Self.told("a", finished: 13), Self.told("b", finished: 104)], own: "me")
    #expect(counts.take().counts["orders"]?.extracted.finished == 5)
  }

  @Test func itsOwnTotalsOnlyGrowAndSayWhatIsUnderWayNow() {
    var counts = SharedCounts()
    let second = ["orders": RouteCounts(legacy: SideCounts(finished: 7, inFlight: 2))]
    counts.add(second, compared: [:])
    counts.add(second, compared: ["orders": CompareCounts(compared: 1)])
    #expect(counts.own["orders"]?.legacy == SideCounts(finished: 14, inFlight: 2))
    #expect(counts.ownCompared["orders"]?.compared == 1)
  }
}
