// SPDX-License-Identifier: Apache-2.0

package import MessagingConformance
package import TransactionalMessaging

/// A database under test as its operators see it, and what makes work for them.
package struct OperatorUnderTest: Sendable {
  package var database: any OperatorDatabase
  package var relay: RelayStoreUnderTest
  package var inbox: InboxUnderTest
  /// Changes rows as nobody should.
  package var tamper: @Sendable (String) async throws -> Void

  package init(
    database: any OperatorDatabase, relay: RelayStoreUnderTest, inbox: InboxUnderTest,
    tamper: @escaping @Sendable (String) async throws -> Void
  ) {
    self.database = database
    self.relay = relay
    self.inbox = inbox
    self.tamper = tamper
  }

  var outbox: OutboxOperator { OutboxOperator(database) }
}

/// What operators must see and be able to do; each check starts with an empty database.
package enum OperatorConformance: String, CaseIterable, Sendable {
  case countsWhatIsUnsent
  case listsAParkedAggregateAtItsFirstEvent
  case replaysAParkedAggregate
  case skipsOneEventAtATime
  case leavesAloneWhatWentOn
  case listsWhatAConsumerCannotApply
  case skipsForAConsumer
  case findsNothingWrongWithASoundOutbox
  case findsWhatWasTamperedWith
  case readsOnPastARowThatCannotBeRead
  case countsWhatIsSentMeanwhile
  case forgetsARelayThatNobodyRuns
  case followsWhatIsCommitted
  case followsWhatIsChosen

  package func check(_ subject: OperatorUnderTest) async throws {
    switch self {
    case .countsWhatIsUnsent: try await Self.countsWhatIsUnsent(subject)
    case .listsAParkedAggregateAtItsFirstEvent: try await Self.listsAParkedAggregate(subject)
    case .replaysAParkedAggregate: try await Self.replaysAParkedAggregate(subject)
    case .skipsOneEventAtATime: try await Self.skipsOneEventAtATime(subject)
    case .leavesAloneWhatWentOn: try await Self.leavesAloneWhatWentOn(subject)
    case .listsWhatAConsumerCannotApply: try await Self.listsWhatAConsumerCannotApply(subject)
    case .skipsForAConsumer: try await Self.skipsForAConsumer(subject)
    case .findsNothingWrongWithASoundOutbox: try await Self.findsNothingWrong(subject)
    case .findsWhatWasTamperedWith: try await Self.findsTampering(subject)
    case .readsOnPastARowThatCannotBeRead: try await Self.readsOnPastADefect(subject)
    case .countsWhatIsSentMeanwhile: try await Self.countsWhatIsSent(subject)
    case .forgetsARelayThatNobodyRuns: try await Self.forgets(subject)
    case .followsWhatIsCommitted: try await Self.follows(subject)
    case .followsWhatIsChosen: try await Self.followsWhatIsChosen(subject)
    }
  }

  private static let key = AggregateKey(type: "order", id: "a")
  static let now: Int64 = 1_700_000_001_000
  static let order = OutboxOperator.Order(actor: "ada", reason: "fixed", now: now)

  /// Six events of two aggregates, all passed by relay `r`, aggregate `a` parked at its second.
  static func park(_ subject: OperatorUnderTest) async throws -> RelayLease {
    let appended = try await subject.relay.append(SampleEvents.events(6, aggregates: ["a", "b"]))
    let request = LeaseRequest(relay: "r", owner: "o", now: 0, until: now + 1)
    guard let position = try await subject.relay.store.acquire(request) else {
      throw ConformanceFailure(description: "no lease")
    }
    let page = try await subject.relay.store.events(
      after: position.cursor, limit: PageLimit(events: 10))
    let second = appended.filter { $0.event.aggregateID == "a" }[1]
    try await subject.relay.store.save(
      RelayProgress(
        lease: position.lease, leaseUntil: now + 1, cursor: page.end(from: position.cursor),
        parked: [
          ParkedAggregate(
            aggregate: key, firstSequence: second.sequence, attempts: 3, nextAt: 5,
            lastError: "refused", fingerprint: "f", state: .dead)
        ]))
    return position.lease
  }

  private static func letters(_ subject: OperatorUnderTest) async throws -> [DeadLetter] {
    try await subject.outbox.deadLetters(DeadLetterSelection(states: [.dead, .gap, .retrying]))
  }

  // MARK: - Relays

  private static func countsWhatIsUnsent(_ subject: OperatorUnderTest) async throws {
    let empty = try await subject.outbox.report(now: now)
    try require(
      empty.lastSequence == 0 && empty.relays.isEmpty && empty.consumers.isEmpty, "\(empty)")
    _ = try await subject.relay.append(SampleEvents.events(5, aggregates: ["a"]))
    let request = LeaseRequest(relay: "r", owner: "o", now: 0, until: now + 1)
    guard let position = try await subject.relay.store.acquire(request) else {
      throw ConformanceFailure(description: "no lease")
    }
    let start = position.cursor
    let page = try await subject.relay.store.events(after: start, limit: PageLimit(events: 10))
    for (cursor, unsent) in [
      (start, 5), (page.cursor(after: page.events[1], from: start), 3), (page.end(from: start), 0),
    ] {
      try await subject.relay.store.save(
        RelayProgress(lease: position.lease, leaseUntil: now + 1, cursor: cursor))
      let report = try await subject.outbox.report(now: now)
      try require(report.relays.map(\.name) == ["r"], "\(report)")
      let relay = report.relays[0]
      let age: Int64? = unsent == 0 ? nil : 994 + Int64(unsent)
      try require(
        relay.unsent == Int64(unsent) && relay.oldestUnsentMilliseconds == age,
        "\(unsent) unsent: \(relay)")
      try require(
        relay.owner == "o" && relay.epoch == 1 && relay.dead + relay.retrying == 0, "\(relay)")
    }
    let later = try await subject.outbox.report(now: now + 1)
    try require(later.relays.first?.owner == nil, "the lease has ended: \(later)")
    try require(later.lastSequence == 5, "\(later)")
  }

  private static func listsAParkedAggregate(_ subject: OperatorUnderTest) async throws {
    _ = try await park(subject)
    let found = try await letters(subject)
    try require(found.count == 1, "\(found)")
    let letter = found[0]
    try require(
      letter.relay == "r" && letter.consumer == nil && letter.aggregate == key, "\(letter)")
    try require(
      letter.state == .dead && letter.attempts == 3 && letter.lastError == "refused"
        && letter.fingerprint == "f", "\(letter)")
    try require(
      letter.position == 4 && letter.eventID == SampleEvents.id(4)
        && letter.eventType == "order-changed" && letter.occurredAt == 1_700_000_000_004
        && letter.behind == 1, "\(letter)")
    let report = try await subject.outbox.report(now: now)
    try require(report.relays.map(\.dead) == [1] && report.relays[0].unsent == 0, "\(report)")
  }

  private static func replaysAParkedAggregate(_ subject: OperatorUnderTest) async throws {
    let lease = try await park(subject)
    let done = try await subject.outbox.replay(try await letters(subject), order)
    try require(done == 1, "replayed \(done)")
    let after = try await letters(subject)
    try require(after.map(\.state) == [.retrying] && after.map(\.attempts) == [0], "\(after)")
    try await subject.relay.store.release(lease)
    let request = LeaseRequest(relay: "r", owner: "other", now: 0, until: 1)
    let other = try await subject.relay.store.acquire(request)
    try require(other == nil, "a superseded owner gave the lease away")
    let history = try await subject.outbox.history(limit: 10)
    try require(history.map(\.action) == ["replay"] && history[0].actor == "ada", "\(history)")
    try require(
      history[0].attempts == 3 && history[0].lastError == "refused" && history[0].at == now
        && history[0].relay == "r" && history[0].position == 4, "\(history)")
  }

  private static func skipsOneEventAtATime(_ subject: OperatorUnderTest) async throws {
    _ = try await park(subject)
    for position in [4, 6] as [Int64] {
      let found = try await letters(subject)
      try require(found.map(\.position) == [position], "\(found)")
      let done = try await subject.outbox.skip(found, order)
      try require(done == 1, "skipped \(done)")
      try await subject.tamper("UPDATE parked SET state = 'dead'")
    }
    let left = try await letters(subject)
    try require(left.count == 1 && left[0].eventID == nil && left[0].behind == 0, "\(left)")
    let history = try await subject.outbox.history(limit: 1)
    try require(history.map(\.position) == [6] && history[0].action == "skip", "\(history)")
  }

  private static func leavesAloneWhatWentOn(_ subject: OperatorUnderTest) async throws {
    _ = try await park(subject)
    let seen = try await letters(subject)
    _ = try await subject.outbox.replay(seen, order)
    let early = try await subject.outbox.skip(seen, order)
    try require(early == 0, "what is tried again was given up")
    try await subject.tamper("UPDATE parked SET state = 'dead'")
    _ = try await subject.outbox.skip(seen, order)
    let again = try await subject.outbox.skip(seen, order)
    try require(again == 0, "what was seen before was given up again")
    let replayed = try await subject.outbox.replay(seen, order)
    try require(replayed == 0, "what was given up was replayed")
    let history = try await subject.outbox.history(limit: 10)
    try require(history.map(\.action) == ["skip", "replay"], "\(history)")
  }

  // MARK: - Consumers

  private static func received(_ version: Int64, _ number: Int) -> ReceivedEvent {
    ReceivedEvent(version: version, event: SampleEvents.event(number))
  }

  private static func listsWhatAConsumerCannotApply(_ subject: OperatorUnderTest) async throws {
    let policy = InboxPolicy(attempts: 1)
    let failing = subject.inbox.inbox(policy) { _ in true }
    for version in 1...3 {
      _ = try await failing.receive(received(Int64(version), version), now: 0)
    }
    let gap = ReceivedEvent(version: 5, event: SampleEvents.event(9, aggregate: "b"))
    _ = try await failing.receive(gap, now: 0)
    let found = try await letters(subject)
    try require(found.map(\.state) == [.dead, .gap], "\(found)")
    try require(found.map(\.position) == [1, 1] && found.map(\.behind) == [2, 1], "\(found)")
    try require(found.map(\.consumer) == ["c", "c"], "\(found)")
    try require(found[0].eventID == SampleEvents.id(1) && found[1].eventID == nil, "\(found)")
    let report = try await subject.outbox.report(now: now)
    try require(report.consumers.map(\.name) == ["c"], "\(report)")
    let consumer = report.consumers[0]
    try require(
      consumer.aggregates == 0 && consumer.waiting == 3 && consumer.retrying == 0
        && consumer.dead == 1, "\(consumer)")

    let done = try await subject.outbox.replay(found.filter { $0.state == .dead }, order)
    try require(done == 1, "replayed \(done)")
    let inbox = subject.inbox.inbox(policy)
    while try await inbox.retryParked(now: 1, limit: 10).tried > 0 {}
    let effects = try await subject.inbox.effects()
    try require(effects == (1...3).map(SampleEvents.id), "\(effects)")
  }

  private static func skipsForAConsumer(_ subject: OperatorUnderTest) async throws {
    let policy = InboxPolicy(attempts: 1)
    let failing = subject.inbox.inbox(policy) { $0.version == 2 }
    for version in [1, 2, 4] {
      _ = try await failing.receive(received(Int64(version), version), now: 0)
    }
    for state in [DeadLetter.State.dead, .gap] {
      let found = try await letters(subject)
      try require(found.map(\.state) == [state], "\(found)")
      let done = try await subject.outbox.skip(found, order)
      let again = try await subject.outbox.skip(found, order)
      try require(done == 1 && again == 0, "skipped \(done), then \(again)")
    }
    let due = try await letters(subject)
    try require(due.isEmpty, "what is due waits for nobody: \(due)")
    while try await failing.retryParked(now: 1, limit: 10).tried > 0 {}
    let effects = try await subject.inbox.effects()
    try require(effects == [1, 4].map(SampleEvents.id), "\(effects)")
    let history = try await subject.outbox.history(limit: 10)
    try require(history.map(\.position) == [3, 2] && history[0].consumer == "c", "\(history)")
  }

  // MARK: - Verifying

  private static func findsNothingWrong(_ subject: OperatorUnderTest) async throws {
    _ = try await park(subject)
    try await subject.relay.appendAborted([SampleEvents.event(7)])
    _ = try await subject.relay.append([SampleEvents.event(8)])
    let findings = try await subject.outbox.verify()
    try require(findings.isEmpty, "\(findings)")
  }

  private static func findsTampering(_ subject: OperatorUnderTest) async throws {
    _ = try await park(subject)
    try await subject.tamper("DELETE FROM outbox WHERE seq = 3")
    try await subject.tamper(
      "UPDATE aggregate_version SET version = 9 WHERE aggregateid = 'a'")
    try await subject.tamper("UPDATE parked SET first_seq = 7")
    let findings = try await subject.outbox.verify()
    try require(findings.map(\.check) == ["versions", "counters", "parked"], "\(findings)")
    try require(findings[0].message.contains("order/b"), "\(findings)")
  }

  private static func readsOnPastADefect(_ subject: OperatorUnderTest) async throws {
    let appended = try await subject.relay.append(SampleEvents.events(3, aggregates: ["a"]))
    try await subject.tamper("UPDATE outbox SET headers = '[1]' WHERE seq = 2")
    let request = LeaseRequest(relay: "r", owner: "o", now: 0, until: 1)
    guard let position = try await subject.relay.store.acquire(request) else {
      throw ConformanceFailure(description: "no lease")
    }
    let page = try await subject.relay.store.events(
      after: position.cursor, limit: PageLimit(events: 10))
    try require(page.events.map(\.sequence) == [1, 2, 3], "\(page.events)")
    try require(page.events.map { $0.defect == nil } == [true, false, true], "\(page.events)")
    try require(page.events[2] == appended[2], "\(page.events[2])")
    try require(page.events[1].defect?.contains("headers") == true, "\(page.events[1])")
  }
}
