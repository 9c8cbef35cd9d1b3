// SPDX-License-Identifier: Apache-2.0

import AnalysisReports
import DependencyGraph
import Foundation
import SampleModels
import SchemaValidation
import Testing

@Suite struct FormatTests {
  private static let study = BoundaryAnalysis().study(SampleShop.model)

  @Test func `the published schema holds for the sample and for nothing at all`() throws {
    let schema = try JSONSchema.fixture("boundary-suggestion.schema.json")
    for model in [SampleShop.model, CodeModel()] {
      let text = JSONReport().render(BoundaryAnalysis().suggest(model))
      #expect(try schema.problems(in: text) == [])
    }
  }

  @Test func `diagrams of small code show types`() {
    let dot = DiagramReport().dot(Self.study)
    #expect(dot.contains("subgraph cluster_0 { label=\"1. shipments\";"))
    #expect(dot.contains("[label=\"OrderService\"]"))
    #expect(dot.contains("color=red"))
    let mermaid = DiagramReport().mermaid(Self.study)
    #expect(mermaid.hasPrefix("flowchart LR\n"))
    #expect(mermaid.contains("[\"OrderService\"]") && mermaid.contains("-.->|2|"))
  }

  @Test func `diagrams of large code are collapsed to services`() {
    let report = DiagramReport(mostTypes: 10)
    let mermaid = report.mermaid(Self.study)
    #expect(!mermaid.contains("OrderService"))
    #expect(mermaid.contains("[\"1. shipments: 6 types, 1 table\"]"))
    let dot = report.dot(Self.study)
    #expect(dot.contains("\"orders\" -> \"shipments\" [label=\"2\"];"))
    #expect(dot.contains("[label=\"1. shipments\\n6 types, 1 table\"]"))
    // Borders with what stays are drawn too.
    #expect(mermaid.matches(of: /-->\|/).count == dot.matches(of: /\x20->\x20/).count)
  }

  @Test func `names cannot break out of a diagram`() {
    var builder = SampleShop.builder()
    builder.type("Odd\"];x", folder: "App/Models")
    builder.refer("OrderService", "Odd\"];x", .call, times: 3)
    let study = BoundaryAnalysis().study(builder.model)
    #expect(DiagramReport().dot(study).contains("[label=\"Odd\\\"];x\"]"))
    #expect(DiagramReport().mermaid(study).contains("[\"Odd#quot;];x\"]"))
  }

  @Test func `every reference is an edge with kind, weight, tier and place`() throws {
    struct Graph: Decodable {
      struct Edge: Decodable {
        let from, to, kind, tier, symbol, file: String
        let weight: Double
        let line, column: Int
      }
      let schema, level: String
      let nodes: [String]
      let edges: [Edge]
    }
    let model = SampleShop.model
    let edges = DependencyEdges(model, level: .type)
    let text = EdgeListReport().json(edges)
    let graph = try JSONDecoder().decode(Graph.self, from: Data(text.utf8))
    #expect(graph.edges.count == model.references.count)
    #expect(graph.nodes.count == model.types.count && graph.nodes.contains("App.OrderRecord.Key"))
    let call = try #require(graph.edges.first { $0.symbol == "price" })
    #expect(call.from == "App.OrderService" && call.to == "App.ProductService")
    #expect(call.kind == "call" && call.weight == 2 && call.tier == "syntax" && call.line > 0)
    #expect(Set(graph.edges.flatMap { [$0.from, $0.to] }).isSubset(of: graph.nodes))
  }

