// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL && NATS
  import MessageBrokerNATS
  import MessageRelay
  import ServerPrograms

  /// A full outbox into a stream, in turns with libnats alone.
  struct ThroughputRow {
    private static let leastShare = 0.5

    private let world: BenchmarkWorld

    init(_ world: BenchmarkWorld) { self.world = world }

    func measure() async throws -> RowResult {
      let broker = try await world.broker()
      defer { broker.close() }
      let count = world.plan.events
      let bare = BarePublisher(address: world.nats.address)
      var (relayed, alone, naked): ([Double], [Double], [Double]) = ([], [], [])
      for round in 0..<world.plan.rounds {
        naked.append(Double(count) / (try bare.publish(count, BenchmarkWorld.payload, .naked)))
        alone.append(
          Double(count) / (try bare.publish(count, BenchmarkWorld.payload, .deduplicated)))
        try await world.fill(count, aggregates: "r\(round)-")
        let relay = try world.relay(to: broker)
        let clock = ContinuousClock()
        let start = clock.now
        let time = try await world.relaying(relay) {
          try await relay.acknowledged(count)
          return clock.now - start
        }
        relayed.append(Double(count) / BenchmarkWorld.seconds(time))
      }
      let share = relayed.median / alone.median
      return RowResult(
        row: "throughput",
        numbers: [
          "relay events/s": relayed.median, "bare C publisher messages/s": alone.median,
          "without ids messages/s": naked.median, "share": share,
        ],
        text: """
          relay \(relayed.median.whole) events/s, bare C publisher \(alone.median.whole)/s \
          (\(naked.median.whole)/s without ids that the stream drops duplicates by): \
          \((share * 100).whole) %
          """,
        demand: ">= 50 %", isAsDemanded: share >= Self.leastShare)
    }
  }
#endif
