// SPDX-License-Identifier: Apache-2.0

import SagaModel
import TransactionalMessaging

/// The checks of `SagaStoreConformance`.
struct SagaStoreCheck<Store: SagaStore> {
  private struct Note: Codable, Sendable {
    var text: String
  }

  private let subject: SagaStoreUnderTest<Store>
  private let saga: Saga<Note, Store>
  private let other: Saga<Note, Store>

  init(_ subject: SagaStoreUnderTest<Store>) throws {
    self.subject = subject
    func saga(_ version: Int) throws -> Saga<Note, Store> {
      try Saga<Note, Store>("sample", version: version, within: .seconds(60)) {
        Step("note", SagaWork(write: subject.write(false)), compensation: nil)
        Step("ask", .command(to: "desk", "ask") { $0.text }, compensation: nil)
      }
    }
    self.saga = try saga(1)
    other = try saga(2)
  }

  private var identities: [SagaIdentity] { [saga.script.plan.identity] }

  private func begin(_ ids: String..., of saga: Saga<Note, Store>? = nil) async throws {
    let saga = saga ?? self.saga
    let begun = try await subject.begin(
      ids.enumerated().map { try saga.begin($1, Note(text: $1), now: Int64($0)) })
    try require(begun.allSatisfy { $0 }, "\(begun)")
  }

  private func lease(_ name: String = "one", until: Int64 = 1_000) async throws -> SagaLease {
    try await subject.store.acquire(name, after: nil, until: until)
  }

  private func claim(
    _ lease: SagaLease, orphans: Bool = false, now: Int64 = 10, limit: Int = 10
  ) async throws -> [OpenSaga] {
    try await subject.store.claim(lease, identities, orphans: orphans, now: now, limit: limit)
      .sorted { $0.record.id < $1.record.id }
  }

  /// One turn: the machine's answer to an input.
  private func turn(
    _ record: SagaRecord, _ input: SagaInput, command: OutboxEvent? = nil, arrivals: [Int64] = [],
    write: Store.Write? = nil
  ) -> SagaTurn<Store> {
    let plan = saga.script.plan
    let call = SagaCall(
      saga: "sample", sagaID: record.id, step: "note", direction: .forward, attempt: 1, trace: nil)
    return SagaTurn(record: record, write: write.map { ($0, call) }) { result in
      var random = SeededGenerator(seed: 1)
      var machine = SagaMachine(plan, record)
      var input = input
      if case .failure(let error)? = result {
        input = .failed(SagaPlace(0, .forward), "\(error)", mayHaveRun: false)
      }
      let action = machine.handle(input, now: 20, using: &random)
      let decided = machine
      return SagaDecision(
        from: record, to: machine.record, action: action, arrivals: arrivals, command: command
      ) { error in
        var random = SeededGenerator(seed: 2)
        var machine = decided
        let next = machine.handle(
          .failed(SagaPlace(1, .forward), "\(error)", mayHaveRun: false), now: 20, using: &random)
        return SagaDecision(from: record, to: machine.record, action: next, arrivals: arrivals)
      }
    }
  }

  private func command(_ number: Int, _ id: String) -> OutboxEvent {
    let call = SagaCall(
      saga: "sample", sagaID: id, step: "ask", direction: .forward, attempt: 1, trace: nil)
    var event = SampleEvents.event(number)
    event.headers = [
      "saga": call.saga, "saga_id": id, "saga_step": call.step, "saga_direction": "do",
      "saga_attempt": "1",
    ]
    event.aggregateType = "desk"
    return event
  }

  /// The first turn of a saga: its first step begins.
  private func started(_ lease: SagaLease, _ record: SagaRecord) async throws -> SagaRecord {
    let decisions = try await subject.store.commit([turn(record, .woken)], lease)
    guard let decision = decisions[0] else {
      throw ConformanceFailure(description: "saga \(record.id) was refused")
    }
    return decision.record
  }

