// SPDX-License-Identifier: Apache-2.0

import SagaModel
import Synchronization
import TransactionalMessaging

/// A store of sagas as another package would write one: it keeps them in memory, beside notes that
/// their steps write, and the events of their commands.
final class MemorySagaStore: SagaStore {
  /// Work on the notes, in the transaction that says it is done.
  typealias Write = @Sendable (SagaCall, String, inout [String]) throws -> String

  private struct Row {
    var record: SagaRecord
    var owner: String?
  }

  private struct Tables {
    var rows: [String: Row] = [:]
    var leases: [String: (epoch: Int64, until: Int64)] = [:]
    var arrivals: [(saga: String, arrival: SagaArrival)] = []
    var lastArrival: Int64 = 0
    var notes: [String] = []
    var events: [OutboxEvent] = []

    func holds(_ lease: SagaLease) -> Bool { leases[lease.orchestrator]?.epoch == lease.epoch }

    func open(_ rows: [Row]) -> [OpenSaga] {
      rows.map { row in
        OpenSaga(
          record: MemorySagaStore.reread(row.record),
          arrivals: arrivals.filter { $0.saga == row.record.id }.map(\.arrival))
      }
    }
  }

  let signal = WakeSignal()
  private let tables = Mutex(Tables())

  var notes: [String] { tables.withLock { $0.notes } }
  var events: [OutboxEvent] { tables.withLock { $0.events } }

  // MARK: - In the caller's transaction

  /// - Returns: of each whether it is new.
  func begin(_ records: [SagaRecord]) -> [Bool] {
    let begun = tables.withLock { tables in
      records.map { record in
        if tables.rows[record.id] != nil { return false }
        tables.rows[record.id] = Row(record: record)
        return true
      }
    }
    signal.raise()
    return begun
  }

  func accept(_ received: ReceivedEvent) throws {
    let answer = try SagaAnswer(received)
    tables.withLock { tables in
      guard let row = tables.rows[answer.sagaID], row.record.endedAt == nil else { return }
      tables.lastArrival += 1
      let content = SagaArrival.Content.answer(
        step: answer.step, answer.direction, answer.outcome)
      tables.arrivals.append(
        (answer.sagaID, SagaArrival(number: tables.lastArrival, content: content)))
      // One that is stuck goes to whoever is there.
      if row.owner == nil {
        tables.rows[answer.sagaID]?.record.wakeAt = received.event.occurredAt
      }
    }
    signal.raise()
  }

  func prune(endedBefore time: Int64) -> Int {
    tables.withLock { tables in
      let ended = tables.rows.filter { $0.value.record.endedAt.map { $0 < time } ?? false }
      for id in ended.keys { tables.rows[id] = nil }
      return ended.count
    }
  }

  // MARK: - For orchestrators

  func acquire(
    _ orchestrator: String, after former: SagaLease?, until: Int64
  ) async throws -> SagaLease {
    try tables.withLock { tables in
      if let former, !tables.holds(former) { throw SagaFenced(lease: former) }
      let epoch = (tables.leases[orchestrator]?.epoch ?? 0) + 1
      tables.leases[orchestrator] = (epoch, until)
      for (id, row) in tables.rows where row.owner == orchestrator { tables.rows[id]?.owner = nil }
      return SagaLease(orchestrator: orchestrator, epoch: epoch)
    }
  }

  func renew(_ lease: SagaLease, until: Int64) async throws {
    try tables.withLock { tables in
      guard tables.holds(lease) else { throw SagaFenced(lease: lease) }
      tables.leases[lease.orchestrator]?.until = until
    }
  }

  func release(_ lease: SagaLease) async throws {
    tables.withLock { tables in
      if tables.holds(lease) { tables.leases[lease.orchestrator]?.until = 0 }
    }
  }

