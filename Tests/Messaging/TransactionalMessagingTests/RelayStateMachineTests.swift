// SPDX-License-Identifier: Apache-2.0

import MessagingConformance
import Testing
import TransactionalMessaging

/// One test per decision; whole runs are in `RelayScheduleTests`.
struct RelayStateMachineTests {
  private typealias Action = RelayStateMachine.Action

  private let lease = RelayLease(relay: "r", owner: "o", epoch: 4)
  private let configuration: RelayConfiguration = {
    var configuration = RelayConfiguration()
    configuration.lease = 900
    configuration.saving = 0
    configuration.parkedAggregates = 2
    configuration.retry = Backoff(first: 100, most: 100)
    configuration.outage = Backoff(first: 10, most: 40)
    return configuration
  }()

  private func machine(
    cursor: RelayCursor = 10, parked: [ParkedAggregate] = [], now: Int64 = 0
  ) -> RelayStateMachine {
    var machine = RelayStateMachine(configuration: configuration, seed: 1)
    #expect(machine.start(now: now) == .acquire(until: now + 900))
    let position = RelayPosition(lease: lease, cursor: cursor, parked: parked)
    #expect(
      machine.acquired(position, until: now + 900)
        == .read(after: cursor, limit: configuration.page))
    return machine
  }

  private func appended(_ sequences: ClosedRange<Int64>, _ aggregates: String) -> [AppendedEvent] {
    zip(sequences, aggregates).map { sequence, aggregate in
      AppendedEvent(
        sequence: sequence, version: sequence,
        event: SampleEvents.event(Int(sequence), aggregate: String(aggregate)))
    }
  }

  private func key(_ id: String) -> AggregateKey { AggregateKey(type: "order", id: id) }

  private func parked(
    _ id: String, at sequence: Int64, attempts: Int = 1, nextAt: Int64 = 50,
    state: ParkedAggregate.State = .retrying
  ) -> ParkedAggregate {
    ParkedAggregate(
      aggregate: key(id), firstSequence: sequence, attempts: attempts, nextAt: nextAt,
      lastError: "no", fingerprint: FailureFingerprint.of("no"), state: state)
  }

  /// Publishes a batch with the given failures by sequence.
  private func batch(
    _ events: [AppendedEvent], _ failures: [Int64: PublishFailure] = [:]
  ) -> PublicationBatch {
    var batch = PublicationBatch(events, concurrency: 1)
    while case let started = batch.start(), !started.isEmpty {
      for publication in started {
        batch.finished(publication, failure: failures[publication.event.sequence])
      }
    }
    return batch
  }

  private func progress(of action: Action) -> RelayProgress? {
    guard case .save(let progress) = action else { return nil }
    return progress
  }

  @Test func movesTheCursorPastWhatIsAcknowledged() {
    var machine = machine()
    let events = appended(11...13, "aba")
    #expect(
      machine.read(EventPage(events: events, truncated: false), now: 1) == .publish(events))
    let progress = progress(of: machine.published(batch(events), now: 1))
    #expect(progress?.cursor == 13)
    #expect(progress?.leaseUntil == 901)
    #expect(machine.saved(now: 2) == .read(after: 13, limit: configuration.page))
  }

  @Test func stopsTheCursorBeforeWhatIsNot() {
    var machine = machine()
    let events = appended(11...14, "abca")
    _ = machine.read(EventPage(events: events, truncated: false), now: 1)
    let action = machine.published(batch(events, [13: .unavailable("down")]), now: 1)
    #expect(progress(of: action)?.cursor == 12)
    guard case .pause(let milliseconds) = machine.saved(now: 2) else {
      Issue.record("an outage must be waited out")
      return
    }
    #expect((5...10).contains(milliseconds))
  }

  @Test func waitsLongerForEachOutageInARow() {
    var machine = machine()
    let events = appended(11...11, "a")
    var pauses: [Int64] = []
    for _ in 0..<4 {
      _ = machine.read(EventPage(events: events, truncated: false), now: 1)
      _ = machine.published(batch(events, [11: .unavailable("down")]), now: 1)
      if case .pause(let milliseconds) = machine.saved(now: 2) { pauses.append(milliseconds) }
      _ = machine.woken(bySignal: false, now: 3)
    }
    #expect(pauses.count == 4)
    #expect(pauses[0] <= 10 && pauses[3] >= 20)
  }

  @Test func parksARejectedEventAndWhatIsBehindIt() {
    var machine = machine()
    let events = appended(11...14, "abab")
    _ = machine.read(EventPage(events: events, truncated: false), now: 1)
    let action = machine.published(batch(events, [11: .rejected("no")]), now: 1)
    let progress = progress(of: action)
    #expect(progress?.cursor == 14)
    #expect(progress?.parked.map(\.aggregate) == [key("a")])
    #expect(progress?.parked.first?.firstSequence == 11)
    _ = machine.saved(now: 2)
    let later = appended(15...16, "ab")
    #expect(
      machine.read(EventPage(events: later, truncated: false), now: 3) == .publish([later[1]]))
  }

  @Test func retriesAParkedAggregateWhenItIsDue() {
    var machine = machine(parked: [parked("a", at: 8)])
    #expect(
      machine.read(EventPage(events: [], truncated: false), now: 49) == .wait(milliseconds: 1))
    let read = machine.woken(bySignal: false, now: 50)
    #expect(
      read
        == .readParked(
          [.init(aggregate: key("a"), first: 8, cursor: 10)], limit: configuration.page))
    let events = [appended(8...8, "a")[0], appended(10...10, "a")[0]]
    let pages = [key("a"): EventPage(events: events, truncated: false)]
    #expect(machine.readParked(pages, now: 50) == .publish(events))
    let progress = progress(of: machine.published(batch(events), now: 50))
    #expect(progress?.released == [key("a")])
    #expect(progress?.cursor == 10)
  }

  @Test func givesUpAfterTheLastAttempt() {
    var machine = machine(parked: [parked("a", at: 8, attempts: 2, nextAt: 0)])
    _ = machine.read(EventPage(events: [], truncated: false), now: 1)
    _ = machine.woken(bySignal: false, now: 2)
    let events = appended(8...8, "a")
    _ = machine.readParked([key("a"): EventPage(events: events, truncated: false)], now: 2)
    let action = machine.published(batch(events, [8: .rejected("no")]), now: 2)
    #expect(progress(of: action)?.parked.first?.state == .dead)
    #expect(progress(of: action)?.parked.first?.attempts == 3)
  }

  @Test func anOutageCountsNoAttempt() {
    var machine = machine(parked: [parked("a", at: 8, nextAt: 0)])
    _ = machine.read(EventPage(events: [], truncated: false), now: 1)
    _ = machine.woken(bySignal: false, now: 2)
    let events = appended(8...8, "a")
    _ = machine.readParked([key("a"): EventPage(events: events, truncated: false)], now: 2)
    let action = machine.published(batch(events, [8: .unavailable("down")]), now: 2)
    #expect(progress(of: action)?.parked.isEmpty == true)
    #expect(progress(of: action)?.released.isEmpty == true)
  }

  @Test func stopsAtTheLimitOfParkedAggregates() {
    var machine = machine(parked: [parked("x", at: 1), parked("y", at: 2)])
    let events = appended(11...13, "abc")
    _ = machine.read(EventPage(events: events, truncated: false), now: 1)
    let action = machine.published(batch(events, [12: .rejected("no")]), now: 1)
    #expect(progress(of: action)?.cursor == 11)
    #expect(progress(of: action)?.parked.isEmpty == true)
    #expect(machine.lastOutage == "2 aggregates are parked, the limit")
  }

  @Test func pollsLessOftenWhileNothingHappens() {
    var machine = machine()
    var waits: [Int64] = []
    for _ in 0..<9 {
      if case .wait(let time) = machine.read(EventPage(events: [], truncated: false), now: 1) {
        waits.append(time)
      }
      _ = machine.woken(bySignal: false, now: 1)
    }
    #expect(waits == [2, 4, 8, 16, 32, 64, 128, 250, 250])
    _ = machine.woken(bySignal: true, now: 1)
    #expect(
      machine.read(EventPage(events: [], truncated: false), now: 1) == .wait(milliseconds: 2))
  }

  @Test func renewsItsLeaseInTime() {
    var machine = machine()
    _ = machine.read(EventPage(events: [], truncated: false), now: 1)
    let action = machine.woken(bySignal: false, now: 301)
    #expect(progress(of: action)?.leaseUntil == 1_201)
    #expect(progress(of: action)?.cursor == 10)
  }

  @Test func asksAgainWhenTheLeaseIsOver() {
    var machine = machine()
    _ = machine.read(EventPage(events: [], truncated: false), now: 1)
    #expect(machine.woken(bySignal: false, now: 900) == .acquire(until: 1_800))
  }

  @Test func forgetsEverythingWhenFenced() {
    var machine = machine(parked: [parked("a", at: 8)])
    let events = appended(11...11, "b")
    _ = machine.read(EventPage(events: events, truncated: false), now: 1)
    _ = machine.published(batch(events), now: 1)
    #expect(machine.fenced(now: 2) == .acquire(until: 902))
    #expect(machine.position == nil)
    #expect(machine.acquired(nil, until: 902) == .pause(milliseconds: configuration.standby))
  }

  @Test func readsItsPositionAgainWhenTheStoreFailed() {
    var machine = machine()
    guard case .pause = machine.storeFailed() else {
      Issue.record("a failing store must be waited out")
      return
    }
    #expect(machine.woken(bySignal: false, now: 20) == .acquire(until: 920))
  }

  @Test func finishesTheBatchBeforeItStops() {
    var machine = machine()
    let events = appended(11...11, "a")
    _ = machine.read(EventPage(events: events, truncated: false), now: 1)
    machine.stop()
    #expect(progress(of: machine.published(batch(events), now: 1))?.cursor == 11)
    #expect(machine.saved(now: 2) == .release(lease))
    #expect(machine.released() == .finish)
  }
}