  @Test func `RSF sums the references of each pair`() {
    let rsf = EdgeListReport().rsf(DependencyEdges(SampleShop.model, level: .type))
    #expect(rsf.contains("depends App.OrderService App.ShipmentService 4.00\n"))
    let files = EdgeListReport().rsf(DependencyEdges(SampleShop.model, level: .file))
    #expect(
      files.contains(
        "depends Sources/App/Services/OrderService.swift "
          + "Sources/App/Services/ShipmentService.swift 4.00\n"))
    // A record and its nested key stand in one file.
    #expect(!files.contains("OrderRecord.swift Sources/App/Models/OrderRecord.swift"))
  }

  @Test func `a check's SARIF has errors for what fails and warnings for growth`() throws {
    var builder = SampleShop.builder()
    builder.refer("PaymentService", "ProductService", .call, symbol: "discount")
    builder.refer("OrderService", "ProductService", .call, symbol: "price")
    var model = builder.model
    model.references.removeAll { $0.symbol == "scheduleShipment" }
    let check = BoundaryBaseline(Self.study).check(model)
    let text = SARIFReport(version: "0.1.0").render(check, baseline: "bound aries.json")
    let schema = try JSONSchema.fixture("sarif-as-written.schema.json")
    #expect(try schema.problems(in: text) == [])
    for (rule, level) in [
      ("new-crossing", "error"), ("stale-baseline-entry", "error"), ("grown-crossing", "warning"),
    ] {
      #expect(text.contains("\"ruleId\": \"\(rule)\""))
      #expect(text.contains("\"level\": \"\(level)\""))
    }
    #expect(text.contains("\"uri\": \"bound%20aries.json\""))
    #expect(text.contains("App.PaymentService|App.ProductService|discount|call|1"))
    let elsewhere = SARIFReport(version: "0.1.0").render(check, baseline: "/else/b.json")
    #expect(try schema.problems(in: elsewhere) == [])
    #expect(elsewhere.contains("\"uri\": \"file:///else/b.json\""))
  }

  @Test func `SARIF tells of the run what has no place, and numbers what is alike`() throws {
    var builder = SampleShop.builder()
    builder.finding(Finding(id: "no-history", severity: .note, message: "nothing"))
    builder.finding(Finding(id: "index-not-found", severity: .warning, message: "none"))
    var suggestion = BoundaryAnalysis().suggest(builder.model)
    suggestion.findings.removeAll { !$0.locations.isEmpty }
    let cut = try #require(suggestion.cuts.first)
    suggestion.cuts = [cut, cut, cut]
    struct Log: Decodable {
      struct Result: Decodable {
        let ruleId: String
        let partialFingerprints: [String: String]
      }
      struct Note: Decodable {
        struct Descriptor: Decodable {
          let id: String
          let index: Int
        }
        let descriptor: Descriptor
        let level: String
      }
      struct Invocation: Decodable { let toolExecutionNotifications: [Note] }
      struct Run: Decodable {
        let results: [Result]
        let invocations: [Invocation]
      }
      let runs: [Run]
    }
    let text = SARIFReport(version: "0.1.0").render(suggestion)
    #expect(try JSONSchema.fixture("sarif-as-written.schema.json").problems(in: text) == [])
    let run = try #require(JSONDecoder().decode(Log.self, from: Data(text.utf8)).runs.first)
    #expect(run.results.map(\.ruleId) == Array(repeating: "crossing-reference", count: 3))
    #expect(Set(run.results.map(\.partialFingerprints)).count == 3)
    let notes = try #require(run.invocations.first).toolExecutionNotifications
    #expect(notes.map(\.descriptor.id) == ["index-not-found", "no-history"])
    #expect(notes.map(\.descriptor.index) == [0, 1] && notes.map(\.level) == ["warning", "note"])
  }

  @Test func `a check's text says what fails, what grew, and the sum`() {
    var builder = SampleShop.builder()
    builder.refer("PaymentService", "ProductService", .call, symbol: "discount")
    let check = BoundaryBaseline(Self.study).check(builder.model)
    let text = CheckReport().text(check)
    #expect(text.contains("New crossings (1)"))
    #expect(text.contains("payments -> products: App.PaymentService uses discount"))
    #expect(text.contains("The borders do not hold: 1 new crossing; 7 places cross the borders"))
  }

  @Test func `a baseline is read back as it was written`() throws {
    let baseline = BoundaryBaseline(Self.study)
    let text = CheckReport().file(baseline)
    let read = try JSONDecoder().decode(BoundaryBaseline.self, from: Data(text.utf8))
    #expect(read == baseline)
  }
}
