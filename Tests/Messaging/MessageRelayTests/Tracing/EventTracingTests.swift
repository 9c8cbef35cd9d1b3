// SPDX-License-Identifier: Apache-2.0

import GRDB
import MessageRelay
import MessageStoreSQLite
import MessagingConformance
import MessagingTestSupport
import ServiceTracing
import Synchronization
import Testing
import TraceCollecting
import Tracing
import TransactionalMessaging

@Suite("Spans of events", .timeLimit(.minutes(1)))
struct EventTracingTests {
  private struct Broken: Error {}

  /// An event without the context that the others have.
  private static func event(_ number: Int) -> OutboxEvent {
    var event = SampleEvents.event(number)
    event.headers = [:]
    return event
  }

  /// Relays and consumes until so many effects are there; tells what handlers were given.
  private func run(
    _ world: MessagingWorld, effects count: Int, tracer: (any Tracer)?,
    failing: Int = 0
  ) async throws -> [OutboxEvent] {
    let given = Mutex<[OutboxEvent]>([])
    let failures = Mutex(failing)
    let inbox = SQLiteInbox(consumer: "effects").bound(to: world.consumer) { received, db in
      given.withLock { $0.append(received.event) }
      try failures.withLock { failures in
        failures -= 1
        if failures >= 0 { throw Broken() }
      }
      try db.execute(
        sql: "INSERT INTO effect (aggregate, id) VALUES (?, ?)",
        arguments: [received.event.aggregateID, received.event.id])
    }
    let broker = world.broker()
    let consumer = Consumer(
      broker: broker, inbox: inbox, clock: world.clock, tracer: tracer, logger: world.logger)
    let relay = Relay(
      store: SQLiteRelayStore(world.producer), broker: broker, signal: world.outbox.signal,
      configuration: MessagingWorld.configuration, clock: world.clock, seed: 1, tracer: tracer,
      logger: world.logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await relay.run() }
      tasks.addTask { try await consumer.run() }
      try await world.clock.advance { try await world.countEffects() >= count }
      tasks.cancelAll()
      try await tasks.waitForAll()
    }
    return given.withLock(\.self)
  }

  @Test("Appended, sent and processed: one tree, and effects belong to their delivery")
  func chain() async throws {
    let world = try MessagingWorld()
    let given = Mutex<[OutboxEvent]>([])
    let spans = try await spans(of: "shop") { tracer in
      try await tracer.withSpan("order") { span in
        try await world.producer.write { db in
          try EventTracing(tracer).append(Self.event(1), within: span.context) {
            _ = try world.outbox.append($0, in: db)
          }
        }
      }
      let events = try await run(world, effects: 1, tracer: tracer)
      given.withLock { $0 = events }
    }
    let tree = TraceTree(spans)
    #expect(tree.problems == [])
    #expect(
      tree.outline == """
        shop: order
          shop: append outbox.event.order
            shop: process outbox.event.order
            shop: send outbox.event.order
        """)
    #expect(spans.map(\.name).contains("order"))
    let kinds = Dictionary(uniqueKeysWithValues: spans.map { ($0.name.prefix(4), $0.kind) })
    #expect(kinds == ["orde": 1, "appe": 4, "send": 3, "proc": 5])
    let processed = try #require(spans.first { $0.kind == 5 })
    #expect(processed.attributes["messaging.consumer.group.name"] == "effects")
    #expect(processed.attributes["messaging.message.id"] == SampleEvents.id(1))
    #expect(processed.attributes["strangler.inbox.outcome"] == "applied")
    #expect(given.withLock(\.first)?.traceContext?.span == processed.id)
  }

  @Test("An effect that throws is a delivery that failed")
  func failed() async throws {
    let world = try MessagingWorld()
    try await world.append(1...1, aggregates: ["a"])
    let spans = try await spans(of: "shop") { tracer in
      _ = try await run(world, effects: 1, tracer: tracer, failing: 1)
    }
    let processed = try #require(spans.first { $0.kind == 5 })
    #expect(processed.isError && processed.attributes["strangler.inbox.outcome"] == "failed")
    // Both are children of the span in which the event was appended, wherever that was.
    #expect(Set(spans.map(\.parent)) == ["00f067aa0ba902b7"])
  }

  @Test("Without a tracer, and outside of any trace, events pass as they are")
  func untraced() async throws {
    let world = try MessagingWorld()
    try await world.append(1...1, aggregates: ["a"])
    let given = try await run(world, effects: 1, tracer: nil)
    #expect(given == [SampleEvents.event(1)])
    let other = try MessagingWorld()
    try await other.producer.write { db in _ = try other.outbox.append(Self.event(2), in: db) }
    let spans = try await spans(of: "shop") { tracer in
      _ = try await run(other, effects: 1, tracer: tracer)
    }
    // A delivery begins a trace; a relay does not.
    #expect(spans.map(\.name) == ["process outbox.event.order"])
    #expect(spans.first?.parent == nil)
  }
}
