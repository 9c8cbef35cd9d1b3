// SPDX-License-Identifier: Apache-2.0

import MessagingConformance
import Testing
import TransactionalMessaging

/// What becomes of a lease while pages are read and batches published.
struct RelayLeaseTests {
  private let lease = RelayLease(relay: "r", owner: "o", epoch: 4)
  private let event = AppendedEvent(sequence: 11, version: 1, event: SampleEvents.event(11))

  /// A machine that reads under a lease from 0 to 900.
  private func machine(parked: [ParkedAggregate] = []) -> RelayStateMachine {
    var configuration = RelayConfiguration()
    configuration.lease = 900
    configuration.saving = 0
    var machine = RelayStateMachine(configuration: configuration, seed: 1)
    _ = machine.start(now: 0)
    _ = machine.acquired(
      RelayPosition(lease: lease, cursor: 10, parked: parked), until: 900)
    return machine
  }

  private var page: EventPage { EventPage(events: [event], truncated: false) }

  private func settled(acknowledged: Bool) -> PublicationBatch {
    var batch = PublicationBatch([event], concurrency: 1)
    for publication in batch.start() {
      batch.finished(publication, failure: acknowledged ? nil : .unavailable("stopped"))
    }
    return batch
  }

  @Test func isRenewedAfterAThirdHoweverLongABatchTakes() {
    var machine = machine()
    #expect(machine.heartbeat(now: 0) == .wait(milliseconds: 100))
    #expect(machine.heartbeat(now: 250) == .wait(milliseconds: 50))
    #expect(machine.read(page, now: 250) == .publish([event]))
    for start in stride(from: Int64(300), to: 9_000, by: 300) {
      #expect(machine.heartbeat(now: start) == .renew(lease, until: start + 900))
      #expect(machine.heartbeat(now: start) == .wait(milliseconds: 100))
      machine.renewed()
      #expect(machine.heartbeat(now: start + 200) == .wait(milliseconds: 100))
    }
    guard case .save(let progress) = machine.published(settled(acknowledged: true), now: 9_000)
    else {
      Issue.record("what was published must be saved")
      return
    }
    #expect(progress.cursor == 11 && progress.leaseUntil == 9_900)
  }

  @Test func aRenewalThatFailedIsTriedAgain() {
    var machine = machine()
    #expect(machine.heartbeat(now: 300) == .renew(lease, until: 1_200))
    #expect(machine.heartbeat(now: 350) == .wait(milliseconds: 100))
    machine.renewalFailed(now: 380)
    #expect(machine.heartbeat(now: 380) == .wait(milliseconds: 100))
    #expect(machine.heartbeat(now: 480) == .renew(lease, until: 1_380))
    machine.renewed()
    #expect(machine.heartbeat(now: 1_379) == .renew(lease, until: 2_279))
  }

  @Test func publishingEndsWithALeaseThatNobodyRenewed() {
    var machine = machine()
    _ = machine.read(page, now: 1)
    #expect(machine.heartbeat(now: 300) == .renew(lease, until: 1_200))
    #expect(machine.heartbeat(now: 899) == .wait(milliseconds: 1))
    guard case .stop = machine.heartbeat(now: 900) else {
      Issue.record("somebody else may publish from here on")
      return
    }
    // What was acknowledged is saved if nobody has taken over: the epoch decides about that.
    guard case .save(let progress) = machine.published(settled(acknowledged: false), now: 901)
    else {
      Issue.record("the store decides whether this is still the owner")
      return
    }
    #expect(progress.cursor == 10 && progress.parked.isEmpty)
  }

  @Test func aSupersededOwnerEndsAtOnceAndSavesNothing() {
    var machine = machine()
    _ = machine.read(page, now: 1)
    _ = machine.heartbeat(now: 300)
    machine.superseded()
    #expect(machine.heartbeat(now: 301) == .stop(because: "another relay took over"))
    #expect(
      machine.published(settled(acknowledged: true), now: 302) == .acquire(until: 1_202))
    #expect(machine.position == nil)
  }

  @Test func whatWasReadAfterTheLeaseIsNotPublished() {
    var machine = machine()
    #expect(machine.read(page, now: 900) == .acquire(until: 1_800))
    let parked = ParkedAggregate(
      aggregate: event.event.aggregate, firstSequence: 11, attempts: 1, nextAt: 0, lastError: "no",
      fingerprint: "f", state: .retrying)
    machine = self.machine(parked: [parked])
    _ = machine.read(EventPage(events: [], truncated: false), now: 1)
    guard case .readParked = machine.woken(bySignal: false, now: 2) else {
      Issue.record("the parked aggregate is due")
      return
    }
    #expect(
      machine.readParked([event.event.aggregate: page], now: 900) == .acquire(until: 1_800))
  }

  @Test func anIdleRelayWakesToRenew() {
    var machine = machine()
    #expect(
      machine.read(EventPage(events: [], truncated: false), now: 299) == .wait(milliseconds: 1))
    guard case .save(let progress) = machine.woken(bySignal: false, now: 300) else {
      Issue.record("a third of the lease has passed")
      return
    }
    #expect(progress.leaseUntil == 1_200)
  }
}
