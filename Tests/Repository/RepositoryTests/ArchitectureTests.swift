// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite struct ArchitectureTests {
  /// The C library, of which pure targets take the logarithm and nothing else.
  private static let mathematics: Set<String> = ["Glibc", "Darwin", "Musl"]

  /// What a target's files may import besides the standard library. Pure targets list nothing that
  /// does I/O, reads a clock or draws randomness; Foundation only where JSON is encoded.
  static let allowedImports: [String: Set<String>] = [
    "DependencyGraph": mathematics.union(["Synchronization"]),
    "AnalysisReports": [
      "DependencyGraph", "DisplayWidths", "Crypto", "FoundationEssentials", "Foundation",
    ],
    "DisplayWidths": [],
    "GatewayComposition": ["JSONDocuments"],
    "GraphQLRequests": ["JSONDocuments"],
    "HTTPContracts": ["JSONDocuments", "ShadowComparison"],
    "HTTPExchange": [],
    "JSONDocuments": [],
    "SpellingSuggestions": [],
    "DataMapping": ["SpellingSuggestions"],
    "MessageContracts": ["JSONDocuments", "Synchronization", "TransactionalMessaging"],
    "ResiliencePolicies": mathematics,
    "RoutingDecisions": [
      "DataMapping", "DisplayWidths", "GatewayComposition", "GraphQLRequests", "HTTPExchange",
      "ResiliencePolicies", "ShadowComparison", "SpellingSuggestions", "FoundationEssentials",
      "Foundation",
    ],
    "RouteExports": ["ResiliencePolicies", "RoutingDecisions"],
    "ShadowComparison": mathematics.union(["JSONDocuments"]),
    "StrangulationMeasures": [],
    "Playbooks": [],
    "CutoverControl": [
      "ResiliencePolicies", "RoutingDecisions", "ShadowComparison", "Crypto",
      "FoundationEssentials", "Foundation", "Synchronization",
    ],
    "TraceSpans": ["TransactionalMessaging", "FoundationEssentials", "Foundation"],
    "TransactionalMessaging": ["Synchronization", "FoundationEssentials", "Foundation"],
    "SagaModel": ["TransactionalMessaging", "FoundationEssentials", "Foundation"],
    "TortureModel": ["TransactionalMessaging"],
    // The types of HTTP fields and methods do nothing.
    "ServiceCalls": [
      "HTTPTypes", "ResiliencePolicies", "Synchronization", "TransactionalMessaging",
    ],
    "ServiceLeases": [],
    "DNSRecords": [],
    "SourceScanning": [
      "CIndexStore", "DependencyGraph", "SwiftSyntax", "SwiftParser", "Foundation",
      "Synchronization",
    ],
  ]

  @Test func `pure targets import what they may and nothing else`() {
    var offences: [String] = []
    var seen: Set<String> = []
    for file in SourceTree.shared.swiftFiles {
      guard let target = file.target, let allowed = Self.allowedImports[target] else { continue }
      seen.insert(target)
      for module in imports(in: file) where !allowed.contains(module) {
        offences.append("\(file.path) imports \(module)")
      }
    }
    #expect(seen == Set(Self.allowedImports.keys))
    #expect(offences == [])
  }

  @Test func `swift-syntax stays behind one target`() {
    let importers = SourceTree.shared.swiftFiles.filter { file in
      file.path.hasPrefix("Sources/") && file.target != "SourceScanning"
        && imports(in: file).contains { $0.hasPrefix("SwiftSyntax") || $0.hasPrefix("SwiftParser") }
    }
    #expect(importers.map(\.path) == [])
  }

  @Test func `imports are found with and without modifiers`() {
    let file = SourceTree.File(
      path: "x.swift",
      text: "public import A\nimport B\n@preconcurrency import C\nimport struct D.E\n// import F\n")
    #expect(imports(in: file) == ["A", "B", "C", "D"])
  }

  private func imports(in file: SourceTree.File) -> [String] {
    let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "typealias"]
    return file.lines.compactMap { line in
      let words = line.split(separator: " ")
      guard let at = words.firstIndex(of: "import"), at + 1 < words.count else { return nil }
      let lead: Set<Substring> = ["public", "internal", "package", "private", "fileprivate"]
      guard words[..<at].allSatisfy({ lead.contains($0) || $0.hasPrefix("@") }) else { return nil }
      let name =
        kinds.contains(words[at + 1]) && at + 2 < words.count ? words[at + 2] : words[at + 1]
      return String(name.split(separator: ".")[0])
    }
  }
}
