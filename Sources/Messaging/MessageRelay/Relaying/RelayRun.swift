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
  let tracing: EventTracing?
  let logger: Logger

  private var status = RelayStatus()
  private var commitsSeen: UInt64 = 0
  private var ahead: PageAhead?
  private var brokerOutage: String?
  private var storeOutage: String?

  init(
    name: String, owner: String, store: any RelayStore, broker: any MessagePublisher,
    configuration: RelayConfiguration, clock: any MessagingClock, committed: WakeSignal,
    shutdown: WakeSignal, machine: RelayStateMachine, tracing: EventTracing?, logger: Logger
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
    self.tracing = tracing
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
      // Whatever was known of the store is known no longer.
      ahead = nil
      let request = LeaseRequest(relay: name, owner: owner, now: clock.now(), until: until)
      return machine.acquired(try await store.acquire(request), until: until)
    case .read(let after, let limit):
      let page = try await page(after: after, limit: limit)
      storeOutage = nil
      return machine.read(page, now: clock.now())
    case .readParked(let reads, let limit):
      let store = store
      let pages = try await holdingLease {
        var pages: [AggregateKey: EventPage] = [:]
        for read in reads {
          pages[read.aggregate] = try await store.events(
            of: read.aggregate, from: read.first, through: read.cursor, limit: limit)
        }
        return pages
      }
      return machine.readParked(pages, now: clock.now())
    case .publish(let events):
      let publishing = BatchPublishing(
        broker: broker, clock: clock, concurrency: configuration.concurrency(of: broker),
        timeout: configuration.publishTimeout, tracing: tracing)
      let reading = machine.readAhead.map { PageAhead(after: $0.after, limit: $0.limit, committed) }
      let store = store
      let (batch, read) = try await holdingLease {
        async let read = reading?.read(from: store)
        return (await publishing.run(events), await read)
      }
      let next = machine.published(batch, now: clock.now())
      ahead = read
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

  /// The page that was read while the one before it was published, or one read now.
  private mutating func page(after: RelayCursor, limit: PageLimit) async throws -> EventPage {
    if let ahead = takeAhead(), ahead.after == after, ahead.limit == limit, let page = ahead.page {
      commitsSeen = ahead.commitsSeen
      return page
    }
    // Remembered before the store is read: a commit in between must not be slept through.
    commitsSeen = committed.generation
    let store = store
    return try await holdingLease { try await store.events(after: after, limit: limit) }
  }

  private mutating func takeAhead() -> PageAhead? {
    defer { ahead = nil }
    return ahead
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

  // MARK: - The lease

  private enum Step<Value: Sendable>: Sendable {
    case done(Result<Value, any Error>)
    case beat
    case renewed
    case superseded
    case notRenewed(any Error)
  }

  /// Does work that may take longer than the lease, which is renewed meanwhile; cancels the work
  /// when somebody else may own the relay.
  private mutating func holdingLease<Value: Sendable>(
    _ work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    var outcome: Result<Value, any Error>?
    var isHeld = true
    await withTaskGroup(of: Step<Value>.self) { group in
      group.addTask {
        do { return .done(.success(try await work())) } catch { return .done(.failure(error)) }
      }
      isHeld = beat(&group)
      // To the end, so that what became of a renewal under way is known too.
      while let step = await group.next() {
        switch step {
        case .done(let result):
          outcome = result
          group.cancelAll()
        case .beat:
          if outcome == nil, isHeld, !Task.isCancelled { isHeld = beat(&group) }
        case .renewed:
          machine.renewed()
        case .superseded:
          status.fenced += 1
          machine.superseded()
          isHeld = beat(&group)
        case .notRenewed(let error):
          if outcome == nil {
            logger.warning("the lease was not renewed", metadata: ["error": "\(error)"])
          }
          machine.renewalFailed(now: clock.now())
        }
      }
    }
    guard let outcome else { throw CancellationError() }
    return try outcome.get()
  }

  /// Does what the lease needs now; there is one wait at a time in the group.
  ///
  /// - Returns: false when the work was cancelled.
  private mutating func beat<Value: Sendable>(_ group: inout TaskGroup<Step<Value>>) -> Bool {
    let (clock, store) = (clock, store)
    while true {
      switch machine.heartbeat(now: clock.now()) {
      case .renew(let lease, let until):
        group.addTask {
          do {
            try await store.renew(lease, until: until)
            return .renewed
          } catch is RelayFenced {
            return .superseded
          } catch {
            return .notRenewed(error)
          }
        }
      case .wait(let milliseconds):
        group.addTask {
          // Cancelled when the work is done: then nobody waits for it.
          try? await clock.sleep(milliseconds: milliseconds)
          return .beat
        }
        return true
      case .stop(let reason):
        logger.warning("the lease is lost", metadata: ["reason": "\(reason)"])
        group.cancelAll()
        return false
      }
    }
  }
}

/// A page that is read while the one before it is published.
private struct PageAhead: Sendable {
  let after: RelayCursor
  let limit: PageLimit
  /// Before it was read.
  let commitsSeen: UInt64
  /// Nil before it is read, and where that failed: then it is read again, which says why.
  private(set) var page: EventPage?

  init(after: RelayCursor, limit: PageLimit, _ committed: WakeSignal) {
    self.after = after
    self.limit = limit
    commitsSeen = committed.generation
  }

  func read(from store: any RelayStore) async -> PageAhead {
    var ahead = self
    ahead.page = try? await store.events(after: after, limit: limit)
    return ahead
  }
}
