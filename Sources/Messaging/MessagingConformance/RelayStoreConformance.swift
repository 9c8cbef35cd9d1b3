// SPDX-License-Identifier: Apache-2.0

import TransactionalMessaging

/// What every relay store must do.
///
/// ```swift
/// @Test(arguments: RelayStoreConformance.allCases)
/// func conforms(_ conformance: RelayStoreConformance) async throws {
///   try await conformance.check(RelayStoreUnderTest(store: ..., append: ..., appendAborted: ...))
/// }
/// ```
public enum RelayStoreConformance: String, CaseIterable, Sendable {
  /// Every field of an event is read as it was appended, in sequence order.
  case readsAllFieldsInOrder
  /// Page after page, each event is read once.
  case readsEachEventOnce
  /// What was rolled back is never read, and uses up no version.
  case hidesAbortedTransactions
  /// A page ends at its limits and says so.
  case pagesByCountAndBytes
  /// One aggregate's events are read up to the cursor and not beyond.
  case readsOneAggregateAsFarAsTheCursor
  /// Nobody gets a lease that somebody else holds.
  case oneOwnerUntilTheLeaseEnds
  /// A renewal moves the end of the lease and nothing else, by its owner only.
  case renewingKeepsTheLease
  /// A lease that was given back is free, by its last owner only.
  case releasedLeaseIsFree
  /// Cursor and parked aggregates are stored together.
  case savesAllOrNothing
  /// An owner whose epoch was superseded changes nothing.
  case fencedOwnerChangesNothing
  /// A cursor before the stored one is refused.
  case cursorNeverMovesBack
  /// Relays of other names have cursors and parked aggregates of their own.
  case relaysAreIndependent
  /// Where transactions overlap: one that commits late is read late, and nothing waits for it.
  case readsLateWhatCommitsLate
  /// Where transactions overlap: one that began early keeps the order of an aggregate that it
  /// changes last.
  case keepsTheOrderOfAggregates
  /// Where transactions overlap: what committed late is saved part by part, although its sequences
  /// are lower than the cursor's.
  case savesLateEventsPartByPart

  /// Runs the check; the store must be empty. What the store's features leave out is not checked.
  ///
  /// - Throws: `ConformanceFailure`, or the store's error.
  public func check(_ subject: RelayStoreUnderTest) async throws {
    switch self {
    case .readsAllFieldsInOrder: try await Self.readsAllFieldsInOrder(subject)
    case .readsEachEventOnce: try await Self.readsEachEventOnce(subject)
    case .hidesAbortedTransactions: try await Self.hidesAbortedTransactions(subject)
    case .pagesByCountAndBytes: try await Self.pagesByCountAndBytes(subject)
    case .readsOneAggregateAsFarAsTheCursor:
      try await Self.readsOneAggregateAsFarAsTheCursor(subject)
    case .oneOwnerUntilTheLeaseEnds: try await Self.oneOwnerUntilTheLeaseEnds(subject)
    case .renewingKeepsTheLease: try await Self.renewingKeepsTheLease(subject)
    case .releasedLeaseIsFree: try await Self.releasedLeaseIsFree(subject)
    case .savesAllOrNothing: try await Self.savesAllOrNothing(subject)
    case .fencedOwnerChangesNothing: try await Self.fencedOwnerChangesNothing(subject)
    case .cursorNeverMovesBack: try await Self.cursorNeverMovesBack(subject)
    case .relaysAreIndependent: try await Self.relaysAreIndependent(subject)
    case .readsLateWhatCommitsLate: try await Self.readsLateWhatCommitsLate(subject)
    case .keepsTheOrderOfAggregates: try await Self.keepsTheOrderOfAggregates(subject)
    case .savesLateEventsPartByPart: try await Self.savesLateEventsPartByPart(subject)
    }
  }

  // MARK: - Reading

  private static func readsAllFieldsInOrder(_ subject: RelayStoreUnderTest) async throws {
    var events = SampleEvents.events(6, aggregates: ["a", "b"])
    events[2].headers = ["b": "\"quoted\" / ü", "a": ""]
    events[3].payload = Array(0...255)
    events[4].tenant = "north"
    events[4].payloadReference = "https://example.com/?a=1"
    let appended = try await subject.append(events)
    let page = try await first(subject, PageLimit(events: 10)).page
    try require(page.events == appended, "read \(page.events), appended \(appended)")
    try require(!page.truncated, "the page holds everything and says that there is more")
    try require(
      appended.map(\.version) == [1, 1, 2, 2, 3, 3], "versions \(appended.map(\.version))")
  }

  private static func readsEachEventOnce(_ subject: RelayStoreUnderTest) async throws {
    var appended = try await subject.append(SampleEvents.events(5, aggregates: ["a"]))
    var cursor = try await acquire(subject, "a", now: 0, until: 100).cursor
    var read: [AppendedEvent] = []
    for round in 0..<6 {
      let page = try await subject.store.events(after: cursor, limit: PageLimit(events: 2))
      read += page.events
      cursor = page.end(from: cursor)
      if round == 3 {
        appended += try await subject.append([SampleEvents.event(6), SampleEvents.event(7)])
      }
    }
    try require(read == appended, "read \(read.map(\.version)) of \(appended.map(\.version))")
  }

