// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies
package import TransactionalMessaging

/// Random requests, outcomes, health checks and waits at a circuit breaker.
package enum BreakerCheck: ModelCheck {
  /// A request under way, as both know it.
  private struct Request {
    let pass: CircuitBreaker.Pass
    let number: Int
    let epoch: Int
  }

  private struct Pair {
    var machine: CircuitBreaker
    var simulation: BreakerSimulation
    var now: UInt64 = 0
    var underWay: [Request] = []

    init(_ rules: BreakerRules) {
      machine = CircuitBreaker(rules)
      simulation = BreakerSimulation(rules)
    }
  }

  package static func sequence(
    _ random: inout SeededGenerator
  ) -> (events: Int, difference: String?) {
    let rules = rules(&random)
    var pair = Pair(rules)
    let events = random.number(10...80)
    let failing = random.next() % 5
    for event in 1...events {
      pair.now += random.once(in: 6) ? random.next() % 80 : random.next() % 4
      let said: String?
      switch random.next() % 12 {
      case 0..<5: said = ask(&pair, &random)
      case 5..<10 where !pair.underWay.isEmpty: said = end(&pair, &random, failing)
      case 10: said = check(&pair, &random)
      default: said = passUncounted(&pair, &random)
      }
      if let difference = said ?? states(pair) {
        return (event, "event \(event) at \(pair.now) of \(rules): \(difference)")
      }
    }
    return (events, nil)
  }

  private static func rules(_ random: inout SeededGenerator) -> BreakerRules {
    let window = random.one(of: [5, 20, 55, 100])
    let trip: BreakerRules.Trip =
      random.once(in: 2)
      ? .consecutive(failures: random.number(1...6))
      : .rate(
        percent: random.one(of: [5, 20, 50, 100]), window: .milliseconds(window),
        minimum: random.number(1...8))
    return BreakerRules(
      trip: trip, open: .milliseconds(random.number(1...50)), successes: random.number(1...4),
      readmission: .milliseconds(random.once(in: 2) ? 0 : random.number(1...60)))
  }

  private static func ask(_ pair: inout Pair, _ random: inout SeededGenerator) -> String? {
    let isReplaceable = random.once(in: 2)
    let draw = random.next()
    let admission = pair.machine.admit(at: pair.now, isReplaceable: isReplaceable, draw: draw)
    let number = pair.simulation.ask(
      at: pair.now, isReplaceable: isReplaceable, draw: Double(draw) / Double(UInt64.max))
    switch (admission.admission, number) {
    case (.refused, nil): return nil
    case (.passed(let pass), let number?):
      pair.underWay.append(Request(pass: pass, number: number, epoch: pair.simulation.epoch))
      return nil
    default: return "\(admission.admission) where \(number.map { "\($0)" } ?? "refused") was due"
    }
  }

  private static func end(
    _ pair: inout Pair, _ random: inout SeededGenerator, _ failing: UInt64
  ) -> String? {
    let request = pair.underWay.remove(at: random.number(0...pair.underWay.count - 1))
    let otherSide = random.once(in: 3) ? random.one(of: [0, 0.05, 0.15, 0.3, 0.5, 0.95]) : nil
    let isSuccess = random.once(in: 10) ? nil : random.next() % 5 >= failing
    switch isSuccess {
    case true?: _ = pair.machine.succeeded(request.pass, at: pair.now)
    case false?: _ = pair.machine.failed(request.pass, at: pair.now, otherSide: otherSide)
    case nil: pair.machine.abandoned(request.pass)
    }
    pair.simulation.end(
      request.number, ofEpoch: request.epoch, isSuccess: isSuccess, at: pair.now,
      otherSide: otherSide)
    return nil
  }

  private static func check(_ pair: inout Pair, _ random: inout SeededGenerator) -> String? {
    let start = pair.now - min(pair.now, random.next() % 20)
    _ = pair.machine.checkPassed(since: start)
    pair.simulation.check(since: start, at: pair.now)
    return nil
  }

  private static func passUncounted(_ pair: inout Pair, _ random: inout SeededGenerator) -> String?
  {
    let count = random.number(1...3)
    pair.machine.succeeded(
      UInt32(count), generation: pair.machine.generation, at: pair.now)
    pair.simulation.passUncounted(count, ofEpoch: pair.simulation.epoch, at: pair.now)
    return nil
  }

  private static func states(_ pair: Pair) -> String? {
    if pair.machine.state == pair.simulation.state,
      Int(pair.machine.generation) == pair.simulation.epoch
    {
      return nil
    }
    return "\(pair.machine.state) where \(pair.simulation.state) was due"
  }
}
