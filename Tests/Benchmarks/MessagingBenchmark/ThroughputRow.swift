// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL && NATS
  import MessageBrokerNATS
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
        relayed.append(try await world.relayRate(count, round: round, to: broker))
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

  extension BenchmarkWorld {
    /// Fills the outbox and lets it go into the stream.
    ///
    /// - Returns: events a second.
    func relayRate(_ count: Int, round: Int, to broker: NATSBroker) async throws -> Double {
      try await fill(count, aggregates: "r\(round)-")
      let relay = try relay(to: broker)
      let clock = ContinuousClock()
      let start = clock.now
      let time = try await relaying(relay) {
        try await relay.acknowledged(count)
        return clock.now - start
      }
      return Double(count) / BenchmarkWorld.seconds(time)
    }
  }
#endif
