// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import MessageRelay
import TransactionalMessaging

/// A producer, a relay and a consumer in one process that a test kills at any moment.
///
/// `messaging-crash-child PLACE work SEED` appends and relays for ever and writes a line for each
/// thing that happened, so that its parent can choose a moment; `PLACE drain` ends when everything
/// that was committed has been consumed. `PLACE deadly` dies over the events of one aggregate, and
/// ends when nothing is left but those. The place is a folder for SQLite, or the address of a
/// PostgreSQL.
@main
struct CrashChild {
  private enum Mode: String { case work, drain, deadly }

  /// Whoever applies an event of this aggregate dies.
  private static let deadly = "deadly"

  private let databases: any CrashDatabases

  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count >= 3 else {
      FileHandle.standardError.write(
        Data("usage: PLACE work SEED | PLACE drain | PLACE deadly\n".utf8))
      exit(64)
    }
    let child = CrashChild(databases: try await open(arguments[1]))
    let seed = arguments.count > 3 ? UInt64(arguments[3]) ?? 0 : 0
    try await child.run(Mode(rawValue: arguments[2]) ?? .work, seed: seed)
  }

  private static func open(_ place: String) async throws -> any CrashDatabases {
    #if PostgreSQL
      if place.hasPrefix("postgresql://") { return try await PostgreSQLDatabases(place) }
    #endif
    return try SQLiteDatabases(folder: place)
  }

  private func run(_ mode: Mode, seed: UInt64) async throws {
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
    // A test that kills a process again and again, wherever it is, is no event's fault.
    let policy = mode == .deadly ? InboxPolicy() : InboxPolicy(crashes: .max)
    let inbox = databases.inbox(policy) { event in
      if event.event.aggregateID == Self.deadly { kill(getpid(), SIGKILL) }
    } applied: {
      applied.raise()
    }
    let reader = Consumer(broker: broker, inbox: inbox, logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await relay.run() }
      tasks.addTask { try await reader.run() }
      switch mode {
      case .work: try await appendForever(seed: seed)
      case .drain:
        while case let seen = applied.generation, case let counts = try await databases.counts(),
          counts.effects < counts.events
        {
          await applied.wait(after: seen)
        }
      case .deadly:
        if try await databases.counts().events == 0 { try await appendDeadly() }
        while case let counts = try await databases.counts(),
          counts.dead == 0 || counts.effects < counts.events - Self.deadlyEvents
        {
          await Task.yield()
        }
      }
      tasks.cancelAll()
    }
  }

  private static let deadlyEvents: Int64 = 2

  /// Two events that nobody survives, among those of others.
  private func appendDeadly() async throws {
    let others = (0..<20).map { event(of: "aggregate-\($0 % 10)") }
    let deadly = (0..<Self.deadlyEvents).map { _ in event(of: Self.deadly) }
    try await databases.append(others.prefix(10) + deadly + others.suffix(10)) {}
  }

  private func event(of aggregate: String) -> OutboxEvent {
    OutboxEvent(
      id: UUID().uuidString.lowercased(), aggregateType: "order", aggregateID: aggregate,
      type: "order-changed", occurredAt: Int64(Date().timeIntervalSince1970 * 1_000),
      payload: Array("{}".utf8))
  }

  private func appendForever(seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    while true {
      let aggregate = "aggregate-\(Int.random(in: 0..<6, using: &random))"
      let count = Int.random(in: 1...3, using: &random)
      let aborts = Int.random(in: 0..<5, using: &random) == 0
      let events = (0..<count).map { _ in event(of: aggregate) }
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

  /// An inbox whose effect is a row, and which says before each commit of what, and after it that
  /// there is one more.
  func inbox(
    _ policy: InboxPolicy, beforeCommit: @escaping @Sendable (ReceivedEvent) -> Void,
    applied: @escaping @Sendable () -> Void
  ) -> any EventInbox

  /// Events, effects, and dead letters of the consumer.
  func counts() async throws -> (events: Int64, effects: Int64, dead: Int64)
}
