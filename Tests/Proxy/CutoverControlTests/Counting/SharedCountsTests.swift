// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import Foundation
import Testing

@Suite struct SharedCountsTests {
  fileprivate static let services = ["orders": SharedCounts.Service(version: "v1", run: 1)]

  private static func told(
    _ id: String, finished: Int, failed: Int = 0, inFlight: Int = 0, age: Int64 = 0,
    serving: String? = "v1", sequence: UInt64 = 1
  ) -> ReplicaExchange.Replica {
    var report = ReplicaReport(
      id: id, name: id, admin: nil, sequence: sequence, head: nil, configurationHash: "c")
    report.services = serving.map { ["orders": $0] }
    report.counts = [
      "orders": RouteCounts(
        extracted: SideCounts(
          finished: finished, failed: failed, ignored: finished / 10, inFlight: inFlight,
          ages: [InFlightAges.Tally(judged: finished, slow: failed)]))
    ]
    report.compared = ["orders": CompareCounts(compared: finished, odd: .init(extracted: failed))]
    return ReplicaExchange.Replica(report: report, age: age)
  }

  @Test func totalsBecomeWhatHappenedSinceAndAMissedReportLosesNothing() {
    var counts = SharedCounts()
    counts.listen(
      [Self.told("a", finished: 1_000, failed: 9), Self.told("me", finished: 5)])
    // What it did before it was heard of first is nobody's.
    #expect(counts.take().counts == [:])
    counts.listen([Self.told("a", finished: 1_010, failed: 10, inFlight: 3)])
    counts.listen([Self.told("a", finished: 1_030, failed: 11, inFlight: 4)])
    let taken = counts.take()
    #expect(
      taken.counts["orders"]?.extracted
        == SideCounts(
          finished: 30, failed: 2, ignored: 3, inFlight: 4,
          ages: [InFlightAges.Tally(judged: 30, slow: 2)]))
    #expect(taken.strangers == [:])
    #expect(taken.compared["orders"] == CompareCounts(compared: 30, odd: .init(extracted: 2)))
    #expect(counts.take().counts == [:])
  }

  @Test(
    "What is compared where other things count as noise proves nothing, and requests count",
    arguments: [
      ("noise", "noise", 20), ("noise", nil, 0), (nil, "noise", 0), ("other", "noise", 0),
    ] as [(String?, String?, Int)])
  func rulings(before: String?, after: String?, compared: Int) {
    var counts = SharedCounts()
    for (finished, ruling) in [(10, before), (30, after)] {
      let replica = Self.told("a", finished: finished)
      var report = replica.report
      report.rulings = ruling.map { ["orders": $0] }
      counts.hear(
        [ReplicaExchange.Replica(report: report, age: 0)], own: "me",
        services: ["orders": SharedCounts.Service(version: "v1")], rulings: ["orders": "noise"])
    }
    let taken = counts.take()
    #expect(taken.counts["orders"]?.extracted.finished == 20)
    #expect(taken.compared["orders"]?.compared ?? 0 == compared)
  }

  @Test(
    "What goes well where a route is served otherwise is told apart, from either report on",
    arguments: [
      ("v0", "v0", 1, 1), ("v0", "v1", 1, 1), ("v1", "v0", 1, 1), (nil, nil, 1, 1),
      ("v1", "v1", 0, 1),
    ] as [(String?, String?, UInt64, UInt64)])
  func strangers(before: String?, after: String?, first: UInt64, second: UInt64) {
    var counts = SharedCounts()
    for (finished, serving, sequence) in [(10, before, first), (30, after, second)] {
      counts.listen(
        [Self.told("a", finished: finished, serving: serving, sequence: sequence)])
    }
    let taken = counts.take()
    #expect(taken.counts == [:] && taken.compared == [:])
    #expect(taken.strangers["orders"]?.extracted.finished == 20)
    // It has taken up this version, and sees the run; what came before it said so is a stranger's.
    for finished in [40, 45] {
      counts.listen([Self.told("a", finished: finished)])
    }
    let hadTakenItUp = after == "v1" && second == 1
    #expect(counts.take().counts["orders"]?.extracted.finished == (hadTakenItUp ? 15 : 5))
  }

  @Test func aVersionOfStranglerThatDoesNotSayIsReadAndStrange() throws {
    let text = """
      {"id": "a", "name": "a", "sequence": 1, "configurationHash": "c", "mayLead": true,
       "counts": {}, "compared": {}}
      """
    let report = try JSONDecoder().decode(ReplicaReport.self, from: Data(text.utf8))
    #expect(report.services == nil)
    #expect(!SharedCounts.Service(version: "v1").isServed(by: report, on: "orders"))
  }

  @Test func severalAddUpAndASilentOneIsNotCounted() {
    var counts = SharedCounts()
    counts.listen([Self.told("a", finished: 10), Self.told("b", finished: 20)])
    let late = SharedCounts.patience + 1
    counts.listen([Self.told("a", finished: 11), Self.told("b", finished: 25)])
    #expect(counts.take().counts["orders"]?.extracted.finished == 6)
    counts.listen([Self.told("a", finished: 12), Self.told("b", finished: 90, age: late)])
    #expect(counts.take().counts["orders"]?.extracted.finished == 1)
    // Back again, it begins anew.
    counts.listen([Self.told("a", finished: 13), Self.told("b", finished: 100)])
    counts.listen([Self.told("a", finished: 13), Self.told("b", finished: 104)])
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

extension SharedCounts {
  fileprivate mutating func listen(_ replicas: [ReplicaExchange.Replica]) {
    hear(replicas, own: "me", services: SharedCountsTests.services)
  }
}
