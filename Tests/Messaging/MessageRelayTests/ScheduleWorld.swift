// SPDX-License-Identifier: Apache-2.0

import GRDB
import MessageStoreSQLite
import MessagingConformance
import MessagingTestSupport
import Testing
import TransactionalMessaging

/// A producer's and a consumer's database as files, two relays, and a ledger outside of both that
/// knows what was committed and delivered. Every choice follows from the seed.
final class ScheduleWorld {
  private struct Aborted: Error {}
  private struct Broken: Error {}

  private let folder: TemporaryFolder
  private var producer: DatabaseQueue
  private var consumer: DatabaseQueue
  private let outbox = SQLiteOutbox()
  private let inbox = SQLiteInbox(
    consumer: "c", policy: InboxPolicy(attempts: 2, retry: Backoff(first: 50, most: 200)))
  private var relays: [SteppedRelay] = []
  private var random: SeededGenerator
  private var now: Int64 = 1_000_000
  private var numberOfEvents = 0
  private var numberOfOwners = 0
  private var faults = true

  /// Ids of committed events by aggregate, in order.
  private(set) var committed: [String: [String]] = [:]
  /// Versions by aggregate in the order in which they were delivered for the first time.
  private(set) var firstDeliveries: [String: [Int64]] = [:]
  private(set) var duplicates = 0
  private(set) var crashes = 0

  private let configuration: RelayConfiguration = {
    var configuration = RelayConfiguration()
    configuration.page = PageLimit(events: 7)
    configuration.concurrency = 3
    configuration.attempts = 2
    configuration.lease = 3_000
    configuration.saving = 20
    configuration.standby = 100
    configuration.retry = Backoff(first: 50, most: 200)
    configuration.outage = Backoff(first: 10, most: 100)
    return configuration
  }()

  init(seed: UInt64) throws {
    random = SeededGenerator(seed: seed)
    folder = try TemporaryFolder()
    producer = try Self.open(folder.path("producer.sqlite"))
    consumer = try Self.open(folder.path("consumer.sqlite"))
    try consumer.write {
      try $0.execute(
        sql: "CREATE TABLE effect (aggregate TEXT NOT NULL, id TEXT NOT NULL)")
    }
    relays = [newRelay(), newRelay()]
  }

  private static func open(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    // The process does not end in this test, so nothing needs to reach the disk.
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = OFF") }
    let database = try DatabaseQueue(path: path, configuration: configuration)
    try SQLiteMessageTables.install(in: database, surviving: .processCrash)
    return database
  }

  private func newRelay() -> SteppedRelay {
    numberOfOwners += 1
    return SteppedRelay(
      owner: "owner-\(numberOfOwners)", store: SQLiteRelayStore(producer),
      configuration: configuration, seed: random.next(), now: now)
  }

  private func chance(_ percent: Int) -> Bool {
    faults && Int.random(in: 0..<100, using: &random) < percent
  }

  // MARK: - Steps