  func claim(
    _ lease: SagaLease, _ identities: [SagaIdentity], orphans: Bool, now: Int64, limit: Int
  ) async throws -> [OpenSaga] {
    tables.withLock { tables in
      guard tables.holds(lease) else { return [] }
      let free = tables.rows.values.filter { row in
        let isFree =
          row.owner.map { owner in
            orphans && owner != lease.orchestrator
              && tables.leases[owner].map { $0.until <= now } ?? true
          } ?? true
        return isFree && row.record.wakeAt != nil && identities.contains(row.record.identity)
      }
      let taken = free.sorted { ($0.record.wakeAt ?? 0) < ($1.record.wakeAt ?? 0) }.prefix(limit)
      for row in taken { tables.rows[row.record.id]?.owner = lease.orchestrator }
      return tables.open(Array(taken))
    }
  }

  func due(_ lease: SagaLease, now: Int64, limit: Int) async throws -> [OpenSaga] {
    tables.withLock { tables in
      guard tables.holds(lease) else { return [] }
      let due = tables.rows.values.filter { row in
        row.owner == lease.orchestrator
          && (row.record.wakeAt.map { $0 <= now } ?? false
            || tables.arrivals.contains { $0.saga == row.record.id })
      }
      let first = due.sorted { ($0.record.wakeAt ?? 0) < ($1.record.wakeAt ?? 0) }.prefix(limit)
      return tables.open(Array(first))
    }
  }

  func load(_ ids: [String], _ lease: SagaLease) async throws -> [OpenSaga] {
    tables.withLock { tables in
      guard tables.holds(lease) else { return [] }
      return tables.open(
        ids.compactMap { tables.rows[$0] }.filter { $0.owner == lease.orchestrator })
    }
  }

  func commit(
    _ turns: [SagaTurn<MemorySagaStore>], _ lease: SagaLease
  ) async throws -> [SagaDecision?] {
    tables.withLock { tables in
      turns.map { turn in
        guard tables.holds(lease), let row = tables.rows[turn.record.id],
          row.owner == lease.orchestrator, row.record.revision == turn.record.revision
        else { return nil }
        return Self.store(turn, in: &tables)
      }
    }
  }

  func unknown(
    to identities: [SagaIdentity]
  ) async throws -> [(identity: SagaIdentity, count: Int)] {
    tables.withLock { tables in
      let waiting = tables.rows.values.filter {
        $0.owner == nil && $0.record.endedAt == nil && !identities.contains($0.record.identity)
      }
      return Dictionary(grouping: waiting, by: \.record.identity).map { ($0.key, $0.value.count) }
    }
  }

  // MARK: - One turn

  private static func store(
    _ turn: SagaTurn<MemorySagaStore>, in tables: inout Tables
  ) -> SagaDecision {
    var result: Result<String, any Error>?
    if let (body, call) = turn.write {
      var notes = tables.notes
      result = Result { try body(call, turn.record.context, &notes) }
      if case .success = result { tables.notes = notes }
    }
    var decision = turn.decide(result)
    while let command = decision.command {
      do throws(EventRejection) {
        try command.validate()
        tables.events.append(command)
        break
      } catch {
        guard let refused = decision.refused else { break }
        decision = refused(error)
      }
    }
    let record = decision.record
    tables.rows[record.id]?.record = record
    if record.phase != .active { tables.rows[record.id]?.owner = nil }
    tables.arrivals.removeAll { saga, arrival in
      saga == record.id && (record.endedAt != nil || decision.arrivals.contains(arrival.number))
    }
    return decision
  }

  /// A record made anew from its parts, as from the columns of a table.
  private static func reread(_ record: SagaRecord) -> SagaRecord {
    var copy = SagaRecord(
      id: record.id, identity: record.identity, context: record.context,
      begunAt: record.begunAt, deadline: record.deadline, trace: record.trace)
    copy.phase = record.phase
    copy.place = record.place
    copy.wakeAt = record.wakeAt
    copy.endedAt = record.endedAt
    copy.failure = record.failure
    copy.revision = record.revision
    copy.steps = record.steps.map { step in
      var copy = SagaStepRecord(
        place: step.place, name: step.name, kind: step.kind, begunAt: step.begunAt)
      copy.state = step.state
      copy.attempts = step.attempts
      copy.crashes = step.crashes
      copy.mayHaveRun = step.mayHaveRun
      copy.dueAt = step.dueAt
      copy.endedAt = step.endedAt
      copy.failure = step.failure
      return copy
    }
    return copy
  }
}