  private static func hidesAbortedTransactions(_ subject: RelayStoreUnderTest) async throws {
    _ = try await subject.append([SampleEvents.event(1)])
    try await subject.appendAborted([SampleEvents.event(2), SampleEvents.event(3)])
    let last = try await subject.append([SampleEvents.event(4)])
    let page = try await first(subject, PageLimit(events: 10)).page
    try require(page.events.map(\.event.id) == [1, 4].map(SampleEvents.id), "\(page.events)")
    try require(last[0].version == 2, "an aborted event used up version \(last[0].version)")
  }

  private static func pagesByCountAndBytes(_ subject: RelayStoreUnderTest) async throws {
    let appended = try await subject.append(SampleEvents.events(5, aggregates: ["a"]))
    let (start, two) = try await first(subject, PageLimit(events: 2))
    try require(two.events == Array(appended[..<2]) && two.truncated, "two of five: \(two)")
    let rest = try await subject.store.events(
      after: two.end(from: start), limit: PageLimit(events: 3))
    try require(rest.events == Array(appended[2...]) && !rest.truncated, "the last three: \(rest)")
    let one = try await subject.store.events(
      after: two.cursor(after: two.events[0], from: start), limit: PageLimit(events: 1))
    try require(one.events == [appended[1]] && one.truncated, "the second: \(one)")
    let bytes = try await subject.store.events(
      after: start, limit: PageLimit(events: 5, payloadBytes: 1))
    try require(bytes.events.count == 1 && bytes.truncated, "one byte admits one event: \(bytes)")
  }

  private static func readsOneAggregateAsFarAsTheCursor(
    _ subject: RelayStoreUnderTest
  ) async throws {
    let appended = try await subject.append(SampleEvents.events(8, aggregates: ["a", "b"]))
    let (start, page) = try await first(subject, PageLimit(events: 6))
    let ofB = appended.filter { $0.event.aggregateID == "b" }
    let key = AggregateKey(type: "order", id: "b")
    let read = try await subject.store.events(
      of: key, from: ofB[1].sequence, through: page.end(from: start), limit: PageLimit(events: 10))
    try require(read.events == Array(ofB[1...2]) && !read.truncated, "\(read.events)")
    let cut = try await subject.store.events(
      of: key, from: ofB[0].sequence, through: page.end(from: start), limit: PageLimit(events: 1))
    try require(cut.events == [ofB[0]] && cut.truncated, "\(cut)")
    let none = try await subject.store.events(
      of: key, from: ofB[0].sequence, through: start, limit: PageLimit(events: 10))
    try require(none.events.isEmpty, "before the relay was there: \(none.events)")
  }

  /// Where a new relay begins, and its first page.
  private static func first(
    _ subject: RelayStoreUnderTest, _ limit: PageLimit
  ) async throws -> (start: RelayCursor, page: EventPage) {
    let start = try await acquire(subject, "a", now: 0, until: 100).cursor
    return (start, try await subject.store.events(after: start, limit: limit))
  }

  /// Cursors of a new relay: where it begins, and after each of `count` events.
  private static func cursors(
    _ subject: RelayStoreUnderTest, _ count: Int, from start: RelayCursor
  ) async throws -> [RelayCursor] {
    _ = try await subject.append(SampleEvents.events(count, aggregates: ["a", "b"]))
    let page = try await subject.store.events(after: start, limit: PageLimit(events: count + 1))
    return [start] + page.events.map { page.cursor(after: $0, from: start) }
  }

  // MARK: - Leases

  private static func request(
    _ owner: String, now: Int64, until: Int64, relay: String = "r"
  ) -> LeaseRequest {
    LeaseRequest(relay: relay, owner: owner, now: now, until: until)
  }

  static func acquire(
    _ subject: RelayStoreUnderTest, _ owner: String, now: Int64, until: Int64, relay: String = "r"
  ) async throws -> RelayPosition {
    let position = try await subject.store.acquire(
      request(owner, now: now, until: until, relay: relay))
    guard let position else { throw ConformanceFailure(description: "\(owner) got no lease") }
    return position
  }

  private static func oneOwnerUntilTheLeaseEnds(_ subject: RelayStoreUnderTest) async throws {
    let first = try await acquire(subject, "a", now: 0, until: 100)
    let early = try await subject.store.acquire(request("b", now: 99, until: 200))
    try require(early == nil, "two owners at once")
    let again = try await acquire(subject, "a", now: 99, until: 150)
    try require(again.lease.epoch > first.lease.epoch, "the epoch did not grow")
    let taken = try await acquire(subject, "b", now: 150, until: 250)
    try require(taken.lease.epoch > again.lease.epoch, "the epoch did not grow")
  }

