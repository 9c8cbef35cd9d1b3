// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import Testing

@Suite("A proxy that was started again")
struct PredecessorTests {
  private static func report(
    _ id: String, name: String = "one", machine: String? = "a", admin: String? = "127.0.0.1:9901"
  ) -> ReplicaReport {
    var report = ReplicaReport(
      id: id, name: name, admin: admin, sequence: 1, head: nil, configurationHash: "c")
    report.machine = machine
    return report
  }

  private static func replaced(
    by own: ReplicaReport = PredecessorTests.report("new"), _ other: ReplicaReport, age: Int64,
    present: Int64
  ) -> [String] {
    let exchange = ReplicaExchange(
      leader: nil, lease: 1, sequence: 1, reportedHead: nil,
      replicas: [.init(report: own, age: 0), .init(report: other, age: age)])
    return exchange.predecessors(of: own, present: present)
  }

  @Test("One that said its last before its successor came is replaced, once it is silent")
  func silent() {
    #expect(Self.replaced(Self.report("old"), age: 3_500, present: 1_000) == ["old"])
    #expect(Self.replaced(Self.report("old"), age: 3_500, present: 3_500) == ["old"])
    #expect(Self.replaced(Self.report("old"), age: 3_000, present: 1_000) == [])
  }

  @Test("One that was heard of since is another proxy, and its silence is told")
  func heardSince() {
    #expect(Self.replaced(Self.report("old"), age: 3_500, present: 3_501) == [])
    #expect(Self.replaced(Self.report("old"), age: 3_500, present: 900_000) == [])
  }

  @Test("Another name, machine or address is another proxy, and so is one that does not say")
  func others() {
    for other in [
      Self.report("old", name: "two"), Self.report("old", machine: "b"),
      Self.report("old", machine: nil), Self.report("old", admin: "127.0.0.1:9902"),
      Self.report("old", admin: nil),
    ] {
      #expect(Self.replaced(other, age: 9_000, present: 0) == [])
    }
    for own in [Self.report("new", machine: nil), Self.report("new", admin: nil)] {
      var other = own
      other.id = "old"
      #expect(Self.replaced(by: own, other, age: 9_000, present: 0) == [])
    }
  }
}
