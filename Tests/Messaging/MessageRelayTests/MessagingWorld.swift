// SPDX-License-Identifier: Apache-2.0

import GRDB
import Logging
import MessageRelay
import MessageStoreSQLite
import MessagingConformance
import MessagingTestSupport
import Synchronization
import TransactionalMessaging

/// A producer's and a consumer's database in memory, and what a test needs around them.
struct MessagingWorld: Sendable {
  let producer: DatabaseQueue
  let consumer: DatabaseQueue
  let outbox = SQLiteOutbox()
  let clock = ManualClock()
  let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  init() throws {
    producer = try DatabaseQueue()
    consumer = try DatabaseQueue()
    try SQLiteMessageTables.install(in: producer)
    try SQLiteMessageTables.install(in: consumer)
    try consumer.write {
      try $0.execute(sql: "CREATE TABLE effect (aggregate TEXT NOT NULL, id TEXT NOT NULL)")
    }
  }

  static let topic = BrokerMessage.topic(forAggregateType: "order")

  /// Times that do not matter are out of the way of the manual clock.
  static var configuration: RelayConfiguration {
    var configuration = RelayConfiguration()
    configuration.publishTimeout = 1 << 50
    configuration.lease = 1 << 50
    configuration.saving = 0
    return configuration
  }

  func broker(capacity: Int = 64) -> InProcessBroker {
    InProcessBroker(
      groups: [.init("effects", topics: [Self.topic], capacity: capacity)], clock: clock)
  }

  func append(_ numbers: ClosedRange<Int>, aggregates: [String]) async throws {
    let outbox = outbox
    try await producer.write { db in
      for number in numbers {
        let aggregate = aggregates[number % aggregates.count]
        try outbox.append(SampleEvents.event(number, aggregate: aggregate), in: db)
      }
    }
  }

  func inbox() -> some EventInbox {
    SQLiteInbox(consumer: "effects").bound(to: consumer) { event, db in
      try db.execute(
        sql: "INSERT INTO effect (aggregate, id) VALUES (?, ?)",
        arguments: [event.event.aggregateID, event.event.id])
    }
  }

  func effects() async throws -> [String: [String]] {
    try await consumer.read { db in
      var effects: [String: [String]] = [:]
      for row in try Row.fetchAll(db, sql: "SELECT aggregate, id FROM effect ORDER BY rowid") {
        effects[row["aggregate"], default: []].append(row["id"])
      }
      return effects
    }
  }

  func countEffects() async throws -> Int {
    try await consumer.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM effect") ?? 0 }
  }

  static func expected(_ numbers: ClosedRange<Int>, aggregates: [String]) -> [String: [String]] {
    Dictionary(grouping: numbers) { aggregates[$0 % aggregates.count] }
      .mapValues { $0.map(SampleEvents.id) }
  }
}

/// A store whose n-th call fails, before or after it took effect, as a crash or a lost answer does.
final class FaultyRelayStore: RelayStore {
  struct Fault: Error {}

  private let store: any RelayStore
  private let failing: Int
  private let afterEffect: Bool
  private let calls = Mutex(0)

  init(_ store: any RelayStore, failingCall: Int, afterEffect: Bool) {
    self.store = store
    failing = failingCall
    self.afterEffect = afterEffect
  }

  var hasFailed: Bool { calls.withLock { $0 >= failing } }

  private func guarded<Result>(_ call: () async throws -> Result) async throws -> Result {
    let number = calls.withLock { calls in
      calls += 1
      return calls
    }
    if number == failing, !afterEffect { throw Fault() }
    let result = try await call()
    if number == failing { throw Fault() }
    return result
  }

  func acquire(_ request: LeaseRequest) async throws -> RelayPosition? {
    try await guarded { try await store.acquire(request) }
  }

  func events(after cursor: RelayCursor, limit: PageLimit) async throws -> EventPage {
    try await guarded { try await store.events(after: cursor, limit: limit) }
  }

  func events(
    of aggregate: AggregateKey, from sequence: Int64, through cursor: RelayCursor, limit: PageLimit
  ) async throws -> EventPage {
    try await guarded {
      try await store.events(of: aggregate, from: sequence, through: cursor, limit: limit)
    }
  }

  func save(_ progress: RelayProgress) async throws {
    try await guarded { try await store.save(progress) }
  }

  func renew(_ lease: RelayLease, until: Int64) async throws {
    try await guarded { try await store.renew(lease, until: until) }
  }

  func release(_ lease: RelayLease) async throws {
    try await guarded { try await store.release(lease) }
  }
}

/// A broker whose answers the test gives.
struct ScriptedBroker: MessageBroker {
  let answer: @Sendable (BrokerMessage) async -> PublishFailure?

  var features: BrokerFeatures {
    BrokerFeatures(
      order: .perKey, persistent: false, publishAwaitsConsumers: false, deduplicates: false)
  }

  func publish(_ message: BrokerMessage) async throws(PublishFailure) {
    if let failure = await answer(message) { throw failure }
  }

  func consume(
    group: String, concurrency: Int,
    handler: @escaping @Sendable (BrokerMessage) async -> Disposition
  ) async throws {
    throw ConsumeFailure.unknownGroup(group, known: [])
  }
}
