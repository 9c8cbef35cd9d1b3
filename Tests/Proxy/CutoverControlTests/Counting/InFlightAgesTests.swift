// SPDX-License-Identifier: Apache-2.0

import CutoverControl
import CutoverSimulation
import Testing

@Suite("Ages of requests in flight")
struct InFlightAgesTests {
  private typealias Tally = InFlightAges.Tally

  @Test("A request that hangs is slow as soon as its age passes the threshold, and once")
  func hanging() {
    var ages = InFlightAges(thresholds: [100, 500])
    let ticket = ages.begin(at: 0)
    #expect(ages.take(at: 100) == [Tally(), Tally()])
    #expect(ages.take(at: 101) == [Tally(judged: 1, slow: 1), Tally()])
    #expect(ages.take(at: 501) == [Tally(), Tally(judged: 1, slow: 1)])
    ages.end(ticket, at: 10_000)
    #expect(ages.take(at: 10_000) == [Tally(), Tally()])
  }

  @Test("One that ends is judged by its age then")
  func ended() {
    var ages = InFlightAges(thresholds: [100])
    let (fast, slow) = (ages.begin(at: 0), ages.begin(at: 0))
    ages.end(fast, at: 100)
    ages.end(slow, at: 101)
    #expect(ages.take(at: 101) == [Tally(judged: 2, slow: 1)])
  }

  @Test("One that its client gave up is not judged, unless it was slow before")
  func abandoned() {
    var ages = InFlightAges(thresholds: [100])
    let early = ages.begin(at: 0)
    ages.abandon(early)
    #expect(ages.take(at: 1_000) == [Tally()])
    let late = ages.begin(at: 1_000)
    #expect(ages.take(at: 1_101) == [Tally(judged: 1, slow: 1)])
    ages.abandon(late)
    #expect(ages.take(at: 2_000) == [Tally()])
  }

  @Test("Beyond the limit requests are judged when they end")
  func limit() {
    var ages = InFlightAges(thresholds: [100])
    let tickets = (0...InFlightAges.limit).map { _ in ages.begin(at: 0) }
    #expect(ages.take(at: 200) == [Tally(judged: InFlightAges.limit, slow: InFlightAges.limit)])
    ages.end(tickets[InFlightAges.limit], at: 201)
    #expect(ages.take(at: 201) == [Tally(judged: 1, slow: 1)])
    // There is room again.
    _ = ages.begin(at: 300)
    #expect(ages.take(at: 401) == [Tally(judged: 1, slow: 1)])
  }

  @Test("Every request is judged exactly once, whatever the thresholds do", arguments: 1...5)
  func onceEach(seed: UInt64) {
    var random = SimulatedRandom(seed: seed)
    var ages = InFlightAges(thresholds: [50, 200])
    var open: [InFlightAges.Ticket] = []
    var begun = 0
    var judged = [0, 0]
    for now in 0..<20_000 as Range<UInt64> {
      if random.unit() < 0.8 {
        open.append(ages.begin(at: now))
        begun += 1
      }
      if !open.isEmpty, random.unit() < 0.75 {
        ages.end(open.remove(at: Int(random.next() % UInt64(open.count))), at: now)
      }
      if now % 100 == 0 {
        for (index, tally) in ages.take(at: now).enumerated() {
          judged[index] += tally.judged
          #expect(tally.slow <= tally.judged)
        }
        ages.setThresholds([20 + 200 * random.unit(), 100 + 500 * random.unit()])
      }
    }
    for ticket in open { ages.end(ticket, at: 20_000) }
    for (index, tally) in ages.take(at: 20_000).enumerated() { judged[index] += tally.judged }
    #expect(judged == [begun, begun], "seed \(seed)")
  }
}
