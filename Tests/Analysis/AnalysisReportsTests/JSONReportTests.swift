// SPDX-License-Identifier: Apache-2.0

import AnalysisReports
import DependencyGraph
import Foundation
import SampleModels
import Testing

@Suite struct JSONReportTests {
  private static let suggestion = BoundaryAnalysis().suggest(SampleShop.model)

  @Test func sampleShop() throws {
    try GoldenFile.expect(JSONReport().render(Self.suggestion), equals: "sample-shop.json")
  }

  @Test func isJSONWithThePromisedKeys() throws {
    let data = Data(JSONReport().render(Self.suggestion).utf8)
    let root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(
      root.keys.sorted() == [
        "compositionRoots", "coverage", "cuts", "doubts", "findings", "modules", "quality",
        "remainder", "routesOfNoService", "schema", "services", "sharedKernel", "verdict",
      ])
    let services = try #require(root["services"] as? [[String: Any]])
    #expect(services.compactMap { $0["order"] as? Int } == [1, 2, 3, 4])
    let cuts = try #require(root["cuts"] as? [[String: Any]])
    #expect(cuts.count == Self.suggestion.cuts.count)
    let quality = try #require(root["quality"] as? [String: Any])
    let modularity = try #require(quality["modularity"] as? Double)
    #expect(abs(modularity - Self.suggestion.quality.modularity) <= 0.00005)
  }

  @Test func escapesWhatSourcesMayHold() throws {
    var builder = SampleShop.builder()
    let message = "quote \" slash \\ tab \t line \n bell \u{07} umlaut ü emoji 🛒"
    builder.finding(Finding(id: "odd", severity: .note, message: message))
    let data = Data(JSONReport().render(BoundaryAnalysis().suggest(builder.model)).utf8)
    let root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let findings = try #require(root["findings"] as? [[String: Any]])
    #expect(findings.contains { $0["message"] as? String == message })
  }

  @Test func emptyModelIsJSONToo() throws {
    let text = JSONReport().render(BoundaryAnalysis().suggest(CodeModel()))
    #expect(text.contains("\"services\": [],"))
    #expect(throws: Never.self) {
      try JSONSerialization.jsonObject(with: Data(text.utf8))
    }
  }
}
