// SPDX-License-Identifier: Apache-2.0

import CheckoutExample
import Foundation
import GRDB
import Logging
import MessageStoreSQLite
import MessagingTestSupport
import SagaModel
import SagaOrchestration
import ServiceLifecycle
import ServiceLifecycleTestKit
import Synchronization
import Testing
import TransactionalMessaging

@Suite(.timeLimit(.minutes(1)))
struct OrchestratorTests {
  private struct Note: Codable, Sendable {
    var seen: [String] = []
  }

  private typealias NoteSaga = Saga<Note, SQLiteSagaStore>

  private let database: DatabaseQueue
  private let store: SQLiteSagaStore

  init() throws {
    database = try DatabaseQueue()
    try SQLiteMessageTables.install(in: database)
    store = SQLiteSagaStore(database)
  }

  private func begin(_ saga: NoteSaga, _ ids: String...) async throws {
    let now = Int64(Date().timeIntervalSince1970 * 1_000)
    let records = try ids.map { try saga.begin($0, Note(), now: now) }
    try await database.write { db in for record in records { try store.begin(record, in: db) } }
  }

  private func orchestrator(
    _ sagas: [NoteSaga], name: String = "one", lease: Int64 = 10_000
  ) -> SagaOrchestrator<SQLiteSagaStore> {
    var configuration = OrchestratorConfiguration()
    configuration.lease = lease
    configuration.poll = 20
    return SagaOrchestrator(
      name: name, store: store, sagas: sagas, configuration: configuration, logger: .silent)
  }

  private func phase(_ id: String) async throws -> String? {
    try await database.read {
      try String.fetchOne($0, sql: "SELECT phase FROM saga WHERE id = ?", arguments: [id])
    }
  }

  private func wait(for phase: String, of id: String) async throws {
    while try await self.phase(id) != phase {
      try Task.checkCancellation()
      await Task.yield()
    }
  }

