// SPDX-License-Identifier: Apache-2.0

import AnalysisReports
import DependencyGraph
import Foundation
import SchemaValidation
import SourceScanning
import Testing

/// What programs may rely on, on the output for real sources.
@Suite struct ContractTests {
  @Test func `the JSON report of the monolith keeps the published schema`() throws {
    let text = JSONReport().render(try ShopMonolith.suggestion())
    let schema = try JSONSchema.fixture("boundary-suggestion.schema.json")
    #expect(try schema.problems(in: text) == [])
  }

  @Test func `a schema finds what is missing, odd, or out of range`() throws {
    let schema = try JSONSchema.fixture("boundary-suggestion.schema.json")
    let text = JSONReport().render(try ShopMonolith.suggestion())
    for (change, problem) in [
      ("\"verdict\"", "verdict"), ("\"decision\": \"split\"", "decision"),
      ("\"order\": 1,", "order"), ("\"kind\": \"call\"", "kind"),
    ] {
      let value = change.replacing("\"split\"", with: "\"perhaps\"")
        .replacing("\"verdict\"", with: "\"verdicts\"").replacing(": 1,", with: ": 0,")
        .replacing("\"call\"", with: "\"shout\"")
      let problems = try schema.problems(in: text.replacing(change, with: value))
      #expect(problems.contains { $0.contains(problem) }, "\(change)")
    }
  }

  @Test func `a shuffled model gives the same bytes`() throws {
    var model = try ShopMonolith.model.get()
    model.references.reverse()
    model.tableUses.reverse()
    model.routes.reverse()
    let again = BoundaryAnalysis().study(model)
    let study = BoundaryAnalysis().study(try ShopMonolith.model.get())
    #expect(JSONReport().render(again.suggestion) == JSONReport().render(study.suggestion))
    #expect(PageReport(title: "shop").render(again) == PageReport(title: "shop").render(study))
    #expect(DiagramReport().dot(again) == DiagramReport().dot(study))
  }

  @Test func `SARIF of findings and cuts keeps what the standard requires`() throws {
    let suggestion = try ShopMonolith.suggestion()
    let text = SARIFReport(version: "0.1.0").render(suggestion)
    let schema = try JSONSchema.fixture("sarif-as-written.schema.json")
    #expect(try schema.problems(in: text) == [])
    let log = try JSONDecoder().decode(SARIFLog.self, from: Data(text.utf8))
    let run = try #require(log.runs.first)
    // What has no place is told of the run: code hosts refuse it as a result.
    let placeless = suggestion.findings.filter(\.locations.isEmpty)
    let notes = try #require(run.invocations.first).toolExecutionNotifications
    #expect(notes.map(\.descriptor.id) == placeless.map(\.id))
    #expect(
      notes.allSatisfy { run.tool.driver.notifications[$0.descriptor.index].id == $0.descriptor.id }
    )
    #expect(
      run.results.count == suggestion.findings.count + suggestion.cuts.count - placeless.count)
    #expect(Set(run.results.map(\.partialFingerprints)).count == run.results.count)
    // Every result names the rule that its index names.
    #expect(
      run.results.allSatisfy { run.tool.driver.rules[$0.ruleIndex].id == $0.ruleId })
    let unexplained = run.tool.driver.rules.filter { $0.help.text.hasPrefix("See the message") }
    #expect(unexplained.map(\.id) == [])
  }
}

/// The part of a SARIF log that tests look at.
struct SARIFLog: Decodable {
  struct Text: Decodable { let text: String }
  struct Rule: Decodable {
    let id: String
    let help: Text
  }
  struct Driver: Decodable {
    let rules: [Rule]
    let notifications: [Rule]
  }
  struct Tool: Decodable { let driver: Driver }
  struct Result: Decodable {
    let ruleId: String
    let ruleIndex: Int
    let level: String
    let partialFingerprints: [String: String]
  }
  struct Invocation: Decodable { let toolExecutionNotifications: [Notification] }
  struct Notification: Decodable { let descriptor: Descriptor }
  struct Descriptor: Decodable {
    let id: String
    let index: Int
  }
  struct Run: Decodable {
    let tool: Tool
    let invocations: [Invocation]
    let results: [Result]
  }
  let runs: [Run]
}
