// SPDX-License-Identifier: Apache-2.0
import DependencyGraph
import Foundation
import SourceScanning
import Testing

/// The product's own scanner on the product's own sources: its architecture, as it sees it.
@Suite struct OwnAnalysisTests {
  private static let pure: Set<String> = [
    "DependencyGraph", "AnalysisReports", "HTTPExchange", "ResiliencePolicies",
    "RoutingDecisions", "ShadowComparison", "TransactionalMessaging", "CutoverControl",
    "JSONDocuments", "MessageContracts", "TortureModel", "DataMapping", "SpellingSuggestions",
    "DisplayWidths", "ServiceCalls", "RouteExports", "HTTPContracts", "ServiceLeases", "DNSRecords",
  ]

  /// Pure targets that a pure target may use.
  private static let allowed: Set<[String]> = [
    ["AnalysisReports", "DependencyGraph"], ["RoutingDecisions", "HTTPExchange"],
    ["RoutingDecisions", "ResiliencePolicies"], ["RoutingDecisions", "ShadowComparison"],
    ["CutoverControl", "RoutingDecisions"], ["CutoverControl", "ShadowComparison"],
    ["CutoverControl", "ResiliencePolicies"], ["ShadowComparison", "JSONDocuments"],
    ["MessageContracts", "JSONDocuments"], ["MessageContracts", "TransactionalMessaging"],
    ["TortureModel", "TransactionalMessaging"], ["RoutingDecisions", "DataMapping"],
    ["RoutingDecisions", "SpellingSuggestions"], ["DataMapping", "SpellingSuggestions"],
    ["AnalysisReports", "DisplayWidths"], ["RoutingDecisions", "DisplayWidths"],
    ["ServiceCalls", "ResiliencePolicies"], ["ServiceCalls", "TransactionalMessaging"],
    ["RouteExports", "RoutingDecisions"], ["RouteExports", "ResiliencePolicies"],
    ["RoutingDecisions", "GatewayComposition"], ["RoutingDecisions", "GraphQLRequests"],
    ["HTTPContracts", "JSONDocuments"], ["HTTPContracts", "ShadowComparison"],
  ]

  @Test(.timeLimit(.minutes(5)))
  func `no type of a pure target refers to a type of a target that does I/O`() throws {
    let root = SourceTree.root.path(percentEncoded: false)
    let model = try SourceScanner().scan(folder: root)
    #expect(model.findings.filter { $0.id == "parse-failure" } == [])
    var fromPure = 0
    var offences: Set<String> = []
    for reference in model.references {
      // The module whose file holds the reference: an extension belongs to who writes it.
      let file = model.files[Int(reference.position.file.index)]
      let to = model.types[Int(reference.to.index)]
      guard Self.pure.contains(file.module) else { continue }
      fromPure += 1
      if file.module != to.module, !Self.allowed.contains([file.module, to.module]) {
        offences.insert(
          "\(file.path):\(reference.position.line) -> \(to.module).\(to.qualifiedName)")
      }
    }
    // Without references the check would hold for any architecture.
    #expect(fromPure > 1_000)
    #expect(offences.sorted() == [])
  }
}
