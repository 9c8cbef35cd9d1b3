// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import StranglerDemo

@Suite struct TrafficPartsTests {
  @Test func `a steady stream keeps its interval and does not catch up`() {
    let start = ContinuousClock().now
    var pacer = Pacer(perSecond: 10, start: start)
    #expect(pacer.next(now: start) == start)
    #expect(pacer.next(now: start) == start + .milliseconds(100))
    let late = start + .seconds(5)
    #expect(pacer.next(now: late) == late)
    #expect(pacer.next(now: late) == late + .milliseconds(100))
  }

  @Test func `browsing never writes, shopping writes about one time in twelve`() {
    var random = SeededRandom(seed: 1)
    var writes = 0
    for _ in 0..<12_000 {
      let browsing = OperationMix.browsing.next(orders: 10, skus: ["A"], using: &random)
      if case .placeOrder = browsing { Issue.record("browsing wrote") }
      let shopping = OperationMix.shopping.next(orders: 10, skus: ["A"], using: &random)
      if case .placeOrder = shopping { writes += 1 }
    }
    #expect((800...1_200).contains(writes))
  }

  @Test(.timeLimit(.minutes(1)))
  func `closing the gate waits for the writes inside and turns others away`() async {
    let gate = WriteGate()
    #expect(gate.enter())
    let closing = Task { await gate.close() }
    while gate.enter() {
      gate.leave()
      await Task.yield()
    }
    #expect(!gate.enter())
    gate.leave()
    await closing.value
    #expect(!gate.enter())
    gate.open()
    #expect(gate.enter())
  }
}
