// SPDX-License-Identifier: Apache-2.0

/// Tells folders of areas from folders of layers. A layer holds one kind of type of every area:
/// what stands in it refers to other folders and hardly to its neighbours, whatever its name is.
struct LayerFolders {
  /// Folders that tell an area, weighted by how far they do.
  let areas: [UnitFacts.Evidence]
  /// Paths of the others.
  let layers: [String]

  /// Share of the references inside a folder, beyond what chance would put there, up to which it
  /// tells nothing, and from which it tells as much as any.
  static let lift = (none: 0.05, full: 0.2)
  /// Units below which chance decides.
  static let leastUnits = 4

  init(_ folders: [UnitFacts.Evidence], _ references: [UnitFacts.Link], unitCount: Int) {
    let cohesion = Self.cohesion(folders, references, unitCount)
    var areas: [UnitFacts.Evidence] = []
    var layers: [String] = []
    for (index, folder) in folders.enumerated() {
      let weight = cohesion[index].map { lift in
        min(1, max(0, (lift - Self.lift.none) / (Self.lift.full - Self.lift.none)))
      }
      guard let weight else {
        areas.append(folder)
        continue
      }
      guard weight > 0 else {
        layers.append(String(folder.identity.drop { $0 != "/" }))
        continue
      }
      var folder = folder
      for holder in folder.holders.indices { folder.holders[holder].weight *= weight }
      areas.append(folder)
    }
    self.areas = areas
    self.layers = layers
  }

  /// For each folder the share of its references that stay in it, less what chance gives, at most
  /// 1; nil where it is too small, holds most of the code, or nothing in it refers to anything.
  private static func cohesion(
    _ folders: [UnitFacts.Evidence], _ references: [UnitFacts.Link], _ unitCount: Int
  ) -> [Double?] {
    var foldersOfUnit = [[Int]](repeating: [], count: unitCount)
    for (index, folder) in folders.enumerated() {
      for holder in folder.holders { foldersOfUnit[holder.unit].append(index) }
    }
    var signal = FlowSignal()
    for link in references { signal.add(from: link.from, to: link.to, link.weight) }
    let edges = signal.edges(
      nodeCount: unitCount, sourceShare: SignalWeights().sourceShare, share: 1)
    var ends = [Double](repeating: 0, count: folders.count)
    var inside = ends
    for edge in edges {
      let (first, second) = (foldersOfUnit[Int(edge.first)], foldersOfUnit[Int(edge.second)])
      for folder in first { ends[folder] += edge.weight }
      for folder in second { ends[folder] += edge.weight }
      for folder in Set(first).intersection(second) { inside[folder] += 2 * edge.weight }
    }
    return folders.indices.map { folder in
      let size = folders[folder].holders.count
      guard size >= leastUnits, 2 * size <= unitCount, ends[folder] > 0 else { return nil }
      let chance = ends[folder] / 2
      guard chance < 1 else { return nil }
      return (inside[folder] / ends[folder] - chance) / (1 - chance)
    }
  }
}
