// SPDX-License-Identifier: Apache-2.0

/// One number about a division.
package struct Measurement: Sendable, Equatable {
  /// Which end of its scale is the good one.
  package enum Direction: String, Sendable {
    case high, low
  }

  package var metric: String
  /// The publication whose formula it is; nil where all agree.
  package var variant: MetricVariant?
  package var value: Double
  package var better: Direction
}

/// Measures a division of a graph by every metric that its inputs allow.
package struct MetricLaboratory: Sendable {
  /// Items of the graph that the division holds; the others take no part.
  package let items: [String]
  /// Items of the graph that the division lacks.
  package let leftOut: Int
  private let division: MeasuredDivision
  private let clusters: [String: String]

  /// Use case and item, from `accesses` lines; nil leaves business context purity out.
  package var useCases: [(useCase: String, item: String)]?
  /// Item and table; nil leaves database transaction purity out.
  package var tables: [(item: String, table: String)]?
  /// The program's entry, which the variant `fse` leaves out of calls.
  package var entry: String?

  /// - Parameter clusters: cluster of each item.
  package init(_ graph: ItemGraph, _ clusters: [String: String]) {
    let divided = graph.divided.map { graph.names[$0] }
    let kept = Set(divided.filter { clusters[$0] != nil })
    let graph = ItemGraph(
      links: graph.allLinks.filter { kept.contains($0.from) && kept.contains($0.to) }, items: kept)
    items = graph.names
    leftOut = divided.count - kept.count
    self.clusters = clusters
    division = MeasuredDivision(graph, Self.partition(graph.names, clusters))
  }

  package var serviceCount: Int { division.serviceCount }

  private static func partition(_ items: [String], _ clusters: [String: String]) -> Partition {
    var numbers: [String: Int32] = [:]
    return Partition(
      items.map { item in
        let cluster = clusters[item] ?? ""
        let number = numbers[cluster] ?? Int32(numbers.count)
        numbers[cluster] = number
        return number
      })
  }

  /// Metrics of the graph, in a fixed order; `variant` keeps the ones of one publication, and of
  /// the others those of which it has no formula of its own.
  package func measurements(_ variant: MetricVariant? = nil) -> [Measurement] {
    let common = [
      Measurement(
        metric: "modularity", value: division.graph.plain.modularity(division.partition),
        better: .high),
      Measurement(metric: "cpm", value: division.constantPotts(resolution: density), better: .high),
      Measurement(
        metric: "structural-modularity", value: division.structuralModularity(), better: .high),
      Measurement(metric: "turbo-mq", value: division.turboMQ, better: .high),
      Measurement(metric: "instability", value: mean(division.instability), better: .low),
    ]
    let published = MetricVariant.allCases.filter { variant == nil || variant == $0 }
      .flatMap(measurements(of:))
    let own = Set(variant == nil ? [] : published.map(\.metric))
    return common.filter { !own.contains($0.metric) } + published
  }

  private func measurements(of variant: MetricVariant) -> [Measurement] {
    var list: [Measurement] = []
    func add(_ metric: String, _ value: Double?, _ better: Measurement.Direction) {
      guard let value else { return }
      list.append(
        Measurement(metric: metric, variant: variant, value: value, better: better))
    }
    if variant == .fse { add("structural-modularity", division.structuralModularity(.fse), .high) }
    let entry = Set(division.graph.names.indices.filter { division.graph.names[$0] == self.entry })
    add("icp", division.interCallPercentage(variant, entry: entry), .low)
    add("ifn", division.interfaceNumber(variant), .low)
    add("ned", division.nonExtremeDistribution(variant), variant == .chgnn ? .high : .low)
    if let useCases {
      add("bcp", division.businessContextPurity(variant, useCases: useCases), .low)
    }
    if variant == .cargo {
      add("cohesion", division.cohesion, .high)
      add("coupling", division.coupling, .low)
      if let tables {
        add("dtp", division.databaseTransactionPurity(accesses: tables), .high)
      }
    }
    return list
  }

  /// How close the division comes to another one; MoJoFM, ARI and NMI on the items that both hold.
  /// Nil when they share none.
  package func agreement(with truth: [String: String]) -> [Measurement]? {
    Self.agreement(of: clusters, with: truth)
  }

  /// The same of two divisions alone: cluster of each item.
  package static func agreement(
    of clusters: [String: String], with truth: [String: String]
  ) -> [Measurement]? {
    let common = clusters.keys.filter { truth[$0] != nil }.sorted()
    guard !common.isEmpty else { return nil }
    let found = partition(common, clusters)
    let expected = partition(common, truth)
    let sizes = Dictionary(grouping: truth.values) { $0 }.values.map(\.count)
    return [
      Measurement(metric: "mojofm", value: found.mojoFM(to: expected), better: .high),
      // As the reference implementation scales it: by all items of the truth.
      Measurement(
        metric: "mojofm-of-whole-truth", value: found.mojoFM(to: expected, fullTruthSizes: sizes),
        better: .high),
      Measurement(metric: "a2a", value: NamedDivisions(clusters, truth).a2a, better: .high),
      Measurement(
        metric: "ari", value: found.adjustedRandIndex(with: expected), better: .high),
      Measurement(
        metric: "nmi", value: found.normalisedMutualInformation(with: expected), better: .high),
    ]
  }

  /// Links by pairs of items: the resolution at which all in one cluster is worth nothing.
  private var density: Double {
    let count = Double(division.graph.names.count)
    let weight = division.graph.links.reduce(0) { $0 + $1.weight }
    return count > 1 ? weight / (count * (count - 1) / 2) : 0
  }

  private func mean(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
  }
}

extension ItemGraph {
  /// Links by name, those from an item to itself among them.
  var allLinks: [(from: String, to: String, weight: Double)] {
    links.map { (names[$0.from], names[$0.to], $0.weight) }
      + names.indices.filter { loops[$0] > 0 }.map { (names[$0], names[$0], loops[$0]) }
  }
}
