// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Testing

@testable import DependencyGraph

@Suite struct ItemClustererTests {
  typealias Links = [(from: String, to: String, weight: Double)]

  /// Four groups of six that use each other inside; each group's first item uses the next group's.
  static let links: Links = (0..<4).flatMap { group -> Links in
    let items = (0..<6).map { "area\(group)/item\($0)" }
    var links: Links = []
    for first in 0..<6 {
      for step in 1...2 { links.append((items[first], items[(first + step) % 6], 1)) }
    }
    links.append((items[0], "area\((group + 1) % 4)/item0", 1))
    return links
  }
  static let graph = ItemGraph(links: links)

  private static func clusters(_ clustering: ItemClustering) -> Set<Set<String>> {
    Set(Dictionary(grouping: clustering.members, by: \.cluster).values.map { Set($0.map(\.name)) })
  }

  @Test func findsPlantedGroups() {
    let found = ItemClusterer().cluster(Self.graph)
    #expect(found.partition == Partition((0..<24).map { Int32($0 / 6) }))
    #expect(found.members.allSatisfy { $0.confidence > 0.9 && $0.runnerUp == nil })
    #expect(found.runs == ClusteringParameters().members)
  }

  @Test func doesNotDependOnOrderOrThreads() {
    let whole = ItemClusterer().cluster(Self.graph)
    let shuffled = ItemGraph(links: Self.links.reversed())
    #expect(shuffled == Self.graph)
    let backwards = Workers { count, body in for index in (0..<count).reversed() { body(index) } }
    let threads = Workers { count, body in
      DispatchQueue.concurrentPerform(iterations: count, execute: body)
    }
    #expect(ItemClusterer(workers: backwards).cluster(shuffled) == whole)
    #expect(ItemClusterer(workers: threads).cluster(shuffled) == whole)
  }

  @Test(arguments: [1, 2, 3, 4, 6, 24, 99])
  func givesAsManyServicesAsAskedFor(services: Int) {
    let found = ItemClusterer().cluster(Self.graph, services: services)
    #expect(found.clusterCount == min(services, 24))
  }

  @Test func anAnchorHoldsWhatIsUndecided() {
    var stored: [String: String] = [:]
    for name in Self.graph.names { stored[name] = String(name.prefix(5)) }
    let anchored = ItemClusterer().cluster(Self.graph, anchor: stored)
    #expect(anchored.partition == ItemClusterer().cluster(Self.graph).partition)
  }

  @Test func anAnchorLetsGoOfWhatHasMoved() {
    var stored: [String: String] = [:]
    for name in Self.graph.names { stored[name] = String(name.prefix(5)) }
    let moved = "area0/item3"
    let others = Self.links.filter { $0.from != moved && $0.to != moved }
    let links = others + (0..<4).map { (from: moved, to: "area1/item\($0)", weight: 1.0) }
    let anchored = ItemClusterer().cluster(ItemGraph(links: links), anchor: stored)
    func cluster(_ name: String) -> Int? { anchored.members.first { $0.name == name }?.cluster }
    #expect(cluster(moved) == cluster("area1/item5"))
    #expect(cluster("area0/item2") != cluster("area1/item5"))
  }

  /// The sum that `MetricClimbing` makes large, from the laboratory, which knows nothing of it.
  @Test func theMetricsRiseWhereTheyAreTheObjective() {
    let graph = ItemGraph(
      links: Self.links + [(from: "area0/item1", to: "area2/item4", weight: 3.0)])
    let plain = ItemClusterer().cluster(graph, services: 3)
    let climbed = ItemClusterer(objective: .metrics).cluster(graph, services: 3)
    #expect(climbed.clusterCount == plain.clusterCount)
    func values(_ clustering: ItemClustering) -> [String: Double] {
      let clusters = clustering.members.map { ($0.name, "\($0.cluster)") }
      let laboratory = MetricLaboratory(graph, Dictionary(uniqueKeysWithValues: clusters))
      let published = laboratory.measurements(.fse).filter { $0.variant == .fse }
      return Dictionary(uniqueKeysWithValues: published.map { ($0.metric, $0.value) })
    }
    let before = values(plain)
    func sum(_ values: [String: Double]) -> Double {
      let interfaces = (values["ifn"] ?? 0) / max(1e-9, before["ifn"] ?? 0)
      return (values["structural-modularity"] ?? 0) - (values["icp"] ?? 0)
        - (values["ned"] ?? 0) - interfaces
    }
    #expect(sum(values(climbed)) >= sum(before) - 1e-9)
  }

