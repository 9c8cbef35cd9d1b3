// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import Foundation
import SampleModels
import Testing

@testable import AnalysisReports

/// Names of somebody else's code do nothing to a reader's terminal, and are not what they are not.
@Suite struct TerminalTextTests {
  private static let hostile = "A\u{1B}[2J\nFAKE\r\t\u{9B}31m\u{202E}drowssap\u{2066}\u{200B}\u{7F}"

  @Test func `what is no plain text is shown as a literal would write it`() {
    #expect(
      TerminalText.escaped(Self.hostile)
        == "A\\u{1B}[2J\\nFAKE\\r\\t\\u{9B}31m\\u{202E}drowssap\\u{2066}\\u{200B}\\u{7F}")
    #expect(TerminalText.escaped("a\nb\u{7}", keepingLines: true) == "a\nb\\u{7}")
    for plain in ["Größe", "注文", "👩‍👩‍👧", "e\u{301}", "می‌خواهم", "a b"] {
      #expect(TerminalText.escaped(plain) == plain)
    }
  }

  @Test func `a terminal gets colours and lines, and nothing else that controls it`() {
    let text = "\u{1B}[1mbold\u{1B}[0m\n\ttab \u{1B}[1;31mred\u{1B}[0m"
    #expect(TerminalText.shown(text) == text)
    #expect(
      TerminalText.shown("\u{1B}[2J\u{1B}]0;title\u{7}\u{1B}[31\u{1B}[0m\u{1B}[1;8m\r")
        == "\\u{1B}[2J\\u{1B}]0;title\\u{7}\\u{1B}[31\u{1B}[0m\\u{1B}[1;8m\\r")
  }

  private static let study: BoundaryStudy = {
    var builder = SampleShop.builder()
    builder.type(hostile, folder: "App/" + hostile, file: hostile)
    builder.refer("OrderService", hostile, .call, symbol: hostile, times: 2)
    builder.refer(hostile, "ShipmentService", .call, symbol: hostile)
    builder.table(hostile, .writes, by: "OrderService", in: hostile)
    builder.table(hostile, .writes, by: "ShipmentService", in: hostile)
    builder.route("GET", "/orders/" + hostile, "OrderController")
    builder.job(hostile)
    builder.finding(Finding(id: "parse-failure", severity: .warning, message: hostile))
    return BoundaryAnalysis().study(builder.model)
  }()

  private static func outputs(_ style: TextStyle) throws -> [String: String] {
    let baseline = BoundaryBaseline(BoundaryAnalysis().study(SampleShop.model))
    let check = baseline.check(study.model)
    let explanation = try study.explanation(of: hostile)
    let whatIf = try study.answer(
      to: WhatIf(moves: [.init(type: "OrderService", service: "shipments")], merges: []))
    let routes = RouteConfiguration()
    return [
      "text": TextReport(style: style, cutsPerBorder: nil).render(study.suggestion),
      "check": CheckReport(style: style).text(check),
      "explain": ExplanationReport(style: style).text(explanation),
      "what-if": WhatIfReport(style: style).text(whatIf),
      "playbook": MovePlaybook(sources: hostile, configuration: hostile, routes: routes)
        .render(study.suggestion),
      "routes": routes.render(study.suggestion),
      "json": JSONReport().render(study.suggestion),
      "check-json": CheckReport().json(check), "baseline": CheckReport().file(baseline),
      "sarif": SARIFReport(version: "0").render(study.suggestion),
      "html": PageReport(title: hostile).render(study),
      "dot": DiagramReport(mostTypes: 1_000).dot(study),
      "collapsed-dot": DiagramReport(mostTypes: 1).dot(study),
      "mermaid": DiagramReport(mostTypes: 1_000).mermaid(study),
      "edges-rsf": EdgeListReport().rsf(DependencyEdges(study.model, level: .type)),
      "edges-json": EdgeListReport().json(DependencyEdges(study.model, level: .type)),
      "edges-dot": EdgeListReport().dot(DependencyEdges(study.model, level: .file)),
    ]
  }

  @Test func `no output carries a control of a name`() throws {
    let colours = try Regex("\u{1B}\\[[0-9]+m")
    for style in [TextStyle.plain, .coloured] {
      for (name, text) in try Self.outputs(style) {
        let rest = style == .plain ? text : text.replacing(colours, with: "")
        let found = rest.unicodeScalars.filter { TerminalText.isUnsafe($0) && $0 != "\n" }
        #expect(found.isEmpty, "\(name): \(found.map { String($0.value, radix: 16) })")
        let lines = text.split(separator: "\n")
        #expect(!lines.contains { $0.hasPrefix("FAKE") }, "\(name)")
        let quotes = ["text", "html", "json", "sarif", "edges-rsf", "edges-json"].contains(name)
        #expect(!quotes || text.contains("drowssap"), "\(name)")
      }
    }
  }

  @Test func `JSON gives the names back as they are`() throws {
    let text = EdgeListReport().json(DependencyEdges(Self.study.model, level: .type))
    struct Graph: Decodable { let nodes: [String] }
    let graph = try JSONDecoder().decode(Graph.self, from: Data(text.utf8))
    #expect(graph.nodes.contains("App." + Self.hostile))
    let rsf = EdgeListReport().rsf(DependencyEdges(Self.study.model, level: .type))
    #expect(try RigiStandardFormat.graph(rsf).names.contains("App." + Self.hostile))
  }
}
