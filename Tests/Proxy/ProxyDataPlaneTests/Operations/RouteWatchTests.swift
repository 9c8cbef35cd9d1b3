// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import RoutingDecisions
import Testing

@testable import ProxyDataPlane

/// What gates are told of the requests of a route.
@Suite struct RouteWatchTests {
  private static let millisecond: UInt64 = 1_000_000

  private static func numbers() throws -> RoutingNumbers {
    let routes = ["orders", "cart"].map { name in
      RouteConfiguration(
        name: name, match: RouteMatch(path: .everything), legacy: "legacy", extracted: "shop")
    }
    return RoutingNumbers(ProxyConfiguration(upstreams: [], routes: routes))
  }

  private static func decision(_ side: Side, bucket: Int, route: Int = 0) -> RoutingDecision {
    RoutingDecision(routeIndex: route, side: side, upstream: 0, bucket: bucket)
  }

  private static func target(_ legacy: Double = 100, _ extracted: Double = 115)
    -> RouteWatch.Target
  {
    RouteWatch.Target(
      route: "orders", slowness: [SlownessThresholds(legacy: legacy, extracted: extracted)])
  }

  @Test func aRouteThatNobodyWatchesCostsNothing() throws {
    let watch = RouteWatch(workers: 1)
    let worker = watch.workers[0]
    #expect(worker.begin(Self.decision(.extracted, bucket: 1), at: 0) == nil)
    watch.follow([Self.target()], numbers: try Self.numbers())
    #expect(worker.begin(Self.decision(.extracted, bucket: 1, route: 1), at: 0) == nil)
    #expect(worker.begin(.noRoute, at: 0) == nil)
    #expect(worker.begin(Self.decision(.extracted, bucket: 1), at: 0) != nil)
    watch.follow([], numbers: try Self.numbers())
    #expect(worker.begin(Self.decision(.extracted, bucket: 1), at: 0) == nil)
    #expect(watch.take() == [:])
  }

  @Test func bothSidesOfAllWorkersAreAddedUp() throws {
    let watch = RouteWatch(workers: 2)
    watch.follow([Self.target()], numbers: try Self.numbers())
    let now = WorkerContext.clock()
    for (index, worker) in watch.workers.enumerated() {
      for bucket in 0..<10 {
        let side: Side = bucket < 3 ? .extracted : .legacy
        let request = try #require(
          worker.begin(Self.decision(side, bucket: 100 * index + bucket), at: now))
        let isSlow = bucket == 0
        worker.end(
          request, bucket == 1 ? .failed : .succeeded,
          at: now + (isSlow ? 120 : 1) * Self.millisecond)
      }
      _ = worker.begin(Self.decision(.legacy, bucket: 7), at: now)
    }
    let counts = try #require(watch.take()["orders"])
    #expect(counts.extracted.finished == 6 && counts.extracted.failed == 2)
    #expect(counts.legacy.finished == 14 && counts.legacy.failed == 0)
    #expect(counts.extracted.ages == [.init(judged: 6, slow: 2)])
    #expect(counts.legacy.inFlight == 2 && counts.extracted.inFlight == 0)
    let next = try #require(watch.take()["orders"])
    #expect(next.extracted.finished == 0 && next.legacy.inFlight == 2)
  }

  @Test func aUserWhoseRequestsFailCountsOnceWhicheverWorkerServesHer() throws {
    let watch = RouteWatch(workers: 2)
    watch.follow([Self.target()], numbers: try Self.numbers())
    let now = WorkerContext.clock()
    for worker in watch.workers {
      for _ in 0..<5 {
        let request = try #require(worker.begin(Self.decision(.extracted, bucket: 9), at: now))
        worker.end(request, .failed, at: now + Self.millisecond)
      }
    }
    let counts = try #require(watch.take()["orders"])
    #expect(counts.extracted.finished == 10 && counts.extracted.failed == 1)
    #expect(counts.extracted.judged == 1 && counts.extracted.judgedBad == 1)
    for (bucket, judged) in [(9, 0), (8, 1)] {
      let request = try #require(
        watch.workers[0].begin(Self.decision(.extracted, bucket: bucket), at: now))
      watch.workers[0].end(request, .succeeded, at: now + 2 * Self.millisecond)
      let next = try #require(watch.take()["orders"]?.extracted)
      #expect(next.succeeded == 1 && next.judged == judged && next.judgedBad == 0)
    }
  }

  @Test func ofAUsersRequestsWithinASecondTheFirstIsJudged() throws {
    let watch = RouteWatch(workers: 1)
    watch.follow([Self.target()], numbers: try Self.numbers())
    let now = WorkerContext.clock()
    let decision = Self.decision(.extracted, bucket: 9)
    let requests = try (0..<3).map { _ in try #require(watch.workers[0].begin(decision, at: now)) }
    // The last to begin is the first to end.
    for request in requests.reversed() { watch.workers[0].end(request, .succeeded, at: now) }
    let counts = try #require(watch.take()["orders"]?.extracted)
    #expect(counts.finished == 3 && counts.judged == 1)
  }

  @Test func whoLeavesBeforeAnAnswerIsNotJudged() throws {
    let watch = RouteWatch(workers: 1)
    watch.follow([Self.target()], numbers: try Self.numbers())
    let now = WorkerContext.clock()
    let request = try #require(
      watch.workers[0].begin(Self.decision(.extracted, bucket: 9), at: now))
    watch.workers[0].end(request, .abandoned, at: now + Self.millisecond)
    let counts = try #require(watch.take()["orders"])
    #expect(counts.extracted == SideCounts(ages: [.init()]))
  }

  @Test func whatABreakerRefusedIsNeitherFinishedNorFailedNorSlow() throws {
    let watch = RouteWatch(workers: 1)
    watch.follow([Self.target()], numbers: try Self.numbers())
    let now = WorkerContext.clock()
    let request = try #require(
      watch.workers[0].begin(Self.decision(.extracted, bucket: 9), at: now))
    watch.workers[0].end(request, .keptAway, at: now + 500 * Self.millisecond)
    let counts = try #require(watch.take()["orders"])
    #expect(counts.extracted == SideCounts(keptAway: 1, ages: [.init()]))
  }

  @Test func aRequestOfACutoverThatHasEndedIsNotTheNextOnes() throws {
    let watch = RouteWatch(workers: 1)
    let numbers = try Self.numbers()
    watch.follow([Self.target()], numbers: numbers)
    let now = WorkerContext.clock()
    let request = try #require(
      watch.workers[0].begin(Self.decision(.extracted, bucket: 9), at: now))
    watch.follow([], numbers: numbers)
    watch.follow([Self.target()], numbers: numbers)
    watch.workers[0].end(request, .failed, at: now + Self.millisecond)
    #expect(watch.take()["orders"]?.extracted == SideCounts(ages: [.init()]))
  }

  @Test func otherThresholdsLeaveTheCountsAlone() throws {
    let watch = RouteWatch(workers: 1)
    let numbers = try Self.numbers()
    watch.follow([Self.target()], numbers: numbers)
    let now = WorkerContext.clock()
    let request = try #require(
      watch.workers[0].begin(Self.decision(.extracted, bucket: 9), at: now))
    watch.follow([Self.target(10, 20)], numbers: numbers)
    watch.workers[0].end(request, .succeeded, at: now + 30 * Self.millisecond)
    #expect(watch.take()["orders"]?.extracted.ages == [.init(judged: 1, slow: 1)])
  }
}
