// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import Foundation

/// Analyses made-up models of several sizes and prints what that cost.
///
/// A sixth of the references goes to 30 hubs, a fifth anywhere, the rest stays in one of 20 areas.
enum Speed {
  static func print() {
    for (types, references) in [(2_000, 30_000), (20_000, 300_000)] {
      let model = Self.model(types: types, references: references, areas: 20)
      measure("analysis of \(types) types, \(references) references") {
        let suggestion = BoundaryAnalysis(options: AnalysisOptions(dividesLibraries: true))
          .suggest(model)
        return "\(suggestion.services.count) services, \(suggestion.quality.runs) runs"
      }
      let graph = ItemGraph(
        links: model.references.map { ("\($0.from.index)", "\($0.to.index)", 1) })
      measure("clustering of \(types) items, \(graph.links.count) links") {
        let clustering = ItemClusterer(workers: .processors).cluster(graph)
        return "\(clustering.clusterCount) clusters, \(clustering.runs) runs"
      }
    }
  }

  private static func measure(_ title: String, _ work: () -> String) {
    let start = Foundation.clock()
    var result = ""
    let wall = ContinuousClock().measure { result = work() }
    let processor = Double(Foundation.clock() - start) / Double(CLOCKS_PER_SEC)
    Swift.print("\(title): \(wall) elapsed, \(decimal(processor)) s of processor, \(result)")
  }

  private static func model(types: Int, references: Int, areas: Int) -> CodeModel {
    var random = SeededRandom(seed: 42)
    func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
    let hubs = 30
    func target(from source: Int) -> Int {
      let choice = random.unit()
      if choice < 0.15 { return below(hubs) * (types / hubs) }
      if choice < 0.35 { return below(types) }
      let size = types / areas
      return min(types - 1, source / size * size + below(size))
    }
    func position(_ type: Int, _ line: Int) -> SourcePosition {
      SourcePosition(file: FileID(type), line: line, column: 1)
    }
    var list: [Reference] = []
    list.reserveCapacity(references)
    for number in 0..<references {
      let source = number * types / references
      let used = target(from: source)
      guard used != source else { continue }
      list.append(
        Reference(
          from: TypeID(source), to: TypeID(used),
          kind: Reference.Kind.allCases[below(Reference.Kind.allCases.count)], tier: .syntax,
          symbol: "Type\(used)", position: position(source, number % (references / types) + 2)))
    }
    // Paths with leading zeros are in order, as a scanner would deliver them.
    return CodeModel(
      files: (0..<types).map { type in
        let area = String(100 + type * areas / types)
        return SourceFile(
          path: "Sources/App/Area\(area)/File\(100_000 + type).swift", module: "App", lines: 100)
      },
      types: (0..<types).map { type in
        TypeDeclaration(
          name: "Type\(type)", qualifiedName: "Type\(type)", module: "App", kind: .struct,
          position: position(type, 1), memberCount: 5)
      },
      references: list)
  }
}
