// SPDX-License-Identifier: Apache-2.0

import Logging
import MessageRelay
import SagaModel
import Synchronization
import Tracing
import TransactionalMessaging

/// An orchestrator from when it has its lease until it stops or loses it. Nothing that it knows
/// outlives it: the next one begins with what is stored.
struct OrchestratorTerm<Store: SagaStore>: Sendable {
  /// Parts of a lease between two renewals, and before one that failed is tried again.
  private static var beats: Int64 { 3 }

  private let lease: SagaLease
  private let store: Store
  private let scripts: [SagaIdentity: SagaScript<Store>]
  private let configuration: OrchestratorConfiguration
  private let clock: any MessagingClock
  private let tracing: SagaTracing?
  private let logger: Logger
  private let shutdown: WakeSignal
  private let note: @Sendable ((inout OrchestratorStatus) -> Void) -> Void
  private let hand: SagaHand<Store>
  private let ending: TermEnding

  init(
    lease: SagaLease, until: Int64, store: Store, scripts: [SagaIdentity: SagaScript<Store>],
    configuration: OrchestratorConfiguration, clock: any MessagingClock, tracing: SagaTracing?,
    logger: Logger, shutdown: WakeSignal,
    note: @escaping @Sendable ((inout OrchestratorStatus) -> Void) -> Void
  ) {
    self.lease = lease
    self.store = store
    self.scripts = scripts
    self.configuration = configuration
    self.clock = clock
    self.tracing = tracing
    self.logger = logger
    self.shutdown = shutdown
    self.note = note
    hand = SagaHand(limit: configuration.inHand)
    ending = TermEnding(until: until)
  }

  /// Returns after a shutdown, once nothing is at hand any more.
  ///
  /// - Throws: why the term is over otherwise.
  func run() async throws {
    await withDiscardingTaskGroup { tasks in
      tasks.addTask { await keepLease() }
      tasks.addTask { await look() }
      await goOn(&tasks)
      tasks.cancelAll()
    }
    if let reason = ending.reason { throw reason }
    try Task.checkCancellation()
    try await store.release(lease)
  }

  // MARK: - The lease

  private func keepLease() async {
    var wait = configuration.lease / Self.beats
    while !ending.isOver, !Task.isCancelled {
      _ = await clock.wait(milliseconds: max(1, wait), or: [(ending.signal, 0)])
      if ending.isOver || Task.isCancelled { return }
      let now = clock.now()
      do {
        try await store.renew(lease, until: now + configuration.lease)
        ending.extend(to: now + configuration.lease)
        wait = configuration.lease / Self.beats
      } catch let fenced as SagaFenced {
        ending.end(fenced)
      } catch {
        wait = configuration.lease / (Self.beats * Self.beats)
        if ending.until <= clock.now() + wait { ending.end(error) }
      }
    }
  }

  // MARK: - Looking

  private var isStopping: Bool {
    shutdown.generation > 0 || ending.isOver || Task.isCancelled
  }

  /// Takes what has begun, what was left behind, and what has something to do.
  private func look() async {
    var nextOrphans = Int64.min
    var failures = 0
    while !isStopping {
      let (arrived, released) = (store.signal.generation, hand.released.generation)
      let now = clock.now()
      var wait = configuration.poll
      do {
        let withOrphans = nextOrphans <= now
        let taken = try await take(withOrphans: withOrphans, now)
        if withOrphans, taken == 0 {
          nextOrphans = now + max(1, configuration.lease / Self.beats)
          try await lookForUnknown()
        }
        failures = 0
        if taken > 0 { continue }
      } catch {
        if isStopping { return }
        failures += 1
        logger.error("sagas cannot be looked for", metadata: ["reason": "\(error)"])
        note { $0.outage = "\(error)" }
        var random = SystemRandomNumberGenerator()
        wait = configuration.outage.delay(afterAttempt: failures, using: &random)
      }
      let next = hand.planLook(at: clock.now() + wait)
      wait = max(1, next - clock.now())
      _ = await clock.wait(
        milliseconds: wait,
        or: [
          (store.signal, arrived), (hand.released, released), (shutdown, 0), (ending.signal, 0),
        ])
    }
  }

  private func take(withOrphans: Bool, _ now: Int64) async throws -> Int {
    var found: [OpenSaga] = []
    let room = hand.room
    if room > 0 {
      found = try await store.claim(
        lease, Array(scripts.keys), orphans: withOrphans, now: now, limit: room)
    }
    found += try await store.due(lease, now: now, limit: hand.lookLimit)
    return found.count { saga in
      guard hand.take(saga.record.id) else { return false }
      begin(saga)
      return true
    }
  }

  /// Says once of each definition that it is missing.
  private func lookForUnknown() async throws {
    let unknown = try await store.unknown(to: Array(scripts.keys))
    let counts = Dictionary(unknown.map { ($0.identity, $0.count) }) { first, _ in first }
    let isNew = Mutex(false)
    note { status in
      isNew.withLock { $0 = Set(status.unknown.keys) != Set(counts.keys) }
      status.unknown = counts
      status.outage = nil
    }
    guard isNew.withLock({ $0 }) else { return }
    for (identity, count) in unknown {
      logger.warning(
        """
        sagas wait for a definition that is not here: keep a version until its last saga has \
        ended, and give changed steps a new one
        """,
        metadata: [
          "saga": "\(identity)", "steps": "\(identity.shape)", "count": "\(count)",
        ])
    }
  }

