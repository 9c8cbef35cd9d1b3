// SPDX-License-Identifier: Apache-2.0

import AnalysisReports
import DependencyGraph
import Testing

/// Questions that are asked after the scan, about the monolith.
@Suite struct QuestionTests {
  private let study: BoundaryStudy

  init() throws { study = BoundaryAnalysis().study(try ShopMonolith.model.get()) }

  @Test func `an explanation names the service, the strongest ties and the runner-up`() throws {
    let explanation = try study.explanation(of: "OrderService")
    #expect(explanation.placement == .service("orders"))
    let own = try #require(explanation.own)
    #expect(own.share > 0 && !own.evidence.isEmpty)
    let shares = explanation.pulls.reduce(0) { $0 + $1.share }
    #expect(abs(shares - 1) < 1e-9)
    let text = ExplanationReport(width: 2_000).text(explanation)
    let references = explanation.pulls.reduce(0) { $0 + $1.references }
    #expect(text.contains("\(references) of \(references) references are read from syntax alone"))
    #expect(text.contains(" of \(study.suggestion.quality.runs) runs with noise."))
    #expect(text.contains("Sources/"))
  }

  @Test func `where nothing was divided no run is counted`() throws {
    var library = try ShopMonolith.model.get()
    (library.routes, library.jobs) = ([], [])
    let whole = BoundaryAnalysis().study(library)
    let text = ExplanationReport(width: 2_000).text(try whole.explanation(of: "OrderService"))
    #expect(text.contains("Nothing was divided, so no run with noise tells how sure that is."))
    #expect(!text.contains("0 of 0"))
  }

  @Test(arguments: [
    ("ShopEngine", "monolith, no service: most areas go through it, so it is taken apart: "),
    ("ShopEngine.clock", "monolith, no service: ShopEngine holds it for many services"),
    ("AuditEntry", "monolith, no service: it is part of a log"),
    ("HealthController", "Composition root: it answers only whoever operates the process"),
    ("ShopSchema", "Composition root: it makes the tables of 8 services"),
    ("ShopRoutes", "Composition root: it wires 9 services together"),
    ("ErrorAnswer", "Composition root: only what wires the services together uses it"),
  ])
  func `an explanation says what set a type apart`(type: String, reason: String) throws {
    let text = ExplanationReport(width: 2_000).text(try study.explanation(of: type))
    #expect(text.contains(reason), "\(text)")
    #expect(!text.contains("(0 %)"))
  }

  @Test func `every type can be explained by its full name`() throws {
    for service in study.suggestion.services {
      for type in service.types.prefix(3) {
        let explanation = try study.explanation(of: "\(type.module).\(type.name)")
        #expect(explanation.placement == .service(service.name))
        #expect(explanation.stability == type.stability)
      }
    }
  }

