// SPDX-License-Identifier: Apache-2.0

import AnalysisReports
import DependencyGraph
import SchemaValidation
import Testing

/// The JSON of every question about the monolith keeps its published schema.
@Suite struct AnswerSchemaTests {
  private let study: BoundaryStudy

  init() throws { study = BoundaryAnalysis().study(try ShopMonolith.model.get()) }

  @Test func `explanations of every type`() throws {
    let schema = try JSONSchema.fixture("explanation.schema.json")
    for type in study.model.types where type.kind != .fileScope {
      let explanation = try study.explanation(of: "\(type.module).\(type.qualifiedName)")
      let text = ExplanationReport().json(explanation)
      #expect(try schema.problems(in: text) == [], "\(type.qualifiedName)")
    }
    let text = ExplanationReport().json(try study.explanation(of: "Money"))
    #expect(text.contains("\"placement\": \"shared-kernel\""))
    #expect(text.contains("\"stability\": null") && text.contains("\"runnerUp\": "))
    for key in ["placement", "margin", "pulls", "location"] {
      let problems = try schema.problems(in: text.replacing("\"\(key)\":", with: "\"other\":"))
      #expect(problems.contains { $0.contains(key) && $0.hasSuffix("missing") }, "\(key)")
    }
  }

  @Test(arguments: [
    WhatIf(merges: [["orders", "shipping"]]),
    WhatIf(moves: [.init(type: "Money", service: "orders")]),
    WhatIf(moves: [.init(type: "OrderService", service: "orders")]),
    WhatIf(
      moves: [.init(type: "OrderService", service: "shipping")], merges: [["carts", "orders"]]),
  ])
  func `what-if`(question: WhatIf) throws {
    let schema = try JSONSchema.fixture("what-if.schema.json")
    let text = WhatIfReport().json(try study.answer(to: question))
    #expect(try schema.problems(in: text) == [])
    let broken = text.replacing("\"savedCuts\"", with: "\"saved\"")
    #expect(try schema.problems(in: broken).count == 2)
  }

  @Test func `checks, and the baseline that they read`() throws {
    var baseline = BoundaryBaseline(study)
    let file = CheckReport().file(baseline)
    #expect(try JSONSchema.fixture("boundary-baseline.schema.json").problems(in: file) == [])

    let schema = try JSONSchema.fixture("check.schema.json")
    #expect(try schema.problems(in: CheckReport().json(baseline.check(study.model))) == [])
    // One of each: gone, new, grown, shrunk, and a type that nobody has agreed on.
    let forgotten = baseline.services[0].types.removeFirst()
    let kept = baseline.crossings.indices.filter { index in
      ![baseline.crossings[index].from, baseline.crossings[index].to].contains(forgotten)
    }
    baseline.crossings[kept[0]].symbol = "gone"
    baseline.crossings[kept[1]].count += 1
    let several = try #require(kept.last { baseline.crossings[$0].count > 1 })
    baseline.crossings[several].count -= 1
    baseline.files?[forgotten] = nil
    let check = baseline.check(study.model)
    #expect(!check.new.isEmpty && !check.stale.isEmpty && !check.newTypes.isEmpty)
    #expect(!check.grown.isEmpty && !check.shrunk.isEmpty)
    let text = CheckReport().json(check)
    #expect(try schema.problems(in: text) == [])
    #expect(
      try schema.problems(in: text.replacing("\"before\": ", with: "\"before\": -1")).count > 0)
  }

  @Test(arguments: DependencyEdges.Level.allCases)
  func graph(level: DependencyEdges.Level) throws {
    let text = EdgeListReport().json(DependencyEdges(study.model, level: level))
    let schema = try JSONSchema.fixture("graph.schema.json")
    #expect(try schema.problems(in: text) == [])
    let broken = text.replacing("\"kind\": \"call\"", with: "\"kind\": \"shout\"")
    #expect(try schema.problems(in: broken).count > 0)
  }
}
