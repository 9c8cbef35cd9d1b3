// SPDX-License-Identifier: Apache-2.0

/// Named items of any language and what each uses: the graph that `depends A B` lines describe.
///
/// Two graphs that hold the same facts are equal, in whatever order they were given.
package struct ItemGraph: Sendable, Equatable {
  /// One item uses another.
  package struct Link: Sendable, Equatable {
    package var from: Int
    package var to: Int
    package var weight: Double
  }

  /// Items in order of name.
  package let names: [String]
  /// Links in order of their ends; each pair once and no item to itself.
  package let links: [Link]
  /// Weight of each item's links to itself, which take no part in a division.
  package let loops: [Double]
  /// Items that are not to be divided: they only witness which others belong together, as the
  /// functions of an application do for the entities that they access.
  package let isWitness: [Bool]

  /// Sorts the items and adds up links between the same two.
  package init(
    links: [(from: String, to: String, weight: Double)], items: Set<String> = [],
    witnesses: Set<String> = []
  ) {
    var all = items
    for link in links {
      all.insert(link.from)
      all.insert(link.to)
    }
    names = all.sorted()
    isWitness = names.map(witnesses.contains)
    var numbers: [String: Int] = [:]
    for (number, name) in names.enumerated() { numbers[name] = number }
    var loops = [Double](repeating: 0, count: names.count)
    for link in links where link.from == link.to && link.weight > 0 {
      if let number = numbers[link.from] { loops[number] += link.weight }
    }
    self.loops = loops
    let sorted = links.compactMap { link -> Link? in
      guard let from = numbers[link.from], let to = numbers[link.to], from != to, link.weight > 0
      else { return nil }
      return Link(from: from, to: to, weight: link.weight)
    }.sorted { ($0.from, $0.to, $0.weight) < ($1.from, $1.to, $1.weight) }
    var merged: [Link] = []
    for link in sorted {
      if let last = merged.last, last.from == link.from, last.to == link.to {
        merged[merged.count - 1].weight += link.weight
      } else {
        merged.append(link)
      }
    }
    self.links = merged
  }

  private init(_ graph: ItemGraph, links: [Link]) {
    names = graph.names
    loops = graph.loops
    isWitness = graph.isWitness
    self.links = links
  }

  /// The same items with some of the links.
  package func keeping(_ isKept: (Link) -> Bool) -> ItemGraph {
    ItemGraph(self, links: links.filter(isKept))
  }

  /// The graph between the items for which `isKept` answers true, with the witnesses that use any.
  package func restricted(to isKept: (String) -> Bool) -> ItemGraph {
    let kept = links.filter { link in
      (isWitness[link.from] || isKept(names[link.from])) && isKept(names[link.to])
    }
    return ItemGraph(
      links: kept.map { (names[$0.from], names[$0.to], $0.weight) },
      witnesses: Set(names.indices.filter { isWitness[$0] }.map { names[$0] }))
  }

  /// Numbers of the items that are to be divided.
  package var divided: [Int] { names.indices.filter { !isWitness[$0] } }

  /// Links without their direction and normalisation, as textbook methods take them.
  package var plain: WeightedGraph {
    WeightedGraph(
      nodeCount: names.count, edges: links.map { WeightedEdge($0.from, $0.to, $0.weight) })
  }

  /// The walk that the clusterer describes: links both ways, and ties between items that use, or
  /// are used by, the same items.
  package func flow(_ parameters: ClusteringParameters) -> FlowNetwork {
    var signal = FlowSignal()
    for link in links { signal.add(from: link.from, to: link.to, link.weight) }
    var edges = signal.flows(
      nodeCount: names.count, sourceShare: parameters.sourceShare, share: 1)
    edges += StructuralEquivalence.edges(
      of: signal, nodeCount: names.count, share: parameters.equivalence
    ).map { FlowNetwork.Edge(Int($0.first), Int($0.second), $0.weight / 2, $0.weight / 2) }
    return FlowNetwork(nodeCount: names.count, edges: edges)
  }
}
