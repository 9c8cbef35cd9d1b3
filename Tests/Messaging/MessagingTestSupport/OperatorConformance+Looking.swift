// SPDX-License-Identifier: Apache-2.0

import MessagingConformance
import TransactionalMessaging

/// What operators see while events come and go, and the end of a relay.
extension OperatorConformance {
  static func countsWhatIsSent(_ subject: OperatorUnderTest) async throws {
    _ = try await subject.relay.append(SampleEvents.events(6, aggregates: ["a", "b"]))
    let request = LeaseRequest(relay: "r", owner: "o", now: 0, until: now + 1)
    guard let position = try await subject.relay.store.acquire(request) else {
      throw ConformanceFailure(description: "no lease")
    }
    let start = position.cursor
    let page = try await subject.relay.store.events(after: start, limit: PageLimit(events: 10))
    func save(_ cursor: RelayCursor) async throws {
      try await subject.relay.store.save(
        RelayProgress(lease: position.lease, leaseUntil: now + 1, cursor: cursor))
    }
    let first = try await subject.outbox.report(now: now)
    try require(first.relays.map(\.throughput) == [nil], "\(first)")
    try await save(page.cursor(after: page.events[1], from: start))
    let second = try await subject.outbox.report(now: now + 500, since: first)
    try require(second.relays.map(\.throughput) == [4], "\(second)")
    try await save(page.end(from: start))
    let third = try await subject.outbox.report(now: now + 1_500, since: second)
    try require(third.relays.map(\.throughput) == [4], "\(third)")
    _ = try await subject.relay.append([SampleEvents.event(7)])
    let fourth = try await subject.outbox.report(now: now + 2_500, since: third)
    try require(fourth.relays.map(\.throughput) == [0], "\(fourth)")
    let whole = try await subject.outbox.report(now: now + 3_000, since: first)
    try require(whole.relays.map(\.throughput) == [2], "\(whole)")
  }

  static func forgets(_ subject: OperatorUnderTest) async throws {
    let lease = try await park(subject)
    let early = try await subject.outbox.forget(relay: "r", order)
    try require(!early, "a relay was forgotten under somebody's lease")
    try await subject.relay.store.release(lease)
    let unknown = try await subject.outbox.forget(relay: "x", order)
    try require(!unknown, "there is no relay x")
    let done = try await subject.outbox.forget(relay: "r", order)
    let again = try await subject.outbox.forget(relay: "r", order)
    try require(done && !again, "forgot \(done), then \(again)")
    let report = try await subject.outbox.report(now: now)
    try require(report.relays.isEmpty, "\(report)")
    let letters = try await subject.outbox.deadLetters(DeadLetterSelection(states: [.dead]))
    try require(letters.isEmpty, "\(letters)")
    let history = try await subject.outbox.history(limit: 10)
    try require(
      history.map(\.action) == ["forget"] && history[0].relay == "r" && history[0].actor == "ada"
        && history[0].reason == "fixed" && history[0].position == 6, "\(history)")
    // Whoever held the lease writes nothing more, and a relay of that name begins anew.
    do {
      try await subject.relay.store.renew(lease, until: now + 10)
      throw ConformanceFailure(description: "a forgotten relay renewed its lease")
    } catch is RelayFenced {}
    let request = LeaseRequest(relay: "r", owner: "p", now: now, until: now + 1)
    guard let position = try await subject.relay.store.acquire(request) else {
      throw ConformanceFailure(description: "no lease")
    }
    let page = try await subject.relay.store.events(
      after: position.cursor, limit: PageLimit(events: 10))
    try require(page.events.count == 6 && position.parked.isEmpty, "\(page.events.count) events")
  }

  static func follows(_ subject: OperatorUnderTest) async throws {
    let before = try await subject.relay.append(SampleEvents.events(3, aggregates: ["a"]))
    var tail = OutboxTail(subject.database)
    let last = try await tail.begin(last: 2)
    try require(last == Array(before.suffix(2)), "\(last)")
    var found = try await tail.next(limit: 10)
    try require(found.isEmpty, "\(found)")
    try await subject.relay.appendAborted([SampleEvents.event(4)])
    let slow = try await subject.relay.open?([SampleEvents.event(9, aggregate: "slow")])
    let more = try await subject.relay.append(
      (5...8).map { SampleEvents.event($0, aggregate: "b") })
    // In pieces; what is committed meanwhile belongs to the next one.
    found = try await tail.next(limit: 3)
    try require(found == Array(more.prefix(3)), "\(found)")
    let later = try await subject.relay.append([SampleEvents.event(10, aggregate: "b")])
    found = []
    for _ in 0..<3 { found += try await tail.next(limit: 3) }
    try require(found == more.suffix(1) + later, "\(found)")
    guard let slow else { return }
    try await slow.commit([])
    found = try await tail.next(limit: 3)
    try require(found.map(\.event.aggregateID) == ["slow"], "\(found)")
    found = try await tail.next(limit: 3)
    try require(found.isEmpty, "\(found)")
  }

  static func followsWhatIsChosen(_ subject: OperatorUnderTest) async throws {
    var filter = OutboxTail.Filter()
    filter.aggregateType = "order"
    filter.aggregateID = "b"
    filter.type = "order-changed"
    var tail = OutboxTail(subject.database, filter)
    _ = try await subject.relay.append(SampleEvents.events(4, aggregates: ["a", "b"]))
    let last = try await tail.begin(last: 10)
    try require(last.map(\.event.id) == [1, 3].map(SampleEvents.id), "\(last)")
    _ = try await subject.relay.append(
      (5...8).map { SampleEvents.event($0, aggregate: $0 % 2 == 0 ? "a" : "b") })
    let found = try await tail.next(limit: 10)
    try require(found.map(\.event.id) == [5, 7].map(SampleEvents.id), "\(found)")
    filter.tenant = "nobody"
    var other = OutboxTail(subject.database, filter)
    let none = try await other.begin(last: 10)
    try require(none.isEmpty, "\(none)")
  }
}
