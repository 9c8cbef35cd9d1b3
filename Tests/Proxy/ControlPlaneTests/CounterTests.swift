// SPDX-License-Identifier: Apache-2.0

import ProxyDataPlane
import RoutingDecisions
import Testing

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
