// SPDX-License-Identifier: Apache-2.0

import ProxyDataPlane
import RoutingDecisions
import Testing

@testable import ControlPlane

@Suite struct TrafficHistoryTests {
  private static let key = TrafficHistory.Key(route: "orders", side: .legacy)

  private static func counters() -> ProxyCounters {
    ProxyCounters(
      routes: ["orders", "rest"], upstreams: [], rejectionReasons: [], failureReasons: [],
      workers: 1)
  }

  private static func finish(
    _ count: Int, _ counters: ProxyCounters, status: Int = 200, milliseconds: UInt64
  ) {
    let worker = counters.worker(0)
    for _ in 0..<count {
      worker.requestFinished(
        route: 0, side: .legacy, status: status, nanoseconds: milliseconds * 1_000_000)
    }
  }

  @Test func aStepIsWhatCameSinceTheOneBefore() {
    let counters = Self.counters()
    Self.finish(7, counters, milliseconds: 3)
    var history = TrafficHistory()
    history.record(counters.snapshot().routes, of: ["orders"], at: 0)
    // What was before the first look did not happen in five seconds.
    #expect(history.times == [] && history.steps(of: Self.key) == [])
    Self.finish(90, counters, milliseconds: 3)
    Self.finish(10, counters, status: 503, milliseconds: 70)
    history.record(counters.snapshot().routes, of: ["orders"], at: 5_000)
    history.record(counters.snapshot().routes, of: ["orders"], at: 10_000)
    #expect(history.times == [5_000, 10_000])
    let steps = history.steps(of: Self.key)
    #expect(steps.map(\.requests) == [100, 0] && steps.map(\.errors) == [10, 0])
    #expect(steps[0].rate == 20 && steps[0].errorPercent == 10)
    #expect(steps[1].errorPercent == nil && steps[1].quantile(0.5) == nil)
    #expect(history.lastMinute(of: Self.key) == steps[0])
  }

  @Test func aQuantileLiesInTheBucketThatHoldsIt() throws {
    let counters = Self.counters()
    var history = TrafficHistory()
    history.record(counters.snapshot().routes, of: ["orders"], at: 0)
    Self.finish(90, counters, milliseconds: 3)
    Self.finish(9, counters, milliseconds: 70)
    Self.finish(1, counters, milliseconds: 60_000)
    history.record(counters.snapshot().routes, of: ["orders"], at: 5_000)
    let minute = history.lastMinute(of: Self.key)
    let median = try #require(minute.quantile(0.5))
    #expect(median > 2.5 && median <= 5)
    let p95 = try #require(minute.quantile(0.95))
    #expect(p95 > 50 && p95 <= 100)
    // Nothing is known beyond the last bound.
    #expect(minute.quantile(1) == 10_000)
  }

  @Test func itKeepsAQuarterOfAnHourAndForgetsRoutesThatAreGone() {
    let counters = Self.counters()
    var history = TrafficHistory()
    for step in 0...400 {
      history.record(counters.snapshot().routes, of: ["orders"], at: Int64(step) * 5_000)
    }
    #expect(history.times.count == TrafficHistory.maximumSteps)
    #expect(history.times.last == 2_000_000)
    #expect(history.steps(of: Self.key).count == TrafficHistory.maximumSteps)
    #expect(history.routes == ["orders"])
    history.record(counters.snapshot().routes, of: ["rest"], at: 2_005_000)
    #expect(history.steps(of: Self.key) == [] && history.routes == ["rest"])
  }

  @Test func ofTooManyRoutesTheFirstAreFollowed() {
    let names = (0..<300).map { "route-\($0)" }
    let counters = ProxyCounters(
      routes: names, upstreams: [], rejectionReasons: [], failureReasons: [], workers: 1)
    var history = TrafficHistory()
    history.record(counters.snapshot().routes, of: names, at: 0)
    #expect(history.routes == Set(names.prefix(TrafficHistory.maximumRoutes)))
  }
}
