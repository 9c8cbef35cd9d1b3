// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import MessageRelay
import TransactionalMessaging

/// A producer, a relay and a consumer in one process that a test kills at any moment.
///
/// `messaging-crash-child PLACE work SEED` appends and relays for ever and writes a line for each
/// thing that happened, so that its parent can choose a moment; `PLACE drain` ends when everything
/// that was committed has been consumed. The place is a folder for SQLite, or the address of a
/// PostgreSQL.
@main
struct CrashChild {
  private let databases: any CrashDatabases

  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count >= 3 else {
      FileHandle.standardError.write(Data("usage: PLACE work SEED | PLACE drain\n".utf8))
      exit(64)
    }
    let child = CrashChild(databases: try await open(arguments[1]))
    let seed = arguments.count > 3 ? UInt64(arguments[3]) ?? 0 : 0
    try await child.run(drains: arguments[2] == "drain", seed: seed)
  }

  private static func open(_ place: String) async throws -> any CrashDatabases {
    #if PostgreSQL
      if place.hasPrefix("postgresql://") { return try await PostgreSQLDatabases(place) }
    #endif
    return try SQLiteDatabases(folder: place)
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
      store: databases.relayStore, broker: broker, signal: databases.signal,
      configuration: configuration, logger: logger)
    let applied = WakeSignal()
    let inbox = databases.inbox { applied.raise() }
    let reader = Consumer(broker: broker, inbox: inbox, logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await relay.run() }
      tasks.addTask { try await reader.run() }
      if drains {
        while case let seen = applied.generation, try await !databases.isDrained() {
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
      let now = Int64(Date().timeIntervalSince1970 * 1_000)
      let events = (0..<count).map { _ in
        OutboxEvent(
          id: UUID().uuidString.lowercased(), aggregateType: "order", aggregateID: aggregate,
          type: "order-changed", occurredAt: now, payload: Array("{}".utf8))
      }
      do {
        try await databases.append(events) {
          Self.tell("append")
          if aborts { throw Aborted() }
        }
      } catch is Aborted {}
      Self.tell("committed")
    }
  }

  static func tell(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }
}

/// Ends a transaction that is meant to leave nothing.
struct Aborted: Error {}

/// A producer's and a consumer's database, the former with a business table, the latter with the
/// effects of what it consumed.
protocol CrashDatabases: Sendable {
  var relayStore: any RelayStore { get }
  var signal: WakeSignal { get }

  /// Writes a business row and an event each, in one transaction; `beforeCommit` may end it.
  func append(_ events: [OutboxEvent], beforeCommit: @escaping @Sendable () throws -> Void)
    async throws

  /// An inbox whose effect is a row, and which says after each commit that there is one more.
  func inbox(applied: @escaping @Sendable () -> Void) -> any EventInbox

  func isDrained() async throws -> Bool
}
