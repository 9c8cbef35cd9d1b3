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
    #expect(
      read.text.contains(
        "shadow    compare 10 %; takes this request by chance: it has no X-Request-ID and no trace"
      ))
    #expect(read.json.contains(#""shadow" : "compare 10 %""#))
    let write = try table.explain(RequestText("POST /orders"))
    #expect(write.text.contains("compare 10 %; not this POST"))
  }

  @Test(
    arguments: [
      (nil, .everyRequest), (100, .everyRequest),
      // The bucket of a request is the same on every proxy, and in every version.
      (38, .left(bucket: 3_814)), (39, .taken(bucket: 3_814)),
    ] as [(Int?, ShadowSampling.Verdict)])
  func theShadowOfARequestIsExplained(percent: Int?, verdict: ShadowSampling.Verdict) throws {
    let sample = percent.flatMap { Percentage(hundredths: 100 * $0) } ?? .full
    let table = try RoutingTable(configuration(ShadowConfiguration(sample: .percent(sample))))
    let explanation = try table.explain(
      RequestText("GET /orders/1", headers: ["X-Request-ID: 7"]))
    #expect(explanation.shadow == verdict)
    #expect(explanation.json.contains(#""shadowDecision" : ""#))
  }

  @Test func aTraceStandsForTheRequestAndTheRestIsLeftToLiveTraffic() throws {
    let ten = ShadowConfiguration(sample: .percent(Percentage(hundredths: 1_000) ?? .zero))
    let table = try RoutingTable(configuration(ten))
    func verdict(_ request: String, _ headers: [String] = []) throws -> ShadowSampling.Verdict? {
      try table.explain(RequestText(request, headers: headers)).shadow
    }
    let trace = "0af7651916cd43dd8448eb211c80319c"
    let first = try verdict("GET /orders/1", ["traceparent: 00-\(trace)-b7ad6b7169203331-01"])
    let second = try verdict("GET /orders/2", ["traceparent: 00-\(trace)-00f067aa0ba902b7-00"])
    #expect(first == second)
    #expect(first != .byChance(Percentage(hundredths: 1_000) ?? .zero))
    #expect(
      try verdict("GET /orders/1", ["traceparent: 00"])
        == .byChance(Percentage(hundredths: 1_000) ?? .zero))
    #expect(try verdict("DELETE /orders/1") == .write)
    #expect(try verdict("GET /orders/1", ["X-HTTP-Method-Override: DELETE"]) == .write)
    #expect(try verdict("GET /orders/1?_method=DELETE") == .write)
    #expect(
      try verdict("GET /orders/1", ["Connection: upgrade", "Upgrade: websocket"]) == .upgrade)
    let rate = try RoutingTable(configuration(ShadowConfiguration(sample: .rate(3))))
    #expect(try rate.explain(RequestText("GET /orders/1")).shadow == .byRate(3))
    #expect(
      try rate.explain(RequestText("GET /orders/1")).text.contains(
        "compare 3/s; takes this request when it is the first one due"))
  }

  @Test func whatTheExtractedSideAnswersItselfIsNotCopied() throws {
    var all = try configuration(ShadowConfiguration())
    all.routes[0].percent = .full
    let explanation = try RoutingTable(all).explain(RequestText("GET /orders/1"))
    #expect(explanation.shadow == nil)
    #expect(
      explanation.text.contains("not this request: the extracted side answers it itself"))
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
