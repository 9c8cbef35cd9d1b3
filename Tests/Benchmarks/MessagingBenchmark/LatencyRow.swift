// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL && NATS
  import Foundation
  import MessageBrokerNATS
  import MessageRelay
  import MessageStorePostgreSQL
  import Synchronization
  import TransactionalMessaging

  /// From the moment before COMMIT to the stream's acknowledgement, at a steady rate, in turns with
  /// a transaction that has appended and stays open.
  struct LatencyRow {
    private static let mostQuiet = 20.0
    private static let mostRatio = 2.0

    private let world: BenchmarkWorld
    private let outbox = PostgreSQLOutbox()
    private let times = Times()

    init(_ world: BenchmarkWorld) { self.world = world }

    func measure() async throws -> RowResult {
      let broker = try await world.broker()
      defer { broker.close() }
      let relay = try world.relay(
        to: TimedPublisher(broker: broker, times: times),
        signal: world.plan.nudge ? outbox.signal : WakeSignal())
      var (quiet, beside): ([Double], [Double]) = ([], [])
      try await world.relaying(relay) {
        _ = try await turn("warm", 1)
        for round in 0..<world.plan.rounds {
          quiet += try await turn("q\(round)", world.plan.seconds)
          beside += try await turnBesideOpenTransaction(round)
        }
      }
      let (first, second) = (quiet.percentile(99), beside.percentile(99))
      return RowResult(
        row: "latency",
        numbers: [
          "quiet p50 ms": quiet.median, "quiet p99 ms": first,
          "open transaction p50 ms": beside.median, "open transaction p99 ms": second,
          "events": Double(quiet.count + beside.count),
        ],
        text: """
          COMMIT to acknowledgement at \(world.plan.rate)/s: quiet p50 \
          \(quiet.median.fixed(1)) ms, p99 \(first.fixed(1)) ms; beside an open transaction p50 \
          \(beside.median.fixed(1)) ms, p99 \(second.fixed(1)) ms
          """,
        demand: "p99 <= 20 ms, beside <= 2x",
        isAsDemanded: first <= Self.mostQuiet && second <= first * Self.mostRatio)
    }

    private func turnBesideOpenTransaction(_ round: Int) async throws -> [Double] {
      let (isOpen, isOver) = (WakeSignal(), WakeSignal())
      return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { [world, outbox] in
          try await world.database.transaction { transaction in
            try await outbox.append(Self.event("held\(round)"), in: transaction)
            isOpen.raise()
            await isOver.wait(after: 0)
          }
        }
        await isOpen.wait(after: 0)
        let turn = try await turn("o\(round)", world.plan.seconds)
        isOver.raise()
        try await tasks.waitForAll()
        return turn
      }
    }

    /// - Returns: milliseconds of each event.
    private func turn(_ prefix: String, _ seconds: Int) async throws -> [Double] {
      let clock = ContinuousClock()
      let start = clock.now
      let count = world.plan.rate * seconds
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        for number in 0..<count {
          try await clock.sleep(until: start + Duration.seconds(1) * number / world.plan.rate)
          let aggregate = "\(prefix)-\(number % world.plan.aggregates)"
          tasks.addTask { try await write(Self.event(aggregate)) }
          if number >= world.plan.writers * 64 { try await tasks.next() }
        }
        try await tasks.waitForAll()
      }
      while times.waiting > 0 { try await clock.sleep(for: .milliseconds(2)) }
      return times.take()
    }

    private func write(_ event: OutboxEvent) async throws {
      try await world.database.transaction { transaction in
        try await transaction.query(
          "INSERT INTO business (id, note) VALUES ($1::uuid, 'order')", [.text(event.id)])
        try await outbox.append(event, in: transaction)
        times.committing(event.id)
      }
    }

    private static func event(_ aggregate: String) -> OutboxEvent {
      OutboxEvent(
        id: UUID().uuidString.lowercased(), aggregateType: BenchmarkWorld.aggregateType,
        aggregateID: aggregate, type: "benchmark-changed", occurredAt: 0,
        payload: BenchmarkWorld.payload)
    }
  }

  /// When events were committed, and how long they took.
  private final class Times: Sendable {
    private struct State {
      var started: [String: ContinuousClock.Instant] = [:]
      var milliseconds: [Double] = []
    }

    private let state = Mutex(State())

    var waiting: Int { state.withLock { $0.started.count } }

    func committing(_ id: String) {
      let now = ContinuousClock().now
      state.withLock { $0.started[id] = now }
    }

    func acknowledged(_ id: String) {
      let now = ContinuousClock().now
      state.withLock { state in
        guard let start = state.started.removeValue(forKey: id) else { return }
        state.milliseconds.append(BenchmarkWorld.seconds(now - start) * 1_000)
      }
    }

    func take() -> [Double] {
      state.withLock { state in
        defer { state.milliseconds = [] }
        return state.milliseconds
      }
    }
  }

  private struct TimedPublisher: BatchPublisher {
    let broker: NATSBroker
    let times: Times

    func publish(
      _ messages: [BrokerMessage], settle: @escaping @Sendable (Int, PublishFailure?) -> Void
    ) async {
      await broker.publish(messages) { place, failure in
        if failure == nil { times.acknowledged(messages[place].headers[MessageHeader.id] ?? "") }
        settle(place, failure)
      }
    }

    func publish(_ message: BrokerMessage) async throws(PublishFailure) {
      try await broker.publish(message)
      times.acknowledged(message.headers[MessageHeader.id] ?? "")
    }
  }
#endif
