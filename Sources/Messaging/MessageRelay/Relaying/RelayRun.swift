// SPDX-License-Identifier: Apache-2.0

import Logging
import TransactionalMessaging

/// Carries out what `RelayStateMachine` decides, one action after the other.
struct RelayRun {
  let name: String
  let owner: String
  let store: any RelayStore
  let broker: any MessagePublisher
  let configuration: RelayConfiguration
  let clock: any MessagingClock
  let committed: WakeSignal
  let shutdown: WakeSignal
  var machine: RelayStateMachine
  let logger: Logger

  private var status = RelayStatus()
  private var commitsSeen: UInt64 = 0
  private var brokerOutage: String?
  private var storeOutage: String?

  init(
    name: String, owner: String, store: any RelayStore, broker: any MessagePublisher,
    configuration: RelayConfiguration, clock: any MessagingClock, committed: WakeSignal,
    shutdown: WakeSignal, machine: RelayStateMachine, logger: Logger
  ) {
    self.name = name
    self.owner = owner
    self.store = store
    self.broker = broker
    self.configuration = configuration
    self.clock = clock
    self.committed = committed
    self.shutdown = shutdown
    self.machine = machine
    self.logger = logger
  }

  mutating func untilFinished(report: (RelayStatus) -> Void) async {
    var action = machine.start(now: clock.now())
    while action != .finish, !Task.isCancelled {
      if shutdown.generation > 0 { machine.stop() }
      do {
        action = try await perform(action)
      } catch let error as RelayFenced {
        logger.warning("another relay took over", metadata: ["reason": "\(error)"])
        status.fenced += 1
        action = machine.fenced(now: clock.now())
      } catch {
        logger.error("the outbox store failed", metadata: ["error": "\(error)"])
        storeOutage = "the store failed: \(error)"
        action = machine.storeFailed()
      }
      status.isOwner = machine.position != nil
      status.cursor = machine.position?.cursor.sequence ?? status.cursor
      status.parkedAggregates = machine.position?.parked ?? status.parkedAggregates
      status.outage = storeOutage ?? brokerOutage
      report(status)
    }
    status.isOwner = false
    report(status)
  }

  private mutating func perform(
    _ action: RelayStateMachine.Action
  ) async throws -> RelayStateMachine.Action {
    switch action {
    case .acquire(let until):
      let request = LeaseRequest(relay: name, owner: owner, now: clock.now(), until: until)
      return machine.acquired(try await store.acquire(request), until: until)
    case .read(let after, let limit):
      // Remembered before the store is read: a commit in between must not be slept through.
      commitsSeen = committed.generation
      let page = try await store.events(after: after, limit: limit)
      storeOutage = nil
      return machine.read(page, now: clock.now())
    case .readParked(let reads, let limit):
      var pages: [AggregateKey: EventPage] = [:]
      for read in reads {
        pages[read.aggregate] = try await store.events(
          of: read.aggregate, from: read.first, through: read.cursor, limit: limit)
      }
      return machine.readParked(pages, now: clock.now())
    case .publish(let events):
      let batch = await publish(events)
      let next = machine.published(batch, now: clock.now())
      note(batch)
      return next
    case .save(let progress):
      try await store.save(progress)
      return machine.saved(now: clock.now())
    case .wait(let milliseconds):
      let passed = await clock.wait(
        milliseconds: milliseconds, or: [(committed, commitsSeen), (shutdown, 0)])
      return wake(bySignal: !passed)
    case .pause(let milliseconds):
      _ = await clock.wait(milliseconds: milliseconds, or: [(shutdown, 0)])
      return wake(bySignal: false)
    case .release(let lease):
      try await store.release(lease)
      return machine.released()
    case .finish:
      return .finish
    }
  }

  private mutating func wake(bySignal: Bool) -> RelayStateMachine.Action {
    if shutdown.generation > 0 { machine.stop() }
    return machine.woken(bySignal: bySignal, now: clock.now())
  }

  private mutating func note(_ batch: PublicationBatch) {
    status.acknowledged += batch.lanes.reduce(0) { $0 + $1.acknowledged }
    for lane in batch.lanes {
      guard let rejection = lane.rejection, let event = lane.firstOpen else { continue }
      status.rejected += 1
      logger.warning(
        "an event could not be published, its aggregate waits",
        metadata: [
          "event": "\(event.event.id)", "aggregate": "\(lane.aggregate)", "reason": "\(rejection)",
        ])
    }
    let outage = machine.lastOutage
    if let outage, outage != brokerOutage {
      logger.warning("the relay waits", metadata: ["reason": "\(outage)"])
    }
    brokerOutage = outage
  }

  // MARK: - Publishing

  private enum Step: Sendable {
    case finished(AppendedEvent, PublishFailure?)
    case deadline
  }

  private func publish(_ events: [AppendedEvent]) async -> PublicationBatch {
    var batch = PublicationBatch(events, concurrency: configuration.concurrency)
    await withTaskGroup(of: Step.self) { group in
      var lastProgress = clock.now()
      var isOverdue = false
      let clock = clock
      let timeout = configuration.publishTimeout
      group.addTask { await Self.deadline(clock, after: timeout) }
      for event in batch.start() { add(event, to: &group) }
      while !batch.isSettled, let step = await group.next() {
        switch step {
        case .finished(let event, let failure):
          lastProgress = clock.now()
          let late = PublishFailure.rejected("not confirmed within \(timeout) ms")
          batch.finished(event, failure: isOverdue && failure != nil ? late : failure)
          for event in batch.start() { add(event, to: &group) }
        case .deadline:
          let left = lastProgress + timeout - clock.now()
          if left > 0, !Task.isCancelled {
            group.addTask { await Self.deadline(clock, after: left) }
          } else {
            isOverdue = true
            batch.close(because: "nothing was confirmed within \(timeout) ms")
            group.cancelAll()
          }
        }
      }
      group.cancelAll()
    }
    return batch
  }

  private static func deadline(_ clock: any MessagingClock, after milliseconds: Int64) async -> Step
  {
    // Cancelled when the batch has settled: then nobody looks at the result.
    try? await clock.sleep(milliseconds: milliseconds)
    return .deadline
  }

  private func add(_ event: AppendedEvent, to group: inout TaskGroup<Step>) {
    let broker = broker
    group.addTask {
      if let defect = event.defect { return .finished(event, .rejected(defect)) }
      do throws(PublishFailure) {
        try await broker.publish(BrokerMessage(event))
        return .finished(event, nil)
      } catch {
        return .finished(event, error)
      }
    }
  }
}
