// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import Testing

@testable import ProxyDataPlane

@Suite(.timeLimit(.minutes(1))) struct CounterTests {
  @Test func loopsCountSideBySideAndAreAddedUp() async {
    let counters = ProxyCounters(
      routes: ["a", "b"], upstreams: ["u"], rejectionReasons: [], failureReasons: [], workers: 4)
    await withTaskGroup(of: Void.self) { group in
      for index in 0..<4 {
        group.addTask {
          let worker = counters.worker(index)
          for _ in 0..<10_000 {
            worker.requestFinished(route: 1, side: .legacy, status: 200, nanoseconds: 2_000_000)
            worker.upstreamOpened()
          }
        }
      }
    }
    let snapshot = counters.snapshot()
    #expect(snapshot.upstreamsOpen == 40_000)
    let counted = snapshot.routes.filter { $0.requests > 0 }
    #expect(counted.map(\.route) == ["b"])
    #expect(counted.first?.statusClasses == [0, 40_000, 0, 0, 0, 0])
    #expect(counted.first?.latencyBuckets[2] == 40_000)
    #expect(counted.first?.latencySum == 80_000_000_000)
  }

  @Test func numbersGoOnWhenRoutesAndUpstreamsAreAdded() throws {
    let upstream = UpstreamConfiguration(name: "u", target: .module("u"))
    let first = RouteConfiguration(
      name: "a", match: RouteMatch(path: .everything), legacy: "u")
    let configuration = ProxyConfiguration(upstreams: [upstream], routes: [first])
    let counters = ProxyCounters(
      configuration, rejectionReasons: ["r"], failureReasons: ["f"])
    func count(on worker: WorkerCounters, route: Int, upstream: Int) {
      worker.requestFinished(route: route, side: .legacy, status: 200, nanoseconds: 1)
      worker.fellBack(route: route)
      worker.rejected(reason: 0)
      worker.upstreamFailed(upstream: upstream, reason: 0)
      worker.clientOpened()
    }
    count(on: counters.worker(0), route: 0, upstream: 0)
    var next = configuration
    next.upstreams[0].target = .module("v")
    next.routes.append(first)
    next.routes[1].name = "b"
    counters.grow(try #require(RoutingNumbers(configuration).adopting(next)))
    let before = counters.snapshot()
    #expect(before.routes.map(\.requests) == [0, 0, 1, 0, 0, 0])
    let grown = counters.growWorker(0)
    count(on: grown, route: 1, upstream: 1)
    count(on: grown, route: -1, upstream: 0)
    let after = counters.snapshot()
    #expect(after.routes.map(\.route) == [nil, nil, "a", "a", "b", "b"])
    #expect(after.routes.map(\.requests) == [1, 0, 1, 0, 1, 0])
    #expect(after.fallbacks.map(\.count) == [1, 1, 1])
    #expect(after.rejections.map(\.count) == [3, 0])
    #expect(after.clientsOpen == 3)
    // Both numbers of the upstream stand under its one name.
    #expect(after.upstreamFailures.map(\.count) == [3, 0])
  }

  @Test func everyNumberHasASlotOfItsOwn() {
    let counters = ProxyCounters(
      routes: ["a", "b"], upstreams: ["u", "v"], rejectionReasons: ["r"], failureReasons: ["f"],
      workers: 1)
    let worker = counters.worker(0)
    for route in -1...1 {
      for side in Side.allCases {
        for status in [0, 100, 200, 300, 400, 500, 700] {
          worker.requestFinished(route: route, side: side, status: status, nanoseconds: 0)
        }
      }
      worker.fellBack(route: route)
      worker.retried(route: route)
    }
    for upstream in 0...1 {
      for reason in -1...1 { worker.upstreamFailed(upstream: upstream, reason: reason) }
    }
    worker.rejected(reason: 0)
    let snapshot = counters.snapshot()
    #expect(snapshot.routes.count == 6)
    for side in snapshot.routes {
      #expect(side.statusClasses == [1, 1, 1, 1, 1, 2])
      #expect(side.latencyBuckets.first == 7)
    }
    #expect(snapshot.fallbacks.map(\.count) == [1, 1, 1])
    #expect(snapshot.retries.map(\.count) == [1, 1, 1])
    #expect(snapshot.rejections.map(\.count) == [1, 0])
    #expect(snapshot.upstreamFailures.map(\.count) == [1, 2, 1, 2])
  }
}