  private func done(_ position: Int) -> SagaInput {
    .answered(SagaPlace(position, .forward), context: #"{"text":"new"}"#)
  }

  // MARK: - Owners

  func beginsOnce() async throws {
    let record = try saga.begin("a", Note(text: "x"), now: 1)
    let begun = try await subject.begin([record, record])
    let again = try await subject.begin([record])
    try require(begun == [true, false] && again == [false], "\(begun), \(again)")
  }

  func givesToOne() async throws {
    try await begin("a", "b", "c")
    try await begin("d", of: other)
    let (one, two) = (try await lease("one"), try await lease("two"))
    let first = try await claim(one, limit: 2)
    let second = try await claim(two, orphans: true)
    try require(
      first.map(\.record.id) == ["a", "b"] && second.map(\.record.id) == ["c"],
      "\(first.map(\.record.id)), \(second.map(\.record.id))")
    let none = try await claim(one, orphans: true)
    try require(none.isEmpty, "\(none)")
    let unknown = try await subject.store.unknown(to: identities)
    try require(
      unknown.count == 1 && unknown[0].identity == other.script.plan.identity
        && unknown[0].count == 1, "\(unknown)")
  }

  func givesToANewProcess() async throws {
    try await begin("a")
    let former = try await lease("one")
    _ = try await claim(former)
    let new = try await lease("one")
    try require(new.epoch > former.epoch, "\(new)")
    let found = try await claim(new, orphans: true)
    try require(found.map(\.record.id) == ["a"], "\(found)")
    // Another orchestrator waits for the end of the lease.
    let two = try await lease("two", until: 5_000)
    let early = try await claim(two, orphans: true, now: 999)
    let late = try await claim(two, orphans: true, now: 1_000)
    try require(early.isEmpty && late.map(\.record.id) == ["a"], "\(early), \(late)")
    try await subject.store.release(two)
    let released = try await claim(new, orphans: true, now: 1_001)
    try require(released.map(\.record.id) == ["a"], "\(released)")
  }

  func refusesTheFormer() async throws {
    try await begin("a")
    let former = try await lease("one")
    let record = try await claim(former)[0].record
    let new = try await lease("one")
    _ = try await claim(new, orphans: true)
    let refused = try await subject.store.commit([turn(record, .woken)], former)
    try require(refused.count == 1 && refused[0] == nil, "the former owner has stored something")
    do {
      try await subject.store.renew(former, until: 2_000)
      throw ConformanceFailure(description: "the former owner renewed its lease")
    } catch is SagaFenced {}
    do {
      _ = try await subject.store.acquire("one", after: former, until: 2_000)
      throw ConformanceFailure(description: "the former owner took its name back")
    } catch is SagaFenced {}
    let again = try await subject.store.acquire("one", after: new, until: 2_000)
    try require(again.epoch > new.epoch, "\(again)")
  }

  // MARK: - Turns

  func storesAsOne() async throws {
    try await begin("a", "b")
    let lease = try await lease()
    let records = try await claim(lease).map(\.record)
    let (a, b) = (try await started(lease, records[0]), try await started(lease, records[1]))
    let turns = [
      turn(a, done(0), command: command(1, "a"), write: subject.write(false)),
      turn(b, done(0), command: command(2, "b"), write: subject.write(false)),
    ]
    let decisions = try await subject.store.commit(turns, lease)
    try require(decisions.allSatisfy { $0?.record.place == SagaPlace(1, .forward) }, "\(decisions)")
    let (rows, events) = (try await subject.rows(), try await subject.events())
    try require(rows == 2 && events.count == 2, "\(rows) rows, \(events)")
    // The same turns once more are what they were not: nothing happens twice.
    let again = try await subject.store.commit(turns, lease)
    try require(again.allSatisfy { $0 == nil }, "stored twice")
    let (after, sent) = (try await subject.rows(), try await subject.events().count)
    try require(after == 2 && sent == 2, "\(after) rows, \(sent) events")
  }

  func undoesWork() async throws {
    try await begin("a", "b")
    let lease = try await lease()
    let records = try await claim(lease).map(\.record)
    let (a, b) = (try await started(lease, records[0]), try await started(lease, records[1]))
    let decisions = try await subject.store.commit(
      [
        turn(a, done(0), write: subject.write(true)),
        turn(b, done(0), write: subject.write(false)),
      ], lease)
    try require(
      decisions.map { $0?.action } == [.wait, .attempt(SagaPlace(1, .forward), number: 1)],
      "\(decisions)")
    let rows = try await subject.rows()
    try require(rows == 1, "\(rows) rows")
  }

  func survivesABadCommand() async throws {
    try await begin("a", "b")
    let lease = try await lease()
    let records = try await claim(lease).map(\.record)
    let (a, b) = (try await started(lease, records[0]), try await started(lease, records[1]))
    var bad = command(1, "a")
    bad.type = ""
    let decisions = try await subject.store.commit(
      [turn(a, done(0), command: bad), turn(b, done(0), command: command(2, "b"))], lease)
    try require(
      decisions[0]?.action == .end && decisions[0]?.record.phase == .compensated
        && decisions[1]?.record.phase == .active, "\(decisions)")
    let events = try await subject.events()
    try require(events.count == 1, "\(events)")
  }

  func readsBack() async throws {
    var record = try saga.begin(
      "a", Note(text: "\"ü\u{0}\" 🦉"), now: 1, trace: "00-4bf9-00f0-01")
    _ = try await subject.begin([record])
    let lease = try await lease()
    var found = try await claim(lease)
    try require(found.map(\.record) == [record], "\(found)")
    record = try await started(lease, record)
    found = try await subject.store.load(["a", "x"], lease)
    try require(found.map(\.record) == [record], "\(found), not \(record)")
    let decision = try await subject.store.commit(
      [turn(record, .failed(SagaPlace(0, .forward), "no \u{0} \"room\"", mayHaveRun: true))], lease)
    found = try await subject.store.load(["a"], lease)
    try require(found.map(\.record) == [decision[0]?.record], "\(found), not \(decision)")
    try require(found[0].record.steps[0].failure == "no   \"room\"", "\(found)")
  }

  // MARK: - What comes in

  private func answer(_ number: Int, _ id: String, _ outcome: SagaAnswer.Outcome) throws
    -> ReceivedEvent
  {
    let command = try SagaCommand(ReceivedEvent(version: 1, event: command(number, id)))
    return ReceivedEvent(
      version: 1, event: command.answer(outcome, id: SampleEvents.id(90 + number), now: 30))
  }

  func keepsAnswers() async throws {
    try await begin("a", "b")
    let lease = try await lease()
    let record = try await started(lease, try await claim(lease)[0].record)
    try await subject.accept(try answer(1, "a", .done(Array("{}".utf8))))
    try await subject.accept(try answer(2, "a", .refused("no")))
    try await subject.accept(try answer(3, "nowhere", .refused("no")))
    // Whoever looks before its time finds it because something has come in.
    var due = try await subject.store.due(lease, now: 0, limit: 10).filter { $0.record.id == "a" }
    try require(
      due.first?.arrivals.map(\.content) == [
        .answer(step: "ask", .forward, .done(Array("{}".utf8))),
        .answer(step: "ask", .forward, .refused("no")),
      ], "\(due)")
    let numbers = due.first?.arrivals.map(\.number) ?? []
    _ = try await subject.store.commit(
      [turn(record, done(0), arrivals: Array(numbers.prefix(1)))], lease)
    due = try await subject.store.due(lease, now: 0, limit: 10).filter { $0.record.id == "a" }
    try require(due.first?.arrivals.map(\.number) == Array(numbers.suffix(1)), "\(due)")
  }

  func findsDue() async throws {
    try await begin("a", "b")
    let lease = try await lease()
    for saga in try await claim(lease) { _ = try await started(lease, saga.record) }
    let early = try await subject.store.due(lease, now: 20, limit: 10)
    let late = try await subject.store.due(lease, now: 30_020, limit: 10)
    let first = try await subject.store.due(lease, now: 30_020, limit: 1)
    try require(early.isEmpty && late.count == 2 && first.count == 1, "\(early), \(late)")
    let foreign = try await subject.store.due(
      try await self.lease("two"), now: 30_020, limit: 10)
    try require(foreign.isEmpty, "\(foreign)")
  }

  func forgets() async throws {
    try await begin("a", "b")
    let lease = try await lease()
    var record = try await started(lease, try await claim(lease)[0].record)
    for position in 0...1 {
      try await subject.accept(try answer(position, "a", .refused("no")))
      let decision = try await subject.store.commit([turn(record, done(position))], lease)
      record = decision[0]?.record ?? record
    }
    try require(record.phase == .completed && record.endedAt == 20, "\(record)")
    try await subject.accept(try answer(7, "a", .refused("late")))
    let owned = try await subject.store.load(["a"], lease)
    let due = try await subject.store.due(lease, now: .max, limit: 10)
    try require(owned.isEmpty && due.allSatisfy { $0.record.id == "b" }, "\(owned), \(due)")
    let early = try await subject.prune(20)
    let late = try await subject.prune(21)
    try require(early == 0 && late == 1, "forgot \(early), then \(late)")
    let begun = try await subject.begin([try saga.begin("a", Note(text: "x"), now: 50)])
    try require(begun == [true], "it is not forgotten")
    let anew = try await claim(lease, now: 60)
    try require(anew.allSatisfy { $0.record.steps.isEmpty && $0.arrivals.isEmpty }, "\(anew)")
  }
}