  @Test func itemsThatWerePutElsewhereClimbBack() {
    var labels = (0..<24).map { Int32($0 / 6) }
    let planted = Partition(labels)
    labels[3] = 1
    labels[20] = 0
    #expect(MetricClimbing.improved(Self.graph, Partition(labels)) == planted)
  }

  @Test func placesItemsWithoutLinksByName() throws {
    let graph = ItemGraph(links: Self.links, items: ["area2/lonely", "elsewhere"])
    let found = ItemClusterer().cluster(graph)
    let lonely = try #require(found.members.first { $0.name == "area2/lonely" })
    let neighbour = try #require(found.members.first { $0.name == "area2/item3" })
    #expect(lonely.isPlacedByName && lonely.cluster == neighbour.cluster)
    #expect(found.members.filter(\.isPlacedByName).count == 1)
    #expect(found.clusterCount == 5)
  }

  @Test func witnessesTellWhichItemsBelongTogether() {
    var links: Links = []
    for function in 0..<12 {
      for item in 0..<4 { links.append(("f\(function)", "g\(function / 4)i\(item)", 1)) }
    }
    let graph = ItemGraph(links: links, witnesses: Set((0..<12).map { "f\($0)" }))
    let found = ItemClusterer().cluster(graph)
    #expect(found.members.count == 12)
    #expect(found.partition == Partition((0..<12).map { Int32($0 / 4) }))
  }

  @Test func everyRuleHolds() throws {
    let text = """
      together area0/item0 area1/item0
      apart area2/item0 area2/item1
      pin area3/item0 billing
      pin area0/item5 orders
      forbid area2/item0 area3/item0
      size 2 14
      """
    let constraints = try ClusterConstraints(text, Self.graph)
    let rules = try constraints.rules(Self.graph)
    let found = ItemClusterer().cluster(Self.graph, rules: rules)
    func cluster(_ name: String) -> Int? { found.members.first { $0.name == name }?.cluster }
    #expect(cluster("area0/item0") == cluster("area1/item0"))
    #expect(cluster("area2/item0") != cluster("area2/item1"))
    #expect(cluster("area3/item0") != cluster("area0/item5"))
    #expect(cluster("area2/item0") == cluster("area3/item0"))
    #expect(Self.clusters(found).allSatisfy { $0.count <= 14 })
  }

  @Test(arguments: [
    (
      "together area0/item0 area0/item1\ntogether area0/item1 area0/item2\n"
        + "apart area0/item0 area0/item2\ntogether area0/item3 area0/item4", [1, 2, 3]
    ),
    ("pin area0/item0 a\npin area0/item1 b\ntogether area0/item0 area0/item1", [1, 2, 3]),
    ("apart area0/item0 area0/item1\nforbid area0/item0 area0/item1", [1, 2]),
    ("size 2 2\ntogether area0/item0 area0/item1 area0/item2", [1, 2]),
    ("size 5 4", [1]),
    ("size 25 -", [1]),
  ])
  func namesTheSmallestContradiction(text: String, lines: [Int]) throws {
    let constraints = try ClusterConstraints(text, Self.graph)
    do throws(ClusterConstraints.Conflict) {
      _ = try constraints.rules(Self.graph)
      Issue.record("no contradiction found")
    } catch {
      #expect(error.lines == lines)
    }
  }

  @Test func constraintsNameTheLineThatCannotBeRead() {
    #expect(throws: LineError(line: 2, message: "expected an item of the graph, found `nobody`")) {
      try ClusterConstraints("# who\napart area0/item0 nobody", Self.graph)
    }
    #expect(throws: LineError.self) { try ClusterConstraints("size two -", Self.graph) }
  }
}
