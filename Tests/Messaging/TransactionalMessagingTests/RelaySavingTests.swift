// SPDX-License-Identifier: Apache-2.0

import MessagingConformance
import Testing
import TransactionalMessaging

/// When a relay saves what is acknowledged.
struct RelaySavingTests {
  private let configuration = RelayConfiguration()
  private let lease = RelayLease(relay: "r", owner: "o", epoch: 4)
  private static let nothing = EventPage(events: [], truncated: false)

  /// A machine that reads after 10 under a lease from 0 on.
  private func machine(parked: [ParkedAggregate] = []) -> RelayStateMachine {
    var machine = RelayStateMachine(configuration: configuration, seed: 1)
    _ = machine.start(now: 0)
    let position = RelayPosition(lease: lease, cursor: 10, parked: parked)
    #expect(machine.acquired(position, until: configuration.lease) == read(after: 10))
    return machine
  }

  private func read(after cursor: RelayCursor) -> RelayStateMachine.Action {
    .read(after: cursor, limit: configuration.page)
  }

  /// Reads one event and publishes it.
  private func relay(
    _ sequence: Int64, truncated: Bool = false, failure: PublishFailure? = nil, at now: Int64,
    _ machine: inout RelayStateMachine
  ) -> RelayStateMachine.Action {
    let event = AppendedEvent(
      sequence: sequence, version: sequence, event: SampleEvents.event(Int(sequence)))
    let page = EventPage(events: [event], truncated: truncated)
    #expect(machine.read(page, now: now) == .publish([event]))
    var batch = PublicationBatch([event], concurrency: 1)
    for publication in batch.start() { batch.finished(publication, failure: failure) }
    return machine.published(batch, now: now)
  }

  private func cursor(savedBy action: RelayStateMachine.Action) -> RelayCursor? {
    guard case .save(let progress) = action else { return nil }
    return progress.cursor
  }

  @Test func smallPagesAreSavedTogether() {
    var machine = machine()
    #expect(relay(11, at: 5, &machine) == read(after: 11))
    #expect(relay(12, at: 60, &machine) == read(after: 12))
    #expect(relay(13, at: 104, &machine) == read(after: 13))
    #expect(cursor(savedBy: relay(14, at: 105, &machine)) == 14)
    #expect(machine.saved(now: 106) == read(after: 14))
    #expect(relay(15, at: 107, &machine) == read(after: 15))
    #expect(cursor(savedBy: relay(16, at: 207, &machine)) == 16)
  }

  @Test func nothingStaysUnsavedWhileThereIsNothingToDo() {
    var machine = machine()
    #expect(relay(11, at: 5, &machine) == read(after: 11))
    var waited: Int64 = 5
    while waited < 105 {
      guard case .wait(let milliseconds) = machine.read(Self.nothing, now: waited) else { break }
      waited += milliseconds
      let action = machine.woken(bySignal: false, now: waited)
      if waited < 105 {
        #expect(action == read(after: 11))
      } else {
        #expect(cursor(savedBy: action) == 11)
      }
    }
    #expect(waited == 105)
  }

  @Test func fullPagesAreSavedTogetherToo() {
    var machine = machine()
    #expect(relay(11, truncated: true, at: 5, &machine) == read(after: 11))
    #expect(relay(12, truncated: true, at: 6, &machine) == read(after: 12))
    #expect(cursor(savedBy: relay(13, truncated: true, at: 105, &machine)) == 13)
  }

  @Test func whatIsParkedIsSavedAtOnceWithWhatCameBefore() {
    var machine = machine()
    #expect(relay(11, at: 5, &machine) == read(after: 11))
    let action = relay(12, failure: .rejected("too large"), at: 6, &machine)
    guard case .save(let progress) = action else {
      Issue.record("what is parked must be saved")
      return
    }
    #expect(progress.cursor == 12 && progress.parked.map(\.firstSequence) == [12])
  }

  @Test func aRelayThatStopsSavesFirst() {
    var machine = machine()
    #expect(relay(11, at: 5, &machine) == read(after: 11))
    machine.stop()
    #expect(cursor(savedBy: machine.read(Self.nothing, now: 6)) == 11)
    #expect(machine.saved(now: 7) == .release(lease))
  }

  @Test func aLeaseThatIsOverLeavesItToTheNext() {
    var machine = machine()
    #expect(relay(11, at: 5, &machine) == read(after: 11))
    let late = configuration.lease + 1
    #expect(machine.read(Self.nothing, now: late) == .acquire(until: late + configuration.lease))
    let position = RelayPosition(lease: lease, cursor: 10, parked: [])
    #expect(machine.acquired(position, until: late + configuration.lease) == read(after: 10))
    #expect(relay(11, at: late + 1, &machine) == read(after: 11))
    #expect(cursor(savedBy: relay(12, at: late + 101, &machine)) == 12)
  }
}
