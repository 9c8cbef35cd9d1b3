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
    let globs = SourceGlobs(services, others: [])
    #expect(globs.patterns(services[0]) == ["Sources/Shop/Orders/**"])
    #expect(
      globs.patterns(services[1]) == ["Sources/Shop/Mixed.swift", "Sources/Shop/Payments/**"])
    services[1].files.append("Sources/Shop/Orders/A.swift")
    #expect(
      SourceGlobs(services, others: []).patterns(services[0])
        == ["Sources/Shop/Orders/A.swift", "Sources/Shop/Orders/Deep/**"])
  }

  @Test func `a folder with files of no service belongs to no service as a whole`() {
    var services = Array(Self.suggestion.services.prefix(1))
    services[0].files = ["Sources/App/Health.swift", "Sources/Orders/A.swift"]
    let others = ["Sources/App/Main.swift", "Sources/App/Wiring/W.swift", "Sources/Money.swift"]
    let globs = SourceGlobs(services, others: others)
    #expect(globs.patterns(services[0]) == ["Sources/App/Health.swift", "Sources/Orders/**"])
    #expect(
      globs.patterns(others, of: nil)
        == ["Sources/App/Main.swift", "Sources/App/Wiring/**", "Sources/Money.swift"])
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

  @Test func `names that the proxy takes are like those of the code`() {
    for (name, plain) in [
      ("orders", "orders"), ("größe", "grosse"), ("gro\u{308}ße", "grosse"), ("Ærø", "AEro"),
      ("a b", "a-b"), ("--a--", "a"), ("日本", ""), ("заказы", ""), ("..", ""), ("#", ""),
      ("naïve–café", "naive-cafe"),
    ] {
      #expect(ConfigurationNames.plain(name) == plain, "\(name)")
    }
    var names = ConfigurationNames(taken: ["legacy"])
    #expect(names.unique("legacy", else: "service") == "legacy-2")
    #expect(names.unique("日本", else: "service") == "service")
    #expect(names.unique("商品", else: "service") == "service-2")
    let long = String(repeating: "x", count: 80)
    #expect(names.unique(long, else: "s").count == 64 && names.unique(long, else: "s").count == 64)
  }

  @Test func `paths are written as the proxy takes them`() {
    for (path, template) in [
      ("/orders/{id}", "/orders/{id}"), ("orders/:id/", "/orders/{id}"), ("", "/"), ("//", "/"),
      ("/größe", "/gr%C3%B6%C3%9Fe"), ("/a b", "/a%20b"), ("/50%", "/50%25"),
      ("/50%25", "/50%25"), ("/%zz", "/%25zz"), ("/it's", "/it's"), ("/\"q\"", "/%22q%22"),
      ("/*", "/{any}"), ("/files/**", "/files/**"), ("/**/x", "/**/x"), ("/{größe}", "/{grosse}"),
      ("/{}", "/{value}"), ("/:", "/{value}"), ("/{id}.png", "/{id}.png"), ("/a?b#c", "/a%3Fb%23c"),
    ] {
      #expect(RouteTemplate.text(path) == template, "\(path)")
    }
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
