// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import SourceScanning
import Testing

/// The product's own scanner on the product's own sources: its architecture, as it sees it.
@Suite struct OwnAnalysisTests {
  private static let pure: Set<String> = [
    "DependencyGraph", "AnalysisReports", "HTTPExchange", "RoutingDecisions", "ShadowComparison",
    "TransactionalMessaging",
  ]

  /// Pure targets that a pure target may use.
  private static let allowed: Set<[String]> = [
    ["AnalysisReports", "DependencyGraph"], ["RoutingDecisions", "HTTPExchange"],
  ]

  @Test(.timeLimit(.minutes(5)))
  func `no type of a pure target refers to a type of a target that does I/O`() throws {
    let sources = SourceTree.root.appending(path: "Sources").path(percentEncoded: false)
    let model = try SourceScanner().scan(folder: sources)
    #expect(model.findings.filter { $0.id == "parse-failure" } == [])
    var fromPure = 0
    var offences: Set<String> = []
    for reference in model.references {
      let from = model.types[Int(reference.from.index)]
      let to = model.types[Int(reference.to.index)]
      guard Self.pure.contains(from.module) else { continue }
      fromPure += 1
      if from.module != to.module, !Self.allowed.contains([from.module, to.module]) {
        offences.insert(
          "\(from.module).\(from.qualifiedName) -> \(to.module).\(to.qualifiedName)")
      }
    }
    // Without references the check would hold for any architecture.
    #expect(fromPure > 1_000)
    #expect(offences.sorted() == [])
  }
}
