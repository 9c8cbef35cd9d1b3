// SPDX-License-Identifier: Apache-2.0

import ProxyDataPlane
import RoutingDecisions
import Testing

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
}
