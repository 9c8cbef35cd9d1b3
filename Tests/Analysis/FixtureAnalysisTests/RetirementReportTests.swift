// SPDX-License-Identifier: Apache-2.0

import AnalysisReports
import DependencyGraph
import Foundation
import SchemaValidation
import Testing

/// What may go of the shop, as its readers see it.
@Suite struct RetirementReportTests {
  private static let day: Int64 = 86_400_000
  private static let now: Int64 = 20_000 * day
  private let study: BoundaryStudy

  init() throws { study = BoundaryAnalysis().study(try ShopMonolith.model.get()) }

  private func plan(
    _ service: String, _ standing: (RouteRegistration) -> RouteStanding
  ) throws -> RetirementPlan {
    let scope = try RetirementScope(study, service: service)
    return scope.plan(scope.routes.map(standing), QuietTime(days: 7, now: Self.now))
  }

  private static let gone = RouteStanding(
    route: "all", .service(since: now - 30 * day), watchedSince: now - 28 * day)

  /// With `STRANGLER_RECORD_GOLDEN=1` the file is written and the test fails.
  private func expect(_ text: String, equals name: String) throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../fixtures/golden/\(name)").standardized
    if ProcessInfo.processInfo.environment["STRANGLER_RECORD_GOLDEN"] == "1" {
      try Data(text.utf8).write(to: file)
      Issue.record("recorded \(name); run again without recording")
    }
    let expected = try String(contentsOf: file, encoding: .utf8)
    #expect(text == expected, "\(name)")
  }

  @Test func `reporting, which nobody needs`() throws {
    let plan = try plan("reporting") { _ in Self.gone }
    #expect(plan.isReady && plan.files.contains { $0.path.hasSuffix("ReportController.swift") })
    try expect(RetirementReport().text(plan), equals: "retire-reporting.txt")
    let json = RetirementReport().json(plan)
    #expect(try JSONSchema.fixture("retirement.schema.json").problems(in: json) == [])
  }

  @Test func `orders, which the rest still uses and legacy still answers`() throws {
    let plan = try plan("orders") { route in
      route.method == "GET"
        ? Self.gone
        : RouteStanding(
          route: "all", .service(since: Self.now - 30 * Self.day), lastLegacy: Self.now - Self.day)
    }
    #expect(!plan.isReady && plan.openRoutes.allSatisfy { $0.method != "GET" })
    let details = plan.usedTypes.first { $0.name == "OrderDetails" }
    #expect((details?.uses.count ?? 0) > 10)
    try expect(RetirementReport().text(plan), equals: "retire-orders.txt")
    let json = RetirementReport().json(plan)
    let schema = try JSONSchema.fixture("retirement.schema.json")
    #expect(try schema.problems(in: json) == [])
    for key in ["fate", "objections", "isGuess"] {
      let broken = json.replacing("\"\(key)\":", with: "\"other\":")
      #expect(try schema.problems(in: broken).contains { $0.contains(key) }, "\(key)")
    }
  }
}