  private static func renewingKeepsTheLease(_ subject: RelayStoreUnderTest) async throws {
    let first = try await acquire(subject, "a", now: 0, until: 100)
    let cursors = try await cursors(subject, 2, from: first.cursor)
    try await subject.store.save(
      RelayProgress(lease: first.lease, leaseUntil: 100, cursor: cursors[1]))
    try await subject.store.renew(first.lease, until: 200)
    let early = try await subject.store.acquire(request("b", now: 199, until: 300))
    try require(early == nil, "a renewed lease was given away")
    let taken = try await acquire(subject, "b", now: 200, until: 300)
    try require(taken.cursor == cursors[1], "renewing moved the cursor to \(taken.cursor)")
    do {
      try await subject.store.renew(first.lease, until: 999)
      throw ConformanceFailure(description: "an owner renewed a superseded epoch")
    } catch is RelayFenced {}
    _ = try await acquire(subject, "c", now: 300, until: 400)
  }

  private static func releasedLeaseIsFree(_ subject: RelayStoreUnderTest) async throws {
    let first = try await acquire(subject, "a", now: 0, until: 100)
    try await subject.store.release(first.lease)
    let second = try await acquire(subject, "b", now: 1, until: 100)
    try await subject.store.release(first.lease)
    let third = try await subject.store.acquire(request("c", now: 2, until: 100))
    try require(third == nil, "a stale release freed the lease of \(second.lease.owner)")
  }

  // MARK: - Saving

  private static func parked(_ id: String, at sequence: Int64) -> ParkedAggregate {
    ParkedAggregate(
      aggregate: AggregateKey(type: "order", id: id), firstSequence: sequence, attempts: 2,
      nextAt: 77, lastError: "refused", fingerprint: "0123", state: .retrying)
  }

  private static func savesAllOrNothing(_ subject: RelayStoreUnderTest) async throws {
    let position = try await acquire(subject, "a", now: 0, until: 100)
    let cursors = try await cursors(subject, 3, from: position.cursor)
    try await subject.store.save(
      RelayProgress(
        lease: position.lease, leaseUntil: 200, cursor: cursors[1],
        parked: [parked("x", at: 3), parked("y", at: 4)]))
    try await subject.store.save(
      RelayProgress(
        lease: position.lease, leaseUntil: 200, cursor: cursors[2],
        parked: [parked("y", at: 5)], released: [AggregateKey(type: "order", id: "x")]))
    let read = try await acquire(subject, "a", now: 1, until: 200)
    try require(read.cursor == cursors[2], "cursor \(read.cursor)")
    try require(read.parked == [parked("y", at: 5)], "parked \(read.parked)")
  }

  private static func fencedOwnerChangesNothing(_ subject: RelayStoreUnderTest) async throws {
    let old = try await acquire(subject, "a", now: 0, until: 100)
    let cursors = try await cursors(subject, 3, from: old.cursor)
    let new = try await acquire(subject, "b", now: 100, until: 200)
    do {
      try await subject.store.save(
        RelayProgress(
          lease: old.lease, leaseUntil: 999, cursor: cursors[3], parked: [parked("x", at: 3)]))
      throw ConformanceFailure(description: "an owner saved under a superseded epoch")
    } catch is RelayFenced {}
    try await subject.store.release(old.lease)
    try await subject.store.save(
      RelayProgress(lease: new.lease, leaseUntil: 200, cursor: cursors[1]))
    let read = try await acquire(subject, "b", now: 101, until: 200)
    try require(
      read.cursor == cursors[1] && read.parked.isEmpty, "the fenced owner left \(read)")
  }

  private static func cursorNeverMovesBack(_ subject: RelayStoreUnderTest) async throws {
    let position = try await acquire(subject, "a", now: 0, until: 100)
    let cursors = try await cursors(subject, 3, from: position.cursor)
    try await subject.store.save(
      RelayProgress(lease: position.lease, leaseUntil: 100, cursor: cursors[2]))
    do {
      try await subject.store.save(
        RelayProgress(lease: position.lease, leaseUntil: 100, cursor: cursors[1]))
      throw ConformanceFailure(description: "the cursor moved back")
    } catch is RelayFenced {}
    try await subject.store.save(
      RelayProgress(lease: position.lease, leaseUntil: 100, cursor: cursors[2]))
  }

  private static func relaysAreIndependent(_ subject: RelayStoreUnderTest) async throws {
    let one = try await acquire(subject, "a", now: 0, until: 100, relay: "one")
    let two = try await acquire(subject, "b", now: 0, until: 100, relay: "two")
    let cursors = try await cursors(subject, 3, from: one.cursor)
    try await subject.store.save(
      RelayProgress(
        lease: one.lease, leaseUntil: 100, cursor: cursors[3], parked: [parked("x", at: 1)]))
    let read = try await acquire(subject, two.lease.owner, now: 1, until: 100, relay: "two")
    try require(read.cursor == two.cursor, "relay two stands at \(read.cursor)")
    try require(read.parked.isEmpty, "relay two has parked \(read.parked)")
  }
}