  func run(steps: Int) async throws {
    for _ in 0..<steps {
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<20: try await append()
      case 20..<84: try await step(Int.random(in: 0..<relays.count, using: &random))
      case 84..<92: now += Int64.random(in: 0...400, using: &random)
      case 92..<96: try await retryParked()
      case 96..<99: crash(Int.random(in: 0..<relays.count, using: &random))
      default: try reopen()
      }
    }
  }

  /// Ends all faults, lets an operator replay what is dead, and runs until nothing is left to do.
  func settle() async throws {
    faults = false
    for _ in 0..<2_000 {
      for parked in try await SQLiteRelayStore(producer).parked(relay: "r")
      where parked.state == .dead {
        try await SQLiteRelayStore(producer).replay(parked.aggregate, relay: "r")
      }
      let inbox = inbox
      try await consumer.write { db in
        for parked in try inbox.parked(in: db) where parked.state == .dead {
          try inbox.replay(
            AggregateKey(
              type: parked.received.event.aggregateType, id: parked.received.event.aggregateID),
            in: db)
        }
      }
      for index in relays.indices {
        for _ in 0..<20 { try await step(index) }
      }
      try await retryParked()
      now += 300
      if try await isQuiet() { return }
    }
    Issue.record("the relays did not come to rest")
  }

  private func isQuiet() async throws -> Bool {
    let left = try await producer.read { db in
      try Int.fetchOne(
        db,
        sql: """
          SELECT (SELECT COUNT(*) FROM parked)
            + (SELECT COUNT(*) FROM outbox WHERE seq > (SELECT done_seq FROM relay_shard))
          """)
    }
    let parked = try await consumer.read {
      try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM inbox_parked")
    }
    return left == 0 && parked == 0
  }

  private func append() async throws {
    let aggregate = ["a", "b", "c", "d", "e"].randomElement(using: &random) ?? "a"
    let count = Int.random(in: 1...3, using: &random)
    let events = (0..<count).map {
      SampleEvents.event(numberOfEvents + 1 + $0, aggregate: aggregate)
    }
    numberOfEvents += count
    let aborts = chance(20)
    let outbox = outbox
    do {
      try await producer.write { db in
        for event in events { try outbox.append(event, in: db) }
        if aborts { throw Aborted() }
      }
      committed[aggregate, default: []] += events.map(\.id)
    } catch is Aborted {}
  }

  private func step(_ index: Int) async throws {
    let fault: SteppedRelay.StoreFault =
      chance(3) ? .beforeTheCall : chance(3) ? .afterTheCall : .none
    var generator = SeededGenerator(seed: random.next())
    try await relays[index].step(now: now, fault: fault, random: &generator) { event in
      try await self.publish(event)
    }
    try checkCursor()
  }

  private func crash(_ index: Int) {
    crashes += 1
    relays[index] = newRelay()
  }

  private func reopen() throws {
    try producer.close()
    try consumer.close()
    producer = try Self.open(folder.path("producer.sqlite"))
    consumer = try Self.open(folder.path("consumer.sqlite"))
    for index in relays.indices { crash(index) }
  }

  private func retryParked() async throws {
    do {
      _ = try await bound().retryParked(now: now, limit: 10)
    } catch is CancellationError {
      crashes += 1
    }
  }

  // MARK: - Broker and consumer

  private func publish(_ event: AppendedEvent) async throws -> PublishFailure? {
    if chance(5) { return .unavailable("lost before the broker") }
    if chance(8) { return .rejected("refused") }
    noteDelivery(event)
    let received = try ReceivedEvent(BrokerMessage(event))
    do {
      _ = try await bound().receive(received, now: now)
    } catch is CancellationError {
      return .unavailable("the consumer crashed before its commit")
    }
    if chance(5) { return .unavailable("the acknowledgement was lost") }
    if chance(3) { return .rejected("the acknowledgement was late") }
    return nil
  }

  private func bound() -> some EventInbox {
    let breaks = chance(6)
    let crashes = chance(4)
    return inbox.bound(to: consumer) { event, db in
      try db.execute(
        sql: "INSERT INTO effect (aggregate, id) VALUES (?, ?)",
        arguments: [event.event.aggregateID, event.event.id])
      if breaks { throw Broken() }
      if crashes { throw CancellationError() }
    }
  }

  private func noteDelivery(_ event: AppendedEvent) {
    let seen = firstDeliveries[event.event.aggregateID, default: []]
    if seen.contains(event.version) {
      duplicates += 1
    } else {
      firstDeliveries[event.event.aggregateID] = seen + [event.version]
    }
  }

  // MARK: - Invariants

  /// Everything up to the cursor was delivered, or waits behind a parked event of its aggregate.
  private func checkCursor() throws {
    let passed = try producer.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT aggregateid, aggregateversion FROM outbox o
          WHERE seq <= (SELECT done_seq FROM relay_shard) AND NOT EXISTS (
            SELECT 1 FROM parked p WHERE p.aggregateid = o.aggregateid AND p.first_seq <= o.seq)
          """)
    }
    for row in passed {
      let aggregate: String = row["aggregateid"]
      let version: Int64 = row["aggregateversion"]
      #expect(
        firstDeliveries[aggregate, default: []].contains(version),
        "the cursor passed \(aggregate) version \(version)")
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
}
