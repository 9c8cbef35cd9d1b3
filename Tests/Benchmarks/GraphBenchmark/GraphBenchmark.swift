// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import Foundation

/// Analyses made-up models of two sizes and prints what that cost. Measure release builds only:
///
///     STRANGLER_AREAS=Analysis swift run -c release graph-benchmark
///
/// A sixth of the references goes to 30 hubs, a fifth anywhere, the rest stays in one of 20 areas.
@main
struct GraphBenchmark {
  static func main() {
    for (types, references) in [(2_000, 30_000), (20_000, 300_000)] {
      let model = Self.model(types: types, references: references, areas: 20)
      let start = Foundation.clock()
      var study = BoundaryAnalysis().study(CodeModel())
      let wall = ContinuousClock().measure { study = BoundaryAnalysis().study(model) }
      let suggestion = study.suggestion
      let processor = Double(Foundation.clock() - start) / Double(CLOCKS_PER_SEC)
      print(
        "\(types) types, \(model.references.count) references: \(wall) elapsed, "
          + "\(decimal(processor)) s of processor, \(suggestion.services.count) services, "
          + "\(suggestion.quality.runs) runs, modularity \(decimal(suggestion.quality.modularity))")
      let merge = WhatIf(merges: [Array(study.names.prefix(2))])
      let answering = ContinuousClock().measure { _ = try? study.answer(to: merge) }
      print("  what merging two services would change: \(answering)")
    }
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
