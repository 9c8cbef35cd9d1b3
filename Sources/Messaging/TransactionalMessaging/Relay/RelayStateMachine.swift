// SPDX-License-Identifier: Apache-2.0

/// Everything a relay decides; `Relay` only carries the actions out.
///
/// Invariants: the cursor never passes an event that is neither acknowledged nor parked; a parked
/// aggregate's later events wait behind it; an owner whose epoch was superseded changes nothing,
/// and one whose lease is over starts no publication.
package struct RelayStateMachine: Sendable {
  /// What to do next. Each action has one method below that reports its end and gives the next.
  package enum Action: Sendable, Equatable {
    /// Ask for the lease, then call `acquired`.
    case acquire(until: Int64)
    /// Read new events, then call `read`.
    case read(after: RelayCursor, limit: PageLimit)
    /// Read these parked aggregates' events, then call `readParked`.
    case readParked([ParkedRead], limit: PageLimit)
    /// Publish through a `PublicationBatch`, then call `published`.
    case publish([AppendedEvent])
    /// Save, then call `saved` or `fenced`.
    case save(RelayProgress)
    /// Wait this long or until a commit is signalled, then call `woken`.
    case wait(milliseconds: Int64)
    /// Wait this long whatever is committed, then call `woken`.
    case pause(milliseconds: Int64)
    /// Give the lease back, then call `released`.
    case release(RelayLease)
    /// Done.
    case finish
  }

  /// One parked aggregate's events, from its first unpublished one up to where the relay stands.
  package struct ParkedRead: Sendable, Equatable {
    package var aggregate: AggregateKey
    package var first: Int64
    package var cursor: RelayCursor

    package init(aggregate: AggregateKey, first: Int64, cursor: RelayCursor) {
      self.aggregate = aggregate
      self.first = first
      self.cursor = cursor
    }
  }

  private enum Work: Sendable {
    case new(EventPage)
    case parked(pages: [AggregateKey: EventPage])
  }

  private struct Ownership: Sendable {
    var lease: HeldLease
    var cursor: RelayCursor
    var parked: [AggregateKey: ParkedAggregate]
  }

  private let configuration: RelayConfiguration
  private var random: SeededGenerator
  private var ownership: Ownership?
  private var work: Work?
  private var unsaved: RelayProgress?
  /// Since when the cursor is behind what is acknowledged, where it is known; nil where it is not.
  private var aheadSince: Int64?
  private var outages = 0
  private var poll: Int64
  private var parkedHadTurn = false
  private var stopping = false

  package init(configuration: RelayConfiguration, seed: UInt64) {
    self.configuration = configuration
    random = SeededGenerator(seed: seed)
    poll = configuration.shortestPoll
  }

  /// Cursor, which may be ahead of what is saved, and number of parked aggregates; nil without the
  /// lease.
  package var position: (cursor: RelayCursor, parked: Int)? {
    ownership.map { ($0.cursor, $0.parked.count) }
  }

  // MARK: - Life

  /// The first action.
  package mutating func start(now: Int64) -> Action { next(now: now) }

  /// Asks the machine to end after the work at hand; the action at hand stays valid.
  package mutating func stop() { stopping = true }

  package mutating func woken(bySignal: Bool, now: Int64) -> Action {
    if bySignal { poll = configuration.shortestPoll }
    return next(now: now)
  }

  package mutating func released() -> Action {
    ownership = nil
    return .finish
  }

  private mutating func next(now: Int64) -> Action {
    guard let owned = ownership, !owned.lease.isOver(at: now) else {
      forget()
      return stopping ? .finish : .acquire(until: now + configuration.lease)
    }
    if stopping, aheadSince == nil { return .release(owned.lease.lease) }
    let isDue = aheadSince.map { stopping || now - $0 >= configuration.saving } ?? false
    if isDue || owned.lease.wantsRenewal(at: now) {
      return save(cursor: owned.cursor, parked: [], released: [], now: now)
    }
    if !parkedHadTurn {
      parkedHadTurn = true
      let due = dueAggregates(owned, now: now)
      if !due.isEmpty { return .readParked(due, limit: pagePerAggregate(due.count)) }
    }
    return .read(after: owned.cursor, limit: configuration.page)
  }

  private func dueAggregates(_ owned: Ownership, now: Int64) -> [ParkedRead] {
    let due = owned.parked.values.filter { $0.state == .retrying && $0.nextAt <= now }
      .sorted { ($0.nextAt, $0.firstSequence) < ($1.nextAt, $1.firstSequence) }
    return due.prefix(configuration.retriesPerBatch).map {
      ParkedRead(aggregate: $0.aggregate, first: $0.firstSequence, cursor: owned.cursor)
    }
  }

  /// All of them together take no more memory than one page.
  private func pagePerAggregate(_ count: Int) -> PageLimit {
    PageLimit(
      events: configuration.page.events, payloadBytes: configuration.page.payloadBytes / count)
  }

  // MARK: - Lease

  /// Reports the answer to `.acquire`; nil when somebody else holds the lease.
  package mutating func acquired(_ position: RelayPosition?, until: Int64) -> Action {
    guard let position else {
      return stopping ? .finish : .pause(milliseconds: configuration.standby)
    }
    ownership = Ownership(
      lease: HeldLease(position.lease, until: until, length: configuration.lease),
      cursor: position.cursor,
      parked: Dictionary(
        position.parked.map { ($0.aggregate, $0) }, uniquingKeysWith: { first, _ in first }))
    if stopping { return .release(position.lease) }
    return .read(after: position.cursor, limit: configuration.page)
  }

  /// Reports that a save found a newer epoch: everything known is stale.
  package mutating func fenced(now: Int64) -> Action {
    forget()
    return next(now: now)
  }

  /// Reports that the store failed. What it did is unknown, so the position is read again.
  package mutating func storeFailed() -> Action {
    forget()
    if stopping { return .finish }
    return pauseForOutage()
  }

  /// What to do for the lease while a page is read or a batch is published.
  package mutating func heartbeat(now: Int64) -> LeaseHeartbeat {
    ownership?.lease.heartbeat(now: now) ?? .stop(because: "there is no lease")
  }

  /// Reports that the renewal which `heartbeat` asked for succeeded.
  package mutating func renewed() { ownership?.lease.renewed() }

  /// Reports that it is not known what became of the renewal.
  package mutating func renewalFailed(now: Int64) { ownership?.lease.renewalFailed(now: now) }

  /// Reports that the renewal found a newer epoch.
  package mutating func superseded() { ownership?.lease.supersede() }

  private mutating func forget() {
    ownership = nil
    work = nil
    unsaved = nil
    aheadSince = nil
  }

  private mutating func pauseForOutage() -> Action {
    outages += 1
    return .pause(milliseconds: configuration.outage.delay(afterAttempt: outages, using: &random))
  }

  // MARK: - Batches

  package mutating func read(_ page: EventPage, now: Int64) -> Action {
    // Reading may have taken longer than the lease: then somebody else publishes this page.
    guard let owned = ownership, !owned.lease.isOver(at: now) else { return next(now: now) }
    parkedHadTurn = false
    if page.events.isEmpty {
      // Worth no write of its own: the next save takes it along.
      ownership?.cursor = page.end(from: owned.cursor)
      return idle(now: now)
    }
    poll = configuration.shortestPoll
    let open =
      owned.parked.isEmpty
      ? page.events : page.events.filter { owned.parked[$0.event.aggregate] == nil }
    if open.isEmpty {
      return save(cursor: page.end(from: owned.cursor), parked: [], released: [], now: now)
    }
    work = .new(page)
    return .publish(open)
  }

  package mutating func readParked(_ pages: [AggregateKey: EventPage], now: Int64) -> Action {
    guard let owned = ownership, !owned.lease.isOver(at: now) else { return next(now: now) }
    let events = pages.keys.sorted().flatMap { pages[$0]?.events ?? [] }
    work = .parked(pages: pages)
    return events.isEmpty
      ? published(PublicationBatch([], concurrency: 1), now: now) : .publish(events)
  }

  /// The read that follows if the batch at hand is acknowledged and saved; nil where there may be
  /// nothing to read. Whoever reads it meanwhile must not publish it before that is asked for.
  package var readAhead: (after: RelayCursor, limit: PageLimit)? {
    guard let owned = ownership, !stopping, case .new(let page)? = work, page.truncated else {
      return nil
    }
    return (page.end(from: owned.cursor), configuration.page)
  }

  /// Reports a settled batch.
  package mutating func published(_ batch: PublicationBatch, now: Int64) -> Action {
    guard let owned = ownership, let work else { return next(now: now) }
    if owned.lease.isSuperseded { return fenced(now: now) }
    self.work = nil
    lastOutage = batch.outage
    switch work {
    case .new(let page): return settle(page, batch, owned, now: now)
    case .parked(let pages): return settle(pages, batch, owned, now: now)
    }
  }

  /// Why the relay could not go on after the last batch, nil when it could.
  package private(set) var lastOutage: String?

  private mutating func settle(
    _ page: EventPage, _ batch: PublicationBatch, _ owned: Ownership, now: Int64
  ) -> Action {
    if batch.isAcknowledged {
      let cursor = page.end(from: owned.cursor)
      guard configuration.saving > 0 else {
        return save(cursor: cursor, parked: [], released: [], now: now)
      }
      ownership?.cursor = cursor
      aheadSince = aheadSince ?? now
      outages = 0
      return next(now: now)
    }
    let lanes = Dictionary(
      batch.lanes.map { ($0.aggregate, $0) }, uniquingKeysWith: { first, _ in first })
    var settled: AppendedEvent?
    var parked: [AggregateKey: ParkedAggregate] = [:]
    for event in page.events {
      let aggregate = event.event.aggregate
      let isBehind = owned.parked[aggregate] != nil || parked[aggregate] != nil
      if !isBehind, let lane = lanes[aggregate], let open = lane.firstOpen,
        event.sequence >= open.sequence
      {
        guard let rejection = lane.rejection else { break }
        guard owned.parked.count + parked.count < configuration.parkedAggregates else {
          lastOutage = "\(configuration.parkedAggregates) aggregates are parked, the limit"
          break
        }
        parked[aggregate] = park(open, attempts: 1, rejection, now: now)
      }
      settled = event
    }
    let cursor =
      settled?.sequence == page.events.last?.sequence
      ? page.end(from: owned.cursor)
      : settled.map { page.cursor(after: $0, from: owned.cursor) } ?? owned.cursor
    return save(
      cursor: cursor, parked: parked.values.sorted { $0.aggregate < $1.aggregate }, released: [],
      now: now)
  }

  private mutating func settle(
    _ pages: [AggregateKey: EventPage], _ batch: PublicationBatch, _ owned: Ownership, now: Int64
  ) -> Action {
    let lanes = Dictionary(
      batch.lanes.map { ($0.aggregate, $0) }, uniquingKeysWith: { first, _ in first })
    var changed: [ParkedAggregate] = []
    var released: [AggregateKey] = []
    for (aggregate, page) in pages.sorted(by: { $0.key < $1.key }) {
      guard var entry = owned.parked[aggregate] else { continue }
      let lane = lanes[aggregate]
      guard let open = lane?.firstOpen else {
        if page.truncated, let last = page.events.last {
          entry.firstSequence = last.sequence + 1
          entry.attempts = 0
          entry.nextAt = now
          changed.append(entry)
        } else {
          released.append(aggregate)
        }
        continue
      }
      if let rejection = lane?.rejection {
        let attempts = open.sequence == entry.firstSequence ? entry.attempts + 1 : 1
        changed.append(park(open, attempts: attempts, rejection, now: now))
      } else if open.sequence != entry.firstSequence {
        entry.firstSequence = open.sequence
        entry.attempts = 0
        changed.append(entry)
      }
    }
    return save(cursor: owned.cursor, parked: changed, released: released, now: now)
  }

  private mutating func park(
    _ event: AppendedEvent, attempts: Int, _ reason: String, now: Int64
  ) -> ParkedAggregate {
    ParkedAggregate(
      aggregate: event.event.aggregate, firstSequence: event.sequence, attempts: attempts,
      nextAt: now + configuration.retry.delay(afterAttempt: attempts, using: &random),
      lastError: FailureFingerprint.bounded(reason), fingerprint: FailureFingerprint.of(reason),
      state: attempts >= configuration.attempts ? .dead : .retrying)
  }

  // MARK: - Saving

  private mutating func save(
    cursor: RelayCursor, parked: [ParkedAggregate], released: [AggregateKey], now: Int64
  ) -> Action {
    guard let owned = ownership else { return next(now: now) }
    let progress = RelayProgress(
      lease: owned.lease.lease, leaseUntil: now + configuration.lease, cursor: cursor,
      parked: parked,
      released: released)
    unsaved = progress
    return .save(progress)
  }

  package mutating func saved(now: Int64) -> Action {
    guard let progress = unsaved, var owned = ownership else { return next(now: now) }
    unsaved = nil
    aheadSince = nil
    owned.cursor = progress.cursor
    owned.lease.extend(to: progress.leaseUntil)
    for entry in progress.parked { owned.parked[entry.aggregate] = entry }
    for aggregate in progress.released { owned.parked[aggregate] = nil }
    ownership = owned
    if lastOutage != nil, !stopping {
      // Known to the reader of `lastOutage` by now; a later save must not wait for it again.
      lastOutage = nil
      return pauseForOutage()
    }
    outages = 0
    return next(now: now)
  }

  private mutating func idle(now: Int64) -> Action {
    guard let owned = ownership, !stopping else { return next(now: now) }
    outages = 0
    let delay = poll
    poll = min(poll * 2, configuration.longestPoll)
    let retry = owned.parked.values.lazy.filter { $0.state == .retrying }.map(\.nextAt).min()
    let saving = aheadSince.map { $0 + configuration.saving }
    let due = min(retry ?? .max, saving ?? .max)
    return .wait(milliseconds: max(1, min(delay, due - now, owned.lease.rest(at: now))))
  }
}