  @Test func `a name that is nearly right is answered with the right one`() {
    #expect(throws: StudyQuestionError.unknownType("OrderServce", near: ["OrderService"])) {
      try study.explanation(of: "OrderServce")
    }
    #expect {
      try study.answer(to: WhatIf(moves: [.init(type: "OrderService", service: "shiping")]))
    } throws: { "\($0)".contains("did you mean shipping?") }
  }

  @Test func `moving a type to where it is changes nothing`() throws {
    let answer = try study.answer(
      to: WhatIf(moves: [.init(type: "OrderService", service: "orders")]))
    #expect(answer.before == answer.after)
    #expect(answer.services == [] && answer.newCuts == [] && answer.savedCuts == [])
  }

  @Test func `merging two services saves exactly what crossed between them`() throws {
    let between = study.suggestion.cuts.count {
      Set([$0.fromService, $0.toService]) == ["orders", "shipping"]
    }
    let answer = try study.answer(to: WhatIf(merges: [["orders", "shipping"]]))
    #expect(between > 0)
    #expect(answer.before.services == study.suggestion.services.count)
    #expect(answer.after.services == answer.before.services - 1)
    let (before, after) = (answer.before, answer.after)
    #expect(
      before.crossingReferences + before.crossingTableUses - between
        == after.crossingReferences + after.crossingTableUses)
    #expect(answer.savedCuts.count == between && answer.newCuts == [])
    let text = WhatIfReport().text(answer)
    #expect(text.contains("\(between) fewer"))
  }

  @Test func `who joins the monolith stays, whichever is named first`() throws {
    let monolith = try #require(study.suggestion.remainder?.name)
    let first = try study.answer(to: WhatIf(merges: [["orders", monolith]]))
    let second = try study.answer(to: WhatIf(merges: [[monolith, "orders"]]))
    #expect(first == second)
    #expect(first.after.services == first.before.services - 1)
    #expect(first.services.contains { $0.name == "orders" && $0.after == nil })
    // The log is still one that each service keeps for itself.
    #expect(!first.newFindings.contains { $0.message.contains("audit_log") })
    // What stays still counts: no division is better for what it leaves behind.
    #expect(first.after.modularity <= first.before.modularity)
  }

  @Test func `what goes back to the monolith is asked there, and not held`() throws {
    let monolith = try #require(study.suggestion.remainder?.name)
    let answer = try study.answer(
      to: WhatIf(moves: [.init(type: "OrderService", service: monolith)]))
    let into = answer.newCuts.filter { $0.target == "OrderService" && $0.toService == monolith }
    #expect(!into.isEmpty && into.allSatisfy { $0.seam != .ownInstance })
    #expect(answer.after.contracts > answer.before.contracts)
    #expect(WhatIfReport().text(answer).contains("\ncontracts to design  "))
  }

  @Test func `shown differences are those of the shown numbers`() throws {
    var answer = try study.answer(to: WhatIf(merges: [["orders", "reporting"]]))
    (answer.before.modularity, answer.after.modularity) = (0.7044, 0.6751)
    let line = WhatIfReport().text(answer).split(separator: "\n")
      .first { $0.hasPrefix("modularity") }
    #expect(line?.split(separator: " ") == ["modularity", "0.70", "0.68", "-0.02"])
  }

  @Test(
    "only values move into the shared kernel",
    arguments: [
      ("ShopEngine", "ShopEngine is a class", "Engine/ShopEngine"),
      ("ReportService", "it uses the data of", "Reporting/ReportService"),
    ])
  func kernelGuard(type: String, objection: String, place: String) {
    #expect {
      try study.answer(to: WhatIf(moves: [.init(type: type, service: WhatIf.sharedKernel)]))
    } throws: { error in
      "\(error)".hasPrefix("\(type) cannot move into the shared kernel")
        && "\(error)".contains(objection) && "\(error)".contains(place)
    }
  }

  @Test func `a kernel type that moves into one service costs all the others`() throws {
    #expect(study.suggestion.sharedKernel.contains("Money"))
    let users = Set(
      study.model.references.filter { study.model.displayName($0.to) == "Money" }
        .compactMap { study.service(of: $0.from) })
    let answer = try study.answer(to: WhatIf(moves: [.init(type: "Money", service: "orders")]))
    let into = answer.newCuts.filter { $0.target.hasPrefix("Money") }
    #expect(
      Set(into.map(\.fromService)).subtracting([WhatIf.sharedKernel]).count == users.count - 1)
    #expect(answer.newCuts.allSatisfy { $0.toService == "orders" || $0.fromService == "orders" })
    #expect(
      answer.after.crossingReferences + answer.after.kernelReferences
        == answer.before.crossingReferences + answer.newCuts.count - answer.savedCuts.count)
    let text = WhatIfReport().text(answer).replacing("\n", with: " ")
    #expect(text.contains("Money leaves the shared kernel for orders"))
  }

  @Test func `before is what the suggestion says`() throws {
    let answer = try study.answer(to: WhatIf(merges: [["orders", "shipping"]]))
    let quality = study.suggestion.quality
    #expect(answer.before.crossingReferences == quality.crossingReferences)
    #expect(answer.before.references == quality.references)
    #expect(abs(answer.before.modularity - quality.modularity) < 1e-9)
  }
}