  private func running(
    _ orchestrators: [SagaOrchestrator<SQLiteSagaStore>], _ body: () async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      for orchestrator in orchestrators { tasks.addTask { try await orchestrator.run() } }
      try await body()
      tasks.cancelAll()
    }
  }

  private var history: SagaOperator { SagaOperator(SQLiteOperatorDatabase(database)) }

  // MARK: - Versions

  @Test func aSagaGoesOnWithTheVersionThatItWasBegunWith() async throws {
    func saga(_ version: Int, _ step: String) throws -> NoteSaga {
      try NoteSaga("note", version: version) {
        Retriable(step, .call { note, call in note.seen.append("v\(version) \(call.step)") })
      }
    }
    let (old, new) = (try saga(1, "first"), try saga(2, "first"))
    let changed = try saga(1, "other")
    try await begin(old, "a")
    try await begin(new, "b")
    let orchestrator = orchestrator([changed, new])
    try await running([orchestrator]) {
      try await wait(for: "completed", of: "b")
      while orchestrator.status.unknown.isEmpty { await Task.yield() }
      #expect(orchestrator.status.unknown == [old.script.plan.identity: 1])
      #expect(try await phase("a") == "active")
    }
    try await running([self.orchestrator([old, new], name: "two")]) {
      try await wait(for: "completed", of: "a")
    }
    let shown = try #require(try await history.show("a"))
    #expect(shown.context == #"{"seen":["v1 first"]}"#)
  }

  // MARK: - Several processes

  @Test func twoOrchestratorsShareTheSagasAndRunEachOnce() async throws {
    let runs = Mutex<[String: Int]>([:])
    let saga = try NoteSaga("note", version: 1) {
      Step(
        "one", .call { _, call in runs.withLock { $0[call.key, default: 0] += 1 } },
        compensation: nil)
      Retriable("two", .call { _, call in runs.withLock { $0[call.key, default: 0] += 1 } })
    }
    let ids = (0..<40).map { "s\($0)" }
    let now = Int64(Date().timeIntervalSince1970 * 1_000)
    let records = try ids.map { try saga.begin($0, Note(), now: now) }
    try await running([orchestrator([saga]), orchestrator([saga], name: "two")]) {
      for record in records {
        try await database.write { _ = try store.begin(record, in: $0) }
      }
      for id in ids { try await wait(for: "completed", of: id) }
    }
    #expect(runs.withLock { $0.count } == 80)
    #expect(runs.withLock { $0.values.allSatisfy { $0 == 1 } })
  }

  @Test func whoeverLosesItsNameEndsAndTheOtherGoesOn() async throws {
    let (isAtIt, mayGoOn) = (WakeSignal(), WakeSignal())
    let calls = Mutex(0)
    let saga = try NoteSaga("note", version: 1) {
      Retriable(
        "slow",
        .call { _, _ in
          let isFirst = calls.withLock { calls in
            calls += 1
            return calls == 1
          }
          isAtIt.raise()
          if isFirst { await mayGoOn.wait(after: 0) }
        })
    }
    try await begin(saga, "a")
    let first = orchestrator([saga], lease: 60)
    let fenced = Task { try await first.run() }
    await isAtIt.wait(after: 0)
    try await running([orchestrator([saga])]) {
      try await wait(for: "completed", of: "a")
      await #expect(throws: SagaFenced.self) { try await fenced.value }
    }
    #expect(calls.withLock { $0 } == 2)
    let shown = try #require(try await history.show("a"))
    #expect(shown.steps.map(\.attempts) == [1] && shown.steps[0].mayHaveRun)
  }

  @Test func aShutdownLetsCallsEndAndGivesTheLeaseBack() async throws {
    let (isAtIt, mayGoOn) = (WakeSignal(), WakeSignal())
    let saga = try NoteSaga("note", version: 1) {
      Retriable(
        "slow",
        .call { _, _ in
          isAtIt.raise()
          await mayGoOn.wait(after: 0)
        })
    }
    try await begin(saga, "a")
    let orchestrator = orchestrator([saga])
    try await testGracefulShutdown { trigger in
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await orchestrator.run() }
        await isAtIt.wait(after: 0)
        trigger.triggerGracefulShutdown()
        mayGoOn.raise()
        try await tasks.waitForAll()
      }
    }
    #expect(try await phase("a") == "completed")
    let until = try await database.read {
      try Int64.fetchOne($0, sql: "SELECT lease_until FROM saga_orchestrator")
    }
    #expect(until == 0)
  }

  // MARK: - Times

  @Test func aCallThatTakesTooLongIsCancelledBeforeItIsUndone() async throws {
    let order = Mutex<[String]>([])
    let saga = try NoteSaga("note", version: 1) {
      Step(
        "slow",
        .call { _, _ in
          await WakeSignal().wait(after: 0)
          order.withLock { $0.append("cancelled") }
          try Task.checkCancellation()
        }.within(.milliseconds(20)).attempts(1),
        compensation: .call { _, _ in order.withLock { $0.append("undone") } })
    }
    try await begin(saga, "a")
    try await running([orchestrator([saga])]) { try await wait(for: "compensated", of: "a") }
    #expect(order.withLock { $0 } == ["cancelled", "undone"])
    let shown = try #require(try await history.show("a"))
    #expect(shown.steps.map(\.state) == [.unknown, .done])
    #expect(shown.summary.failure == "no answer within 20 ms")
  }

  @Test func theTimeOfTheSagaEndsACall() async throws {
    let saga = try NoteSaga("note", version: 1, within: .milliseconds(50)) {
      Step(
        "slow",
        .call { _, _ in
          await WakeSignal().wait(after: 0)
          try Task.checkCancellation()
        }.within(.seconds(60)), compensation: .call { note, _ in note.seen.append("undone") })
    }
    try await begin(saga, "a")
    try await running([orchestrator([saga])]) { try await wait(for: "compensated", of: "a") }
    let shown = try #require(try await history.show("a"))
    #expect(shown.context == #"{"seen":["undone"]}"#)
    #expect(shown.summary.failure == "no answer in the time of the saga")
  }

  // MARK: - Operators

  @Test func whatIsStuckWaitsForItsDecision() async throws {
    let isBroken = Mutex(true)
    let saga = try NoteSaga("note", version: 1) {
      Pivot("pay", .call { _, _ in })
      Retriable(
        "tell",
        .call { _, _ in
          if isBroken.withLock({ $0 }) { throw SagaRefusal("mailbox 17 is full") }
        }.attempts(2).backoff(Backoff(first: 1, most: 1)))
    }
    try await begin(saga, "a", "b")
    let orchestrator = orchestrator([saga])
    try await running([orchestrator]) {
      for id in ["a", "b"] { try await wait(for: "stuck", of: id) }
      let stuck = try await history.list(SagaListing(states: [.stuck]))
      #expect(Set(stuck.map(\.id)) == ["a", "b"] && stuck[0].failure == "mailbox 17 is full")
      #expect(stuck[0].fingerprint == stuck[1].fingerprint && stuck[0].fingerprint?.count == 16)
      isBroken.withLock { $0 = false }
      try await decide(.retry, "a")
      try await decide(.resolveDone, "b")
      for id in ["a", "b"] { try await wait(for: "completed", of: id) }
    }
    #expect(orchestrator.status.parked == 2 && orchestrator.status.completed == 2)
    let shown = try #require(try await history.show("b"))
    #expect(shown.decisions.map(\.order) == ["resolve-done"] && shown.arrivals == 0)
  }

  @Test func anOperatorGivesUpWhatWaitsForAnAnswer() async throws {
    let saga = try NoteSaga("note", version: 1) {
      Step(
        "one", .write { note, _, _ in note.seen.append("one") },
        compensation: .write { note, _, _ in note.seen.append("undone") })
      Step("ask", .command(to: "desk", "ask") { $0.seen }, compensation: nil)
    }
    try await begin(saga, "a")
    try await running([orchestrator([saga])]) {
      while try await history.show("a")?.summary.step != "ask" { await Task.yield() }
      try await decide(.compensate, "a")
      try await wait(for: "compensated", of: "a")
    }
    let shown = try #require(try await history.show("a"))
    #expect(shown.context == #"{"seen":["one","undone"]}"#)
    #expect(shown.steps.map(\.key) == ["a:one:do", "a:ask:do", "a:one:undo"])
  }

  private func decide(_ order: SagaOrder, _ id: String) async throws {
    let saga = try #require(try await history.show(id))
    #expect(SagaOrderCheck.objection(to: order, saga) == nil)
    let isKept = try await history.decide(
      SagaOperator.Order(order, actor: "ada", reason: "ticket 7", now: 1), saga)
    #expect(isKept)
  }
}
