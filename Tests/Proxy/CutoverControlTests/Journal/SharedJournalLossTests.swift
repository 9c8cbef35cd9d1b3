// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import RoutingDecisions
import Testing

@Suite("A shared journal that went back")
struct SharedJournalLossTests {
  private static func report(_ id: String, _ sequence: UInt64, head: String?) -> ReplicaReport {
    ReplicaReport(
      id: id, name: id, admin: nil, sequence: sequence, head: head, configurationHash: "c")
  }

  private static func exchange(
    _ sequence: UInt64, head: String?, others: [(ReplicaReport, age: Int64)] = []
  ) -> ReplicaExchange {
    ReplicaExchange(
      leader: nil, lease: 1, sequence: sequence, reportedHead: head,
      replicas: others.map { ReplicaExchange.Replica(report: $0.0, age: $0.age) })
  }

  @Test("Entries that come behind the known end are no loss, nor is an empty journal")
  func sound() {
    let me = Self.report("me", 5, head: "e5")
    #expect(Self.exchange(5, head: "e5").loss(since: me) == nil)
    #expect(Self.exchange(9, head: "e5").loss(since: me) == nil)
    #expect(Self.exchange(0, head: nil).loss(since: Self.report("me", 0, head: "none")) == nil)
    #expect(Self.exchange(3, head: nil).loss(since: Self.report("me", 0, head: "none")) == nil)
    // Another one may be behind, and one that is gone may have seen another journal.
    let others = [(Self.report("a", 4, head: "e4"), age: Int64(0))]
    #expect(Self.exchange(5, head: "e5", others: others).loss(since: me) == nil)
    let gone = [(Self.report("a", 7, head: "e7"), age: SharedCounts.patience + 1)]
    #expect(Self.exchange(5, head: "e5", others: gone).loss(since: me) == nil)
  }

  @Test("An entry that is gone, or is another one, is a loss, and the text says which")
  func lost() throws {
    let me = Self.report("me", 5, head: "e5")
    let gone = try #require(Self.exchange(3, head: nil).loss(since: me))
    #expect(gone.code == .broken)
    #expect(gone.message.contains("it ends with entry 3, and this proxy has seen entry 5"))
    let other = try #require(Self.exchange(9, head: "x").loss(since: me))
    #expect(other.message.contains("its entry 5 is another one than this proxy has seen"))
    let new = Self.report("me", 0, head: "none")
    let others = [(Self.report("a", 7, head: "e7"), age: Int64(10))]
    let ahead = try #require(Self.exchange(5, head: nil, others: others).loss(since: new))
    #expect(ahead.message.contains("it ends with entry 5, and the proxy a has seen entry 7"))
  }
}
