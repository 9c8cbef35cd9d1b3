// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Logging
import MessageRelay
import MessageStoreSQLite
import TransactionalMessaging

/// A producer, a relay and a consumer in one process that a test kills at any moment.
///
/// `messaging-crash-child FOLDER work SEED` appends and relays for ever and writes a line for each
/// thing that happened, so that its parent can choose a moment; `FOLDER drain` ends when everything
/// that was committed has been consumed.
@main
struct CrashChild {
  private struct Aborted: Error {}

  private let producer: DatabasePool
  private let consumer: DatabasePool
  private let outbox = SQLiteOutbox()

  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count >= 3 else {
      FileHandle.standardError.write(Data("usage: FOLDER work SEED | FOLDER drain\n".utf8))
      exit(64)
    }
    let child = try CrashChild(folder: arguments[1])
    let seed = arguments.count > 3 ? UInt64(arguments[3]) ?? 0 : 0
    try await child.run(drains: arguments[2] == "drain", seed: seed)
  }

  private init(folder: String) throws {
    producer = try DatabasePool(path: folder + "/producer.sqlite")
    consumer = try DatabasePool(path: folder + "/consumer.sqlite")
    try SQLiteMessageTables.install(in: producer, surviving: .processCrash)
    try SQLiteMessageTables.install(in: consumer, surviving: .processCrash)
    try producer.write {
      try $0.execute(
        sql: "CREATE TABLE IF NOT EXISTS business (aggregate TEXT NOT NULL, id TEXT NOT NULL)")
    }
    try consumer.write {
      try $0.execute(
        sql: "CREATE TABLE IF NOT EXISTS effect (aggregate TEXT NOT NULL, id TEXT NOT NULL)")
    }
  }

  private func run(drains: Bool, seed: UInt64) async throws {
    let topic = BrokerMessage.topic(forAggregateType: "order")
    let broker = InProcessBroker(groups: [.init("effects", topics: [topic])])
    let logger = Logger(label: "crash-child") { _ in SwiftLogNoOpLogHandler() }
    var configuration = RelayConfiguration()
    configuration.page = PageLimit(events: 16)
    // A killed owner never gives its lease back; the next one must not wait for long.
    configuration.lease = 60
    configuration.standby = 5
    let relay = Relay(
      store: SQLiteRelayStore(producer), broker: broker, signal: outbox.signal,
      configuration: configuration, logger: logger)
    let applied = WakeSignal()
    let inbox = SQLiteInbox(consumer: "effects").bound(to: consumer) { event, db in
      try db.execute(
        sql: "INSERT INTO effect (aggregate, id) VALUES (?, ?)",
        arguments: [event.event.aggregateID, event.event.id])
      Self.tell("effect")
      db.afterNextTransaction { _ in applied.raise() }
    }
    let reader = Consumer(broker: broker, inbox: inbox, logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await relay.run() }
      tasks.addTask { try await reader.run() }
      if drains {
        while case let seen = applied.generation, try await !isDrained() {
          await applied.wait(after: seen)
        }
      } else {
        try await appendForever(seed: seed)
      }
      tasks.cancelAll()
    }
  }

  private func appendForever(seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    while true {
      let aggregate = "aggregate-\(Int.random(in: 0..<6, using: &random))"
      let count = Int.random(in: 1...3, using: &random)
      let aborts = Int.random(in: 0..<5, using: &random) == 0
      let (outbox, seconds) = (outbox, Date().timeIntervalSince1970)
      do {
        try await producer.write { db in
          for _ in 0..<count {
            let id = UUID().uuidString.lowercased()
            try db.execute(
              sql: "INSERT INTO business (aggregate, id) VALUES (?, ?)",
              arguments: [aggregate, id])
            try outbox.append(
              OutboxEvent(
                id: id, aggregateType: "order", aggregateID: aggregate, type: "order-changed",
                occurredAt: Int64(seconds * 1_000), payload: Array("{}".utf8)), in: db)
          }
          Self.tell("append")
          if aborts { throw Aborted() }
        }
      } catch is Aborted {}
      Self.tell("committed")
    }
  }

  private func isDrained() async throws -> Bool {
    let events = try await producer.read {
      try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM outbox")
    }
    let effects = try await consumer.read {
      try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM effect")
    }
    return effects ?? 0 >= events ?? 0
  }

  private static func tell(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }
}
