// SPDX-License-Identifier: Apache-2.0

import AnalysisReports
import DependencyGraph
import SampleModels
import Testing

@Suite struct RouteConfigurationTests {
  @Test func sampleShop() throws {
    let suggestion = BoundaryAnalysis().suggest(SampleShop.model)
    try GoldenFile.expect(RouteConfiguration().render(suggestion), equals: "sample-shop.yaml")
  }

  @Test func everyRouteIsCoveredAtZeroPercentAndTheRestGoesToTheMonolith() {
    let suggestion = BoundaryAnalysis().suggest(SampleShop.model)
    let lines = RouteConfiguration().render(suggestion).split(separator: "\n")
    for table in SampleShop.tables.values {
      let route = lines.filter { $0.contains("path: /api/v1/\(table)/**") }
      #expect(route.count == 1)
      #expect(route.allSatisfy { $0.contains("percent: 0,") && $0.contains("extracted: \(table)") })
    }
    #expect(
      lines.last == "  - { name: everything-else, match: { path: /** }, legacy: legacy }")
  }

  @Test func resourcesOfTwoServicesAreSplitByTemplateAndMethod() {
    var builder = SampleShop.builder()
    builder.route("GET", "/api/v1/orders/{id}/payments", "PaymentController")
    let yaml = RouteConfiguration().render(BoundaryAnalysis().suggest(builder.model))
    #expect(!yaml.contains("/api/v1/orders/**"))
    #expect(
      yaml.contains("match: { path: \"/api/v1/orders/{id}/payments\", methods: [GET] }"))
    #expect(yaml.contains("match: { path: \"/api/v1/orders/{id}\", methods: [GET] }"))
    #expect(yaml.contains("match: { path: /api/v1/orders, methods: [POST] }"))
  }

  @Test func `a path that is not known is no route of the proxy`() {
    var builder = SampleShop.builder()
    builder.route("GET", "/{?}", "OrderController")
    builder.route("GET", "/api/v1/orders/{?}/lines", "OrderController")
    let yaml = RouteConfiguration().render(BoundaryAnalysis().suggest(builder.model))
    #expect(yaml.contains("path: /api/v1/orders/**") && !yaml.contains("path: \"/{"))
    #expect(
      yaml.replacing("\n  #   ", with: " ").contains(
        "routes to add, whose paths the code computes: GET /api/v1/orders/{?}/lines, GET /{?}"))
  }

  @Test func `what the wiring answers below the paths of a service stays with the monolith`() {
    var builder = SampleShop.builder()
    builder.route("GET", "/api/v1/orders/export", "AppRoutes")
    builder.route("GET", "/api/v1/orders/{id}", "AppRoutes")
    builder.route("POST", "/api/v1/products/{id}/stock", "AppRoutes")
    let suggestion = BoundaryAnalysis().suggest(builder.model)
    #expect(
      suggestion.routesOfNoService.map(\.path) == [
        "/api/v1/orders/export", "/api/v1/orders/{id}", "/api/v1/products/{id}/stock",
      ])
    let yaml = RouteConfiguration().render(suggestion)
    #expect(!yaml.contains("/api/v1/orders/**") && !yaml.contains("/api/v1/products/**"))
    #expect(yaml.contains("/api/v1/payments/**"))
    // `/api/v1/orders/{id}` of the service would take it along.
    #expect(
      yaml.contains(
        "- { name: legacy-orders-export, match: { path: /api/v1/orders/export, methods: [GET] }, "
          + "legacy: legacy }"))
    #expect(yaml.split(separator: "\n").count { $0.hasSuffix(", legacy: legacy }") } == 2)
    let text = TextReport(width: 1_000).render(suggestion)
    #expect(
      text.contains(
        "3 routes of no service, which stay with the monolith until a service answers them: GET "
          + "/api/v1/orders/export, GET /api/v1/orders/{id}, POST /api/v1/products/{id}/stock."))
  }

  @Test func `what is not divided is not routed either`() {
    var builder = ModelBuilder()
    for name in ["Alpha", "Beta"] { builder.type(name) }
    builder.route("GET", "/alpha", "Alpha")
    let suggestion = BoundaryAnalysis().suggest(builder.model)
    #expect(suggestion.services.map(\.routes.count) == [1])
    let yaml = RouteConfiguration().render(suggestion)
    #expect(!yaml.contains("/alpha"))
    let playbook = MovePlaybook(sources: ".", configuration: "s.yaml", routes: RouteConfiguration())
      .render(suggestion)
    #expect(playbook.contains("There is nothing to move") && !playbook.contains("## "))
  }

  @Test func withoutRoutesOnlyTheMonolithIsLeft() {
    let yaml = RouteConfiguration(legacyPort: 7000).render(BoundaryAnalysis().suggest(CodeModel()))
    #expect(yaml.contains("legacy: { endpoints: [127.0.0.1:7000] }"))
    #expect(yaml.split(separator: "\n").count { $0.hasPrefix("  - ") } == 1)
  }
}
