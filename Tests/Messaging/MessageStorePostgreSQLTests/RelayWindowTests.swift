// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import MessageStorePostgreSQL
  import MessagingConformance
  import Testing
  import TransactionalMessaging

  extension PostgreSQLStoreTests {
    /// What a cursor on sequences gets wrong: transactions that end in another order than they
    /// began.
    @Suite struct RelayWindowTests {
      @Test(arguments: RelayStoreConformance.allCases)
      func conforms(_ conformance: RelayStoreConformance) async throws {
        try await conformance.check(try await RelayWorld().subject)
      }

      @Test func aWindowGoesOnWhereItWasLeft() async throws {
        let world = try await RelayWorld()
        try await world.append(SampleEvents.events(5, aggregates: ["a"]))
        var reader = try await world.reader()
        let slow = world.hold([SampleEvents.event(6, aggregate: "slow")])
        try await slow.hasAppended()
        #expect(try await reader.read(limit: 2) == ["a 1", "a 2"])
        try await slow.commit()
        try await world.append([SampleEvents.event(7, aggregate: "a")])
        // A relay that takes over in the middle has the same window.
        var successor = try await world.reader(from: reader)
        #expect(try await successor.read(limit: 10) == ["a 3", "a 4", "a 5"])
        #expect(try await successor.read(limit: 10) == ["slow 1", "a 6"])
      }

      @Test func savepointsAndPreparedTransactionsCount() async throws {
        let world = try await RelayWorld()
        var reader = try await world.reader()
        let (database, outbox) = (world.database, PostgreSQLOutbox())
        try await database.transaction { transaction in
          try await transaction.savepoint {
            try await outbox.append(SampleEvents.event(1), in: transaction)
          }
          try await outbox.append(SampleEvents.event(2), in: transaction)
        }
        #expect(try await reader.read() == ["a 1", "a 2"])
        try await database.transaction { transaction in
          try await outbox.append(SampleEvents.event(3, aggregate: "b"), in: transaction)
          try await transaction.query("PREPARE TRANSACTION '\(world.schema)'")
        }
        #expect(try await reader.read().isEmpty)
        try await world.append([SampleEvents.event(4, aggregate: "c")])
        #expect(try await reader.read() == ["c 1"])
        try await database.query("COMMIT PREPARED '\(world.schema)'")
        #expect(try await reader.read() == ["b 1"])
      }

      /// A server that crashed goes on under the same name and with the same start, and gives
      /// numbers away once more that it had not written down.
      @Test func whatWasSeenOverALostConnectionDoesNotCount() async throws {
        let world = try await RelayWorld()
        try await world.append([SampleEvents.event(1)])
        let request = LeaseRequest(relay: "r", owner: "o", now: 0, until: 9)
        let position = try #require(try await world.store.acquire(request))
        let page = try await world.store.events(
          after: position.cursor, limit: PageLimit(events: 9))
        let seen = page.end(from: position.cursor)
        let cut = try await world.database.query(
          """
          SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = $1
          """, [.text("relay of \(world.schema)")])
        #expect(cut.map { $0.flag(0) } == [true])
        // Another one is opened by whoever comes next, whether the loss is known yet or not.
        while (try? await world.store.parked(relay: "r")) == nil { try Task.checkCancellation() }
        let error = await #expect(throws: MessageStoreError.self) {
          try await world.store.events(after: seen, limit: PageLimit(events: 9))
        }
        #expect(error?.code == .unavailable)
        await #expect(throws: RelayFenced.self) {
          try await world.store.save(
            RelayProgress(lease: position.lease, leaseUntil: 9, cursor: seen))
        }
        let again = try #require(try await world.store.acquire(request))
        #expect(again.cursor == position.cursor)
        let whole = try await world.store.events(after: again.cursor, limit: PageLimit(events: 9))
        #expect(whole.events == page.events)
      }

      @Test(arguments: [3, 4] as [UInt64])
      func nothingIsLostDoubledOrReordered(seed: UInt64) async throws {
        let world = try await RelayWorld()
        var reader = try await world.reader()
        let writing = Task {
          try await withThrowingTaskGroup(of: Void.self) { writers in
            for writer in 0..<6 {
              writers.addTask { try await world.write(40, writer: writer, seed: seed) }
            }
            try await writers.waitForAll()
          }
        }
        var read: [String] = []
        var isOver = false
        while true {
          let page = try await reader.read(limit: 7)
          read += page
          // The last look comes after the last commit.
          if isOver, page.isEmpty { break }
          isOver = isOver || world.finished == 6
        }
        try await writing.value
        let committed = try await world.database.query(
          "SELECT aggregateid || ' ' || aggregateversion FROM outbox"
        ).compactMap { $0.text(0) }
        #expect(Set(read) == Set(committed), "seed \(seed)")
        #expect(read.count == committed.count, "seed \(seed): some were read twice")
        #expect(committed.count > 100, "seed \(seed) did too little")
        for (aggregate, events) in Dictionary(grouping: read, by: { $0.split(separator: " ")[0] }) {
          #expect(events == (1...events.count).map { "\(aggregate) \($0)" }, "seed \(seed)")
        }
      }
    }
  }
#endif
