// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import Logging
  import MessageRelay
  import MessageStorePostgreSQL
  import MessagingConformance
  import MessagingTestSupport
  import Synchronization
  import Testing
  import TransactionalMessaging

  extension PostgreSQLStoreTests {
    /// Batches that take longer than a lease.
    @Suite struct LongLaneTests {
      private static let lease: Int64 = 1_000
      private static let step: Int64 = 400
      /// A ninth of a lease, after which a relay looks at it again.
      private static let beat: Int64 = 112

      /// Confirms each message after as long as a lease lasts.
      private struct SlowPublisher: MessagePublisher {
        let clock: ManualClock
        let published: @Sendable (String) -> Void

        func publish(_ message: BrokerMessage) async throws(PublishFailure) {
          published(message.headers["id"] ?? "")
          do {
            try await clock.sleep(milliseconds: LongLaneTests.lease)
          } catch {
            throw .unavailable("cancelled")
          }
        }
      }

      /// Returns once the lease was renewed at this time, or there is nothing left to hold it for.
      /// A relay that is not let run until its lease is over has lost it, rightly, and another one
      /// publishes the same: so hardly any time passes before, however busy the machine is. A relay
      /// that begins its next wait only after the step wakes a beat after it, so that a beat
      /// passes. One that never renews ends with the time of the test.
      private func isRenewed(
        _ world: RelayWorld, by clock: ManualClock, unless isDone: () -> Bool
      ) async throws {
        let now = clock.now()
        while !isDone() {
          let row = try await world.database.query("SELECT lease_until FROM relay_shard").first
          if row?.integer(0) ?? 0 > now + Self.lease - Self.step { return }
          if clock.now() < now + Self.beat { clock.advance(milliseconds: 1) }
          await Task.yield()
        }
      }

      @Test func ofTwoRelaysOnePublishesALaneThatOutlastsTheLease() async throws {
        let world = try await RelayWorld()
        try await world.append(SampleEvents.events(3, aggregates: ["a"]))
        let clock = ManualClock()
        let published = Mutex<[String]>([])
        let publisher = SlowPublisher(clock: clock) { id in published.withLock { $0.append(id) } }
        var configuration = RelayConfiguration()
        configuration.lease = Self.lease
        configuration.standby = 100
        configuration.saving = 0
        let stores = try (0..<2).map { _ in try PostgreSQLRelayStore(world.address) }
        let relays = stores.map { store in
          Relay(
            store: store, broker: publisher, configuration: configuration, clock: clock, seed: 1,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
          for relay in relays { tasks.addTask { try await relay.run() } }
          // From the start: what is not visible at the first look is there at the next one.
          let isDone = { relays.contains { $0.status.cursor == 3 } }
          while !isDone() {
            try await isRenewed(world, by: clock, unless: isDone)
            clock.advance(milliseconds: Self.step)
          }
          tasks.cancelAll()
          try await tasks.waitForAll()
        }
        #expect(published.withLock { $0 } == (1...3).map(SampleEvents.id))
        #expect(relays.map(\.status.fenced) == [0, 0])
        #expect(relays.contains { $0.status.cursor == 3 })
        for store in stores { store.close() }
      }
    }
  }
#endif
