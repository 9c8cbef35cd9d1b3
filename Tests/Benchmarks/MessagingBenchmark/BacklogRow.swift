// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL && NATS
  import Foundation
  import MessageBrokerNATS
  import MessageRelay
  import TransactionalMessaging

  /// A full outbox with one aggregate that the broker refuses, and the memory that draining takes.
  struct BacklogRow {
    private static let mostMegabytes = 40.0
    private static let poisoned = "b-7"

    private let world: BenchmarkWorld

    init(_ world: BenchmarkWorld) { self.world = world }

    func measure() async throws -> RowResult {
      let broker = try await world.broker()
      defer { broker.close() }
      let count = world.plan.backlog
      let aggregates = world.plan.aggregates
      // Versions of the refused aggregate: one in so many events.
      let refused = (0..<count).count { $0 % aggregates == 7 }
      try await world.fill(count, aggregates: "b-")
      let relay = try world.relay(to: RefusingPublisher(broker: broker, key: Self.poisoned))
      let clock = ContinuousClock()
      let before = try Self.megabytes()
      let start = clock.now
      var memory: [Double] = []
      let time = try await world.relaying(relay) {
        while relay.status.acknowledged < count - refused {
          memory.append(try Self.megabytes())
          try await clock.sleep(for: .milliseconds(100))
        }
        return clock.now - start
      }
      let rate = Double(count - refused) / BenchmarkWorld.seconds(time)
      let (most, parked) = (memory.max() ?? 0, relay.status.parkedAggregates)
      let half = Array(memory.suffix(memory.count / 2))
      return RowResult(
        row: "backlog",
        numbers: [
          "events": Double(count), "events/s": rate, "RSS before MB": before, "RSS most MB": most,
          "RSS of the second half MB": half.median, "parked aggregates": Double(parked),
        ],
        text: """
          \(count) events at \(rate.whole)/s, RSS \(before.fixed(1)) MB before, \
          \(most.fixed(1)) MB at most, \(half.median.fixed(1)) MB in the second half, \
          \(parked) aggregate parked
          """,
        demand: "RSS <= 40 MB, 1 parked",
        isAsDemanded: most <= Self.mostMegabytes && parked == 1)
    }

    /// Memory of this process, which has servers, relay and measurement in it but not the servers'
    /// own.
    private static func megabytes() throws -> Double {
      let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
      let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
      return (line.split(separator: " ").compactMap { Double($0) }.first ?? 0) / 1_024
    }
  }

  private struct RefusingPublisher: BatchPublisher {
    let broker: NATSBroker
    let key: String

    func publish(
      _ messages: [BrokerMessage], settle: @escaping @Sendable (Int, PublishFailure?) -> Void
    ) async {
      if let place = messages.firstIndex(where: { $0.key == key }) {
        settle(place, .rejected("this aggregate is refused"))
        var others = messages
        others.remove(at: place)
        await broker.publish(others) { settle($0 < place ? $0 : $0 + 1, $1) }
      } else {
        await broker.publish(messages, settle: settle)
      }
    }

    func publish(_ message: BrokerMessage) async throws(PublishFailure) {
      if message.key == key { throw .rejected("this aggregate is refused") }
      try await broker.publish(message)
    }
  }
#endif
