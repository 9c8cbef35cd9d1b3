// SPDX-License-Identifier: Apache-2.0

import TransactionalMessaging

/// Drives `RelayStateMachine` one store call or one publication at a time, so that a test decides
/// what happens between any two of them. Dropping it is a crash.
struct SteppedRelay {
  /// What goes wrong with one call of the store.
  enum StoreFault { case none, beforeTheCall, afterTheCall }

  struct Fault: Error {}

  let owner: String
  private let store: any RelayStore
  private let configuration: RelayConfiguration
  private var machine: RelayStateMachine
  private var action: RelayStateMachine.Action
  private var batch: PublicationBatch?
  private var inFlight: [PublicationBatch.Publication] = []

  init(
    owner: String, store: any RelayStore, configuration: RelayConfiguration, seed: UInt64,
    now: Int64
  ) {
    self.owner = owner
    self.store = store
    self.configuration = configuration
    machine = RelayStateMachine(configuration: configuration, seed: seed)
    action = machine.start(now: now)
  }

  /// True when it has nothing to do but wait.
  var isWaiting: Bool {
    if case .wait = action { return machine.position != nil }
    return false
  }

  mutating func step(
    now: Int64, fault: StoreFault, random: inout SeededGenerator,
    publish: (AppendedEvent) async throws -> PublishFailure?
  ) async throws {
    if case .publish(let events) = action {
      try await beat(now: now, fault: fault)
      try await publishOne(of: events, now: now, random: &random, publish: publish)
      return
    }
    do {
      if fault == .beforeTheCall, callsStore { throw Fault() }
      let next = try await perform(now: now)
      if fault == .afterTheCall, callsStore { throw Fault() }
      action = next
    } catch is Fault {
      action = machine.storeFailed()
    } catch is RelayFenced {
      action = machine.fenced(now: now)
    }
  }

  private var callsStore: Bool {
    switch action {
    case .acquire, .read, .readParked, .save, .release: true
    case .publish, .wait, .pause, .finish: false
    }
  }

  private mutating func perform(now: Int64) async throws -> RelayStateMachine.Action {
    switch action {
    case .acquire(let until):
      let request = LeaseRequest(relay: "r", owner: owner, now: now, until: until)
      return machine.acquired(try await store.acquire(request), until: until)
    case .read(let after, let limit):
      return machine.read(try await store.events(after: after, limit: limit), now: now)
    case .readParked(let reads, let limit):
      var pages: [AggregateKey: EventPage] = [:]
      for read in reads {
        pages[read.aggregate] = try await store.events(
          of: read.aggregate, from: read.first, through: read.cursor, limit: limit)
      }
      return machine.readParked(pages, now: now)
    case .save(let progress):
      try await store.save(progress)
      return machine.saved(now: now)
    case .wait, .pause:
      return machine.woken(bySignal: false, now: now)
    case .release(let lease):
      try await store.release(lease)
      return machine.released()
    case .publish, .finish:
      return action
    }
  }

  private mutating func beat(now: Int64, fault: StoreFault) async throws {
    switch machine.heartbeat(now: now) {
    case .wait: break
    case .renew(let lease, let until):
      if fault == .beforeTheCall { return machine.renewalFailed(now: now) }
      do {
        try await store.renew(lease, until: until)
        if fault == .afterTheCall { machine.renewalFailed(now: now) } else { machine.renewed() }
      } catch is RelayFenced {
        machine.superseded()
      }
    case .stop(let reason): batch?.close(because: reason)
    }
  }

  private mutating func publishOne(
    of events: [AppendedEvent], now: Int64, random: inout SeededGenerator,
    publish: (AppendedEvent) async throws -> PublishFailure?
  ) async throws {
    var current =
      batch ?? PublicationBatch(events, concurrency: configuration.concurrency ?? 1)
    inFlight += current.start()
    if let index = inFlight.indices.randomElement(using: &random) {
      let publication = inFlight.remove(at: index)
      current.finished(publication, failure: try await publish(publication.event))
      inFlight += current.start()
    }
    batch = current.isSettled ? nil : current
    if current.isSettled { action = machine.published(current, now: now) }
  }
}
