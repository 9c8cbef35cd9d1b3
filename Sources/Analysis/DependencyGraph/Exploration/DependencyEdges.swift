// SPDX-License-Identifier: Apache-2.0

/// Every dependency of a code base at one level, with its evidence.
package struct DependencyEdges: Sendable, Equatable {
  /// What the nodes are.
  package enum Level: String, Sendable, CaseIterable {
    case type, file
  }

  /// One reference from one node to another.
  package struct Edge: Sendable, Equatable {
    package var from: Int
    package var to: Int
    package var kind: Reference.Kind
    /// What replacing it would cost, by its kind.
    package var weight: Double
    package var tier: Reference.Tier
    package var symbol: String
    package var location: Location
  }

  /// All references between two nodes, in one direction.
  package struct Link: Sendable, Equatable {
    package var from: Int
    package var to: Int
    package var count: Int
    /// Sum of the weights.
    package var weight: Double
  }

  package var level: Level
  /// Types as module and qualified name, or files by path; each name once.
  package var nodes: [String]
  /// In order of place.
  package var edges: [Edge]
  /// Pairs of nodes with the places that tie them, references or not: what the parts of one type
  /// use of each other ties its files and is no reference.
  private var places: [FileDependency] = []

  /// Reads the references of a model; those inside one node are left out.
  package init(_ model: CodeModel, level: Level) {
    let model = model.canonical()
    self.level = level
    switch level {
    case .type:
      let keys = TypeKeys(model)
      nodes = model.types.indices.map { keys[$0] }
    case .file:
      nodes = model.files.map(\.path)
      places = model.fileDependencies
    }
    edges = model.references.compactMap { reference in
      let (from, to) =
        level == .type
        ? (Int(reference.from.index), Int(reference.to.index))
        : (
          Int(reference.position.file.index),
          Int((reference.extensionFile ?? model.type(reference.to).position.file).index)
        )
      guard from != to else { return nil }
      return Edge(
        from: from, to: to, kind: reference.kind,
        weight: SignalWeights.weight(of: reference.kind), tier: reference.tier,
        symbol: reference.symbol, location: model.location(reference.position))
    }
  }

  /// One link for each pair of nodes, by source and target.
  package var links: [Link] {
    var links: [Link] = []
    for edge in edges.sorted(by: { ($0.from, $0.to) < ($1.from, $1.to) }) {
      if let last = links.last, last.from == edge.from, last.to == edge.to {
        links[links.count - 1].count += 1
        links[links.count - 1].weight += edge.weight
      } else {
        links.append(Link(from: edge.from, to: edge.to, count: 1, weight: edge.weight))
      }
    }
    return places.isEmpty ? links : withPlaces(links)
  }

  /// A place that is no reference weighs 1.
  private func withPlaces(_ links: [Link]) -> [Link] {
    var all = Dictionary(uniqueKeysWithValues: links.map { ([$0.from, $0.to], $0) })
    for place in places where place.from != place.to {
      let (from, to) = (Int(place.from.index), Int(place.to.index))
      var link = all[[from, to]] ?? Link(from: from, to: to, count: 0, weight: 0)
      let others = max(0, place.count - link.count)
      link.count += others
      link.weight += Double(others)
      all[[from, to]] = link
    }
    return all.values.sorted { ($0.from, $0.to) < ($1.from, $1.to) }
  }
}

extension BoundaryStudy {
  /// References from one type to another, one entry per pair, by source and target.
  package var typeLinks: [DependencyEdges.Link] {
    PitfallContext.links(model).map {
      DependencyEdges.Link(
        from: Int($0.from.index), to: Int($0.to.index), count: $0.references,
        weight: Double($0.references))
    }
  }
}
