// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import Testing

@Suite struct StickySplitTests {
  private func request(user: Int) -> SampleRequest {
    var request = SampleRequest("GET", "/orders/42")
    request.headers = [("X-User-Id", "user-\(user)")]
    return request
  }

  @Test func raisingThePercentageNeverMovesAUserBack() throws {
    var random = SeededRandom(seed: 20_261)
    var table = try splitTable(percent: .zero)
    var percent = 0
    var extracted = [Bool](repeating: false, count: 200)
    while percent < 10_000 {
      percent = min(10_000, percent + Int.random(in: 1...200, using: &random))
      let share = try #require(Percentage(hundredths: percent))
      table = try table.settingPercent(ofRoute: "orders", to: share)
      for user in extracted.indices {
        let isExtracted = table.decide(request(user: user)).side == .extracted
        #expect(isExtracted || !extracted[user], "user \(user) flipped back at \(share) %")
        extracted[user] = isExtracted
      }
    }
    #expect(extracted.allSatisfy { $0 })
  }

  @Test func loweringRemovesTheLastOnesAdded() throws {
    let low = try #require(Percentage(parsing: "20"))
    let high = try #require(Percentage(parsing: "60"))
    let before = try splitTable(percent: low)
    let after = try before.settingPercent(ofRoute: "orders", to: high)
      .settingPercent(ofRoute: "orders", to: low)
    for user in 0..<500 {
      #expect(before.decide(request(user: user)) == after.decide(request(user: user)))
    }
  }

  @Test func theThresholdIsTheBucketItself() throws {
    let request = request(user: 7)
    let bucket = try splitTable(percent: .zero).decide(request).bucket
    let below = try #require(Percentage(hundredths: bucket))
    let above = try #require(Percentage(hundredths: bucket + 1))
    #expect(try splitTable(percent: below).decide(request).side == .legacy)
    let decision = try splitTable(percent: above).decide(request)
    #expect(
      decision
        == RoutingDecision(
          routeIndex: 0, side: .extracted, upstream: 1, fallbackUpstream: 0, bucket: bucket))
  }

  @Test func routesOfOneGroupAgreeOnEveryUser() throws {
    let half = try #require(Percentage(parsing: "50"))
    let carts = try splitTable(percent: half, group: "checkout", name: "carts")
    let orders = try splitTable(percent: half, group: "checkout", name: "orders")
    let other = try splitTable(percent: half, name: "orders")
    var apart = 0
    for user in 0..<500 {
      let request = request(user: user)
      #expect(carts.decide(request).bucket == orders.decide(request).bucket)
      apart += carts.decide(request).bucket == other.decide(request).bucket ? 0 : 1
    }
    #expect(apart > 490, "another group deals anew")
  }

  @Test func fallbackCanBeSwitchedOff() throws {
    let decision = try splitTable(percent: .full, fallback: .off).decide(request(user: 1))
    #expect(decision.side == .extracted)
    #expect(decision.fallbackUpstream == -1)
  }

  @Test func changingARouteThatCannotSplitIsRefused() throws {
    let table = try RoutingTable(ProxyConfiguration(routes: [RouteConfiguration("rest", "/**")]))
    #expect(throws: PercentChangeError.noExtractedUpstream("rest")) {
      try table.settingPercent(ofRoute: "rest", to: .full)
    }
    #expect(throws: PercentChangeError.unknownRoute("orders")) {
      try table.settingPercent(ofRoute: "orders", to: .full)
    }
  }
}
