// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import Testing

/// What lists, explanations and changes say of a route's shadow.
struct ShadowReportTests {
  private func configuration(_ shadow: ShadowConfiguration?) throws -> ProxyConfiguration {
    ProxyConfiguration(
      upstreams: ["legacy", "orders"].map { UpstreamConfiguration(name: $0, target: .module($0)) },
      routes: [
        RouteConfiguration(
          name: "orders", match: RouteMatch(path: try PathTemplate(parsing: "/orders/**")),
          legacy: "legacy", extracted: "orders", shadow: shadow)
      ])
  }

  @Test func listsAndExplanationsShowIt() throws {
    let shadowed = try configuration(
      ShadowConfiguration(sample: .percent(Percentage(hundredths: 1_000) ?? .zero)))
    let listing = RouteListing(shadowed)
    #expect(listing.text.contains("SHADOW\n"))
    #expect(listing.text.contains("compare 10 %"))
    #expect(listing.json.contains(#""shadow" : "compare 10 %""#))
    let table = try RoutingTable(shadowed)
    let read = try table.explain(RequestText("GET /orders/1"))
    #expect(read.text.contains("shadow    compare 10 %\n"))
    #expect(read.json.contains(#""shadow" : "compare 10 %""#))
    let write = try table.explain(RequestText("POST /orders"))
    #expect(write.text.contains("compare 10 %; not this POST"))
  }

  @Test func whoDoesNotUseItSeesNothingOfIt() throws {
    let plain = try configuration(nil)
    #expect(!RouteListing(plain).text.contains("SHADOW"))
    #expect(!RouteListing(plain).json.contains("shadow"))
    let explanation = try RoutingTable(plain).explain(RequestText("GET /orders/1"))
    #expect(!explanation.text.contains("shadow"))
  }

  @Test func aChangeOfItIsTold() throws {
    let change = ConfigurationChange(
      from: try configuration(nil), to: try configuration(ShadowConfiguration(sample: .rate(3))))
    #expect(change.text.hasPrefix("~ route orders: shadow: off -> { mode: compare"))
    let more = ConfigurationChange(
      from: try configuration(ShadowConfiguration()),
      to: try configuration(ShadowConfiguration(inFlight: 64)))
    #expect(more.text.contains("in-flight: 32"))
    #expect(more.text.contains("in-flight: 64"))
  }
}
