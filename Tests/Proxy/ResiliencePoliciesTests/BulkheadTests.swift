// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies
import Testing

@Suite("Bulkhead")
struct BulkheadTests {
  @Test("Places, then the line, then no")
  func order() {
    var bulkhead = Bulkhead(limit: 2, queue: 1)
    let entries = (0..<4).map { _ in bulkhead.enter() }
    #expect(entries == [.admitted, .admitted, .queued, .refused])
    let isPassedOn = bulkhead.leave()
    #expect(isPassedOn)
    #expect(bulkhead.inFlight == 2)
    #expect(bulkhead.waiting == 0)
  }

  @Test("Nobody overtakes the line")
  func fairness() {
    var bulkhead = Bulkhead(limit: 1, queue: 5)
    let first = (0..<2).map { _ in bulkhead.enter() }
    #expect(first == [.admitted, .queued])
    let isPassedOn = bulkhead.leave()
    #expect(isPassedOn)
    let late = bulkhead.enter()
    #expect(late == .queued)
    bulkhead.leaveQueue()
    let isFree = !bulkhead.leave()
    #expect(isFree)
    let last = bulkhead.enter()
    #expect(last == .admitted)
  }

  @Test("The workers' shares add up to the limits", arguments: [1, 2, 3, 7, 16])
  func shares(workers: Int) {
    let rules = BulkheadRules(inFlight: 100, queue: 33)
    let shares = (0..<workers).map { Bulkhead(rules, worker: $0, of: workers) }
    #expect(shares.map(\.limit).reduce(0, +) == 100)
    #expect(shares.map(\.queueLimit).reduce(0, +) == 33)
    let limits = shares.map(\.limit)
    #expect((limits.max() ?? 0) - (limits.min() ?? 0) <= 1)
  }

  @Test("Whatever happens, the limits hold and nobody is forgotten", arguments: 1...20)
  func model(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let limit = Int(random.next() % 5) + 1
    let queue = Int(random.next() % 5)
    var bulkhead = Bulkhead(limit: limit, queue: queue)
    var inFlight = 0
    var waiting = 0
    for _ in 0..<5000 {
      switch random.next() % 3 {
      case 0:
        switch bulkhead.enter() {
        case .admitted: inFlight += 1
        case .queued: waiting += 1
        case .refused: #expect(inFlight == limit && waiting == queue, "seed \(seed)")
        }
      case 1 where inFlight > 0:
        if bulkhead.leave() { waiting -= 1 } else { inFlight -= 1 }
      case 2 where waiting > 0:
        bulkhead.leaveQueue()
        waiting -= 1
      default: break
      }
      #expect(bulkhead.inFlight == inFlight && bulkhead.waiting == waiting, "seed \(seed)")
      #expect(inFlight <= limit && waiting <= queue, "seed \(seed)")
      #expect(waiting == 0 || inFlight == limit, "seed \(seed): a free place and somebody waits")
    }
  }
}
