// SPDX-License-Identifier: Apache-2.0

import ResiliencePolicies
package import TransactionalMessaging

/// A bulkhead as a book of who came when: nothing is counted along, every answer is read off the
/// book.
private struct BulkheadSimulation {
  private enum Stay {
    case inside
    case waiting(until: UInt64)
    case gone
  }

  let rules: BulkheadRules
  private var book: [(ticket: UInt64, stay: Stay)] = []

  init(_ rules: BulkheadRules) { self.rules = rules }

  var inside: Int { book.count { if case .inside = $0.stay { true } else { false } } }

  /// Numbers in the book of those who still wait at that time, in the order in which they came.
  private func queue(at now: UInt64) -> [Int] {
    book.indices.filter { index in
      if case .waiting(let until) = book[index].stay { until > now } else { false }
    }
  }

  mutating func come(_ ticket: UInt64, at now: UInt64, deadline: UInt64) -> Bulkhead.Entry {
    let queue = queue(at: now)
    if queue.isEmpty, inside < rules.inFlight {
      book.append((ticket, .inside))
      return .place
    }
    let (seconds, attoseconds) = rules.wait.components
    let wait = UInt64(seconds) * 1000 + UInt64(attoseconds) / 1_000_000_000_000_000
    let until = deadline < now + wait ? deadline : now + wait
    if until <= now || queue.count >= rules.queue { return .full }
    book.append((ticket, .waiting(until: until)))
    return .line(until: until)
  }

  /// Somebody inside goes; who is next?
  mutating func go(at now: UInt64) -> UInt64? {
    guard let leaver = book.firstIndex(where: { if case .inside = $0.stay { true } else { false } })
    else { return nil }
    book[leaver].stay = .gone
    guard let heir = queue(at: now).first else { return nil }
    book[heir].stay = .inside
    return book[heir].ticket
  }

  mutating func giveUp(_ ticket: UInt64, at now: UInt64) {
    for index in queue(at: now) where book[index].ticket == ticket { book[index].stay = .gone }
  }
}

/// Random comings and goings at a small bulkhead.
package enum BulkheadCheck: ModelCheck {
  /// What somebody is told.
  private enum Answer: Equatable {
    case entry(Bulkhead.Entry)
    case next(UInt64?)
    case nothing
  }

  package static func sequence(
    _ random: inout SeededGenerator
  ) -> (events: Int, difference: String?) {
    let rules = BulkheadRules(
      inFlight: random.number(1...4), queue: random.number(0...4),
      wait: .milliseconds(random.number(0...30)))
    var machine = Bulkhead(rules)
    var simulation = BulkheadSimulation(rules)
    var now: UInt64 = 0
    var tickets: UInt64 = 0
    let events = random.number(10...60)
    for event in 1...events {
      now += random.next() % 8
      let said: (machine: Answer, simulation: Answer)
      switch random.next() % 8 {
      case 0..<4:
        tickets += 1
        let deadline = random.once(in: 3) ? now + random.next() % 12 : .max
        said = (
          .entry(machine.enter(tickets, at: now, deadline: deadline)),
          .entry(simulation.come(tickets, at: now, deadline: deadline))
        )
      case 4..<7 where simulation.inside > 0:
        said = (.next(machine.leave(at: now)), .next(simulation.go(at: now)))
      default:
        let ticket = random.next() % (tickets + 1)
        machine.withdraw(ticket)
        simulation.giveUp(ticket, at: now)
        said = (.nothing, .nothing)
      }
      if said.machine != said.simulation || machine.inFlight != simulation.inside
        || machine.inFlight > rules.inFlight
      {
        return (event, "event \(event) of \(rules): \(said), \(machine.inFlight) inside")
      }
    }
    return (events, nil)
  }
}
