// SPDX-License-Identifier: Apache-2.0

import CutoverScenario
import RoutingDecisions
import Testing

@testable import ProxyDataPlane

@Suite(.timeLimit(.minutes(1))) struct LiveRoutingTests {
  @Test func aLoopSeesAChangeWithItsNextRequest() throws {
    let live = try AdminHarness().routing
    var cached = CachedRouting(live)
    let before = cached.table
    #expect(before === live.current)
    try live.setPercent(
      route: "orders", to: .full, actor: "ada", reason: "done", unixMilliseconds: 7)
    #expect(before.configuration.routes[0].percent != .full)
    #expect(cached.table === live.current)
    #expect(cached.table.configuration.routes[0].percent == .full)
  }

  @Test func aRefusedChangeLeavesEverythingAsItWas() throws {
    let live = try AdminHarness().routing
    let before = live.current
    #expect(throws: PercentChangeError.noExtractedUpstream("rest")) {
      try live.setPercent(
        route: "rest", to: .full, actor: "ada", reason: "oops", unixMilliseconds: 7)
    }
    #expect(live.current === before)
    #expect(live.version == 1)
    #expect(live.history(ofRoute: "rest").isEmpty)
  }

  @Test func changesFromManyTasksAreAllKept() async throws {
    let live = try AdminHarness().routing
    try await withThrowingTaskGroup(of: Void.self) { group in
      for step in 1...50 {
        group.addTask {
          let percent = try #require(Percentage(hundredths: step))
          try live.setPercent(
            route: "orders", to: percent, actor: "a", reason: "r", unixMilliseconds: 0)
        }
      }
      try await group.waitForAll()
    }
    let history = live.history(ofRoute: "orders")
    #expect(history.count == 50)
    #expect(live.version == 51)
    for (change, next) in zip(history, history.dropFirst()) { #expect(change.to == next.from) }
    #expect(live.current.configuration.routes[0].percent == history.last?.to)
  }

  @Test func severalRoutesMoveInOneSwapOrNotAtAll() throws {
    let live = LiveRouting(try RoutingTable(CutoverScenario.configuration()))
    let (ten, full): (Percentage, Percentage) = (.hundredths(1_000), .full)
    try live.setPercentages(
      ["cart": ten, "checkout": full], actor: "ada", reason: "r", unixMilliseconds: 7)
    #expect(live.version == 2)
    #expect(live.percentages["cart"] == ten && live.percentages["checkout"] == full)
    #expect(throws: PercentChangeError.unknownRoute("carts")) {
      try live.setPercentages(
        ["cart": full, "carts": full], actor: "ada", reason: "r", unixMilliseconds: 8)
    }
    #expect(live.version == 2 && live.percentages["cart"] == ten)
  }

  @Test func theKillSwitchHoldsAgainstOrdersAndFiles() throws {
    let live = LiveRouting(try RoutingTable(CutoverScenario.configuration(ordersInFile: 20)))
    live.keepAllWithLegacy(true, actor: "ada", reason: "gone", unixMilliseconds: 1)
    #expect(live.percentages.values.allSatisfy { $0 == .zero })
    #expect(live.history(ofRoute: "orders").last?.reason == "gone")
    #expect(throws: PercentChangeError.keptWithLegacy) {
      try live.setPercent(
        route: "orders", to: .full, actor: "a", reason: "r", unixMilliseconds: 2)
    }
    let edited = try RoutingTable(CutoverScenario.configuration(ordersInFile: 30))
    let change = live.replace(with: edited, unixMilliseconds: 3)
    #expect(live.percentages["orders"] == .zero)
    #expect(change.text.contains("stays at 0 %: the kill switch is on"), "\(change.text)")
    #expect(!change.text.contains("moves"))
    #expect(live.filePercentages["orders"] == .hundredths(3_000))
    live.keepAllWithLegacy(false, actor: "ada", reason: "back", unixMilliseconds: 4)
    #expect(live.percentages["orders"] == .zero, "off moves nobody")
    try live.setPercent(
      route: "orders", to: .full, actor: "a", reason: "r", unixMilliseconds: 5)
    #expect(live.percentages["orders"] == .full)
  }
}
