// SPDX-License-Identifier: Apache-2.0

import DependencyGraph
import SampleModels
import Testing

@testable import AnalysisReports

/// What `strangler init` writes.
@Suite struct StartTests {
  private static let suggestion = BoundaryAnalysis().suggest(SampleShop.model)

  @Test func `a folder of one service is one pattern, a shared one is named file by file`() {
    var services = Array(Self.suggestion.services.prefix(2))
    services[0].files = ["Sources/Shop/Orders/A.swift", "Sources/Shop/Orders/Deep/B.swift"]
    services[1].files = ["Sources/Shop/Mixed.swift", "Sources/Shop/Payments/C.swift"]
    let globs = SourceGlobs(services)
    #expect(globs.patterns(services[0]) == ["Sources/Shop/Orders/**"])
    #expect(
      globs.patterns(services[1]) == ["Sources/Shop/Mixed.swift", "Sources/Shop/Payments/**"])
    services[1].files.append("Sources/Shop/Orders/A.swift")
    #expect(
      SourceGlobs(services).patterns(services[0])
        == ["Sources/Shop/Orders/A.swift", "Sources/Shop/Orders/Deep/**"])
  }

  @Test func `the playbook has a chapter for each service, in the order of extraction`() {
    let text = MovePlaybook(
      sources: "my code", configuration: "strangler.yaml", routes: RouteConfiguration()
    ).render(Self.suggestion)
    let chapters = text.split(separator: "\n").filter { $0.hasPrefix("## ") }
    #expect(
      chapters == [
        "## Before the first service", "## 1. shipments", "## 2. payments", "## 3. products",
        "## 4. orders",
      ])
    #expect(text.contains("strangler analyze 'my code' --format html --output boundaries.html"))
    #expect(text.contains("let it answer at 127.0.0.1:9002."))
    #expect(text.contains("- `Sources/App/Services/OrderService.swift:12:3`: OrderService uses"))
    #expect(text.contains("it uses payments, products of others: ask, or keep a copy."))
  }

  @Test func `a service without routes is not moved by routing`() {
    var suggestion = Self.suggestion
    suggestion.services[0].routes = []
    let text = MovePlaybook(
      sources: ".", configuration: "strangler.yaml", routes: RouteConfiguration()
    ).render(suggestion)
    #expect(text.contains("It answers no route, so the proxy cannot move it"))
    #expect(!text.contains("strangler routes set shipments"))
  }

  @Test func `addresses are the caller's`() {
    let yaml = RouteConfiguration(
      legacyPort: 8000, legacyHost: "10.0.0.4", listen: "0.0.0.0:80", admin: "127.0.0.1:0"
    ).render(Self.suggestion)
    #expect(yaml.contains("proxy: { listen: 0.0.0.0:80, admin: 127.0.0.1:0, workers: 1 }"))
    #expect(yaml.contains("legacy: { endpoints: [10.0.0.4:8000] }"))
    #expect(yaml.contains("shipments: { endpoints: [10.0.0.4:8001] }"))
  }
}
