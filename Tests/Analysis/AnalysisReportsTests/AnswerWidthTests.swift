// SPDX-License-Identifier: Apache-2.0

import AnalysisReports
import DependencyGraph
import SampleModels
import Testing

/// Answers fit the terminal that they are made for.
@Suite struct AnswerWidthTests {
  private static let study = BoundaryAnalysis().study(SampleShop.model)

  private static func tooLong(_ text: String, _ width: Int) -> [String] {
    text.split(separator: "\n").filter { $0.count > width }.map(String.init)
  }

  @Test(arguments: [60, 80, 200]) func explanations(width: Int) throws {
    for type in ["OrderService", "Money", "AppRoutes", "ShipmentRecord.Key"] {
      let explanation = try Self.study.explanation(of: type)
      let text = ExplanationReport(width: width).text(explanation)
      #expect(Self.tooLong(text, width) == [])
    }
  }

  @Test(arguments: [60, 80, 200]) func whatIf(width: Int) throws {
    for question in [
      WhatIf(merges: [["orders", "shipments"]]),
      WhatIf(moves: [.init(type: "Money", service: "orders")]),
    ] {
      let text = WhatIfReport(width: width).text(try Self.study.answer(to: question))
      #expect(Self.tooLong(text, width) == [])
    }
  }

  @Test(arguments: [60, 80, 200]) func checks(width: Int) {
    var baseline = BoundaryBaseline(Self.study)
    baseline.crossings[0].symbol = "gone"
    baseline.services[0].types.removeFirst()
    let text = CheckReport(width: width).text(baseline.check(SampleShop.model))
    #expect(Self.tooLong(text, width) == [] && text.contains("New types"))
  }

  @Test(arguments: [60, 80, 200]) func ablations(width: Int) {
    let model = SampleShop.model
    let ablation = SignalAblation(
      model, truth: SignalAblation.folders(of: model), workers: .serial)
    let text = AblationReport(ablation).text(width: width, style: .plain)
    #expect(Self.tooLong(text, width) == [])
    #expect(text.contains("modularity") == (width > 80))
  }

  @Test func `findings of one severity stand by what they cost`() {
    let findings = Self.study.suggestion.findings
    #expect(findings.count > 4)
    for (first, second) in zip(findings, findings.dropFirst()) {
      #expect(
        first.severity > second.severity
          || first.severity == second.severity && first.weight >= second.weight)
    }
    // Three services in one transaction cost more than a table with two writers, and that more
    // than a cycle of one reference.
    let warnings = findings.filter { $0.severity == .warning }.map(\.id)
    #expect(
      warnings == ["cross-service-transaction", "shared-table", "shared-table", "service-cycle"])
  }
}