  // MARK: - Going on

  private func begin(_ saga: OpenSaga) {
    guard let course = course(saga.record) else {
      return hand.letGo(saga.record.id, wakeAt: nil)
    }
    guard course.hasSomethingToDo(saga, now: clock.now()) else {
      return hand.letGo(saga.record.id, wakeAt: saga.record.wakeAt)
    }
    hand.enqueue(course.turn(saga, .woken, clock: clock))
  }

  private func course(_ record: SagaRecord) -> SagaCourse<Store>? {
    scripts[record.identity].map { SagaCourse(script: $0, tracing: tracing) }
  }

  /// Stores what turns come to, as many at once as there are, and does what follows.
  private func goOn(_ tasks: inout DiscardingTaskGroup) async {
    while !ending.isOver, !Task.isCancelled {
      let queued = hand.queued.generation
      let turns = hand.takeTurns(configuration.group)
      if turns.isEmpty {
        if shutdown.generation > 0, hand.isEmpty { return }
        var signals = [(signal: hand.queued, generation: queued), (ending.signal, 0)]
        if shutdown.generation == 0 { signals.append((shutdown, 0)) }
        await WakeSignal.first(of: signals)
        continue
      }
      for (turn, decision) in zip(turns, await commit(turns)) {
        await follow(turn, decision, &tasks)
      }
    }
  }

  /// Tries until it is known what is stored, or the lease is over. What cannot be stored because of
  /// one saga is tried one by one.
  private func commit(_ turns: [SagaTurn<Store>]) async -> [SagaDecision?] {
    var failures = 0
    while !ending.isOver, !Task.isCancelled {
      do {
        let decisions = try await store.commit(turns, lease)
        note { status in
          status.groups += 1
          status.outage = nil
          for decision in decisions { decision.map { status.count($0.action, $0.record) } }
        }
        for decision in decisions { decision.map(tell) }
        return decisions
      } catch {
        if ending.isOver || Task.isCancelled { break }
        failures += 1
        logger.error(
          "what sagas came to could not be stored",
          metadata: ["sagas": "\(turns.count)", "reason": "\(error)"])
        note { $0.outage = "\(error)" }
        if turns.count > 1, failures > 1 {
          var decisions: [SagaDecision?] = []
          for turn in turns { decisions += await commit([turn]) }
          return decisions
        }
        var random = SystemRandomNumberGenerator()
        _ = await clock.wait(
          milliseconds: configuration.outage.delay(afterAttempt: failures, using: &random),
          or: [(ending.signal, 0)])
      }
    }
    return turns.map { _ in nil }
  }

  private func tell(_ decision: SagaDecision) {
    let record = decision.record
    let metadata: () -> Logger.Metadata = {
      ["saga": "\(record.id)", "definition": "\(record.identity)", "action": "\(decision.action)"]
    }
    if case .park = decision.action {
      logger.error(
        "a saga is stuck and waits for an operator",
        metadata: metadata().merging(["reason": "\(record.failure ?? "")"]) { first, _ in first })
    } else {
      logger.debug("a saga went on", metadata: metadata())
    }
  }

  private func follow(
    _ turn: SagaTurn<Store>, _ decision: SagaDecision?, _ tasks: inout DiscardingTaskGroup
  ) async {
    tracing?.stored(turn.record.id, decision != nil)
    guard let decision else { return await reload(turn.record.id) }
    let record = decision.record
    guard case .attempt(let place, _) = decision.action, let course = course(record),
      let work = course.script.work(place)
    else { return hand.letGo(record.id, wakeAt: record.wakeAt) }
    let open = OpenSaga(record: record, arrivals: [])
    switch work.body {
    case .write:
      hand.enqueue(course.turn(open, .writing(place), clock: clock))
    case .command:
      hand.letGo(record.id, wakeAt: record.wakeAt)
    case .call(let body):
      var call = course.call(record, place)
      let span = tracing?.begin(&call)
      let limit = course.limit(record, place, now: clock.now())
      tasks.addTask { [clock, hand, call] in
        let outcome = await ServiceContext.withValue(span?.context ?? .current) {
          await race(limit, clock) { try await body(call, record.context) }
        }
        if let span {
          if case .failure(let error) = outcome { span.recordError(error) }
          span.end()
        }
        if Task.isCancelled { return }
        hand.enqueue(course.turn(open, .called(place, outcome), clock: clock))
      }
    }
  }

  /// It is not what it was: it belongs to somebody else, or what was stored is not known here.
  private func reload(_ id: String) async {
    hand.letGo(id, wakeAt: nil)
    guard !isStopping, let saga = try? await store.load([id], lease).first, hand.take(id) else {
      return
    }
    begin(saga)
  }
}

/// Whether a term is over, and why.
final class TermEnding: Sendable {
  /// Raised when it is.
  let signal = WakeSignal()
  private let state: Mutex<(until: Int64, reason: (any Error)?)>

  init(until: Int64) { state = Mutex((until, nil)) }

  var until: Int64 { state.withLock(\.until) }
  var reason: (any Error)? { state.withLock(\.reason) }
  var isOver: Bool { signal.generation > 0 }

  func extend(to time: Int64) { state.withLock { $0.until = time } }

  func end(_ reason: any Error) {
    state.withLock { $0.reason = $0.reason ?? reason }
    signal.raise()
  }
}
