// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import Dispatch
  import ServerPrograms
  import Testing

  @testable import PostgreSQLClient

  @Suite(.timeLimit(.minutes(2)))
  struct PostgreSQLConnectionTests {
    private static let limit = Duration.seconds(10)

    /// What a connection told, one after the other.
    private struct Events: Sendable {
      let stream: AsyncStream<PostgreSQLEvent>
      let hear: @Sendable (PostgreSQLEvent) -> Void

      init() {
        let (stream, continuation) = AsyncStream.makeStream(of: PostgreSQLEvent.self)
        self.stream = stream
        hear = { continuation.yield($0) }
      }

      var first: PostgreSQLEvent? {
        get async { await stream.first { _ in true } }
      }
    }

    private func connect(
      _ server: PostgreSQLProgram, _ hear: @escaping @Sendable (PostgreSQLEvent) -> Void = { _ in }
    ) async throws -> PostgreSQLConnection {
      try await PostgreSQLConnection.open(
        PostgreSQLAddress(server.address), as: "test", within: Self.limit, onEvent: hear)
    }

    @Test func parametersAreBoundAndComeBackAsTheyWere() async throws {
      let server = try await PostgreSQLProgram.start()
      let connection = try await connect(server)
      let text = "'; DROP TABLE x; -- Zoë"
      let rows = try await connection.query(
        "SELECT $1::text, $2::bigint, $3::bytea, $4::text, $5::bytea, true",
        [.text(text), .integer(.min), .bytes([0, 255, 92]), .null, .bytes([])], within: Self.limit)
      let row = try #require(rows.first)
      #expect(row.text(0) == text && row.integer(1) == .min && row.bytes(2) == [0, 255, 92])
      #expect(row.text(3) == nil && row.bytes(4) == [] && row.flag(5) == true)
      #expect(row.text(6) == nil && row.bytes(0) == nil)
      // Half a text would be stored as if it were the whole.
      let cut = await #expect(throws: PostgreSQLError.self) {
        try await connection.query("SELECT $1::text", [.text("a\0b")], within: Self.limit)
      }
      #expect(cut?.code == .refused(sqlState: "22021"))
      #expect(try await connection.query("SELECT 1", within: Self.limit).count == 1)
      await server.stop()
    }

    @Test func aRefusedTransactionLeavesNothingAndTheConnectionGoesOn() async throws {
      let server = try await PostgreSQLProgram.start()
      let connection = try await connect(server)
      try await connection.query("CREATE TABLE t (n int PRIMARY KEY)", within: Self.limit)
      let insert = "INSERT INTO t VALUES ($1::bigint)"
      let error = await #expect(throws: PostgreSQLError.self) {
        try await connection.transaction(
          [.init(insert, [.integer(1)]), .init(insert, [.integer(1)])], within: Self.limit)
      }
      #expect(error?.isUniqueViolation == true && error?.isUncertain == false)
      #expect(try await connection.query("SELECT * FROM t", within: Self.limit).isEmpty)
      try await connection.transaction(
        [.init(insert, [.integer(1)]), .init(insert, [.integer(2)])], within: Self.limit)
      #expect(try await connection.query("SELECT * FROM t", within: Self.limit).count == 2)
      await server.stop()
    }

    @Test func anAnswerThatDoesNotComeInTimeEndsTheConnectionAndHoldsNobodyUp() async throws {
      let server = try await PostgreSQLProgram.start()
      let events = Events()
      let connection = try await connect(server, events.hear)
      let clock = ContinuousClock()
      let start = clock.now
      // Longer than any test runs.
      let error = await #expect(throws: PostgreSQLError.self) {
        try await connection.query("SELECT pg_sleep(600)", within: .milliseconds(100))
      }
      #expect(error?.code == .timedOut && error?.isUncertain == true)
      #expect(clock.now - start < .seconds(5))
      #expect(
        await events.first == .closed(reason: "the database did not answer within 0.1 seconds"))
      let after = await #expect(throws: PostgreSQLError.self) {
        try await connection.query("SELECT 1", within: Self.limit)
      }
      #expect(after?.code == .connection)
      await server.stop()
    }

    @Test func notificationsAreHeardWhileNothingIsAsked() async throws {
      let server = try await PostgreSQLProgram.start()
      let events = Events()
      let (listener, speaker) = (try await connect(server, events.hear), try await connect(server))
      try await listener.query("LISTEN news", within: Self.limit)
      try await speaker.query("SELECT pg_notify('news', $1)", [.text("17")], within: Self.limit)
      #expect(await events.first == .notified(channel: "news", payload: "17"))
      listener.close()
      speaker.close()
      await server.stop()
    }

    @Test func aServerThatGoesAwayIsNoticedWithoutAQuestion() async throws {
      let server = try await PostgreSQLProgram.start()
      let events = Events()
      let connection = try await connect(server, events.hear)
      await server.stop()
      guard case .closed(let reason) = await events.first else {
        Issue.record("not closed")
        return
      }
      #expect(reason.contains("closed the connection"), "\(reason)")
      let none = await #expect(throws: PostgreSQLError.self) { try await self.connect(server) }
      #expect(none?.code == .connection)
      connection.close()
    }

    @Test func aResolverThatHangsHoldsNobodyUpAndOnlySoManyThreads() async throws {
      let address = try PostgreSQLAddress("postgresql://db.internal/shop")
      let (gate, hanging) = (DispatchSemaphore(value: 0), HangingLookUps())
      let (ends, end) = AsyncStream.makeStream(of: Void.self)
      @Sendable func open() async throws {
        _ = try await PostgreSQLConnection.open(
          address, as: "test", within: .milliseconds(-490), onEvent: { _ in }, hanging: hanging
        ) { (_, _, _, _) throws(PostgreSQLError) -> PostgreSQLLink in
          gate.wait()
          end.yield()
          throw PostgreSQLError(.connection, "late")
        }
      }
      for count in 0...HangingLookUps.limit {
        let error = await #expect(throws: PostgreSQLError.self) { try await open() }
        #expect(error?.code == .timedOut)
        let isRefused = error?.message.contains("hang already") == true
        #expect(isRefused == (count == HangingLookUps.limit))
      }
      // They end with what they wait for.
      for _ in 0..<HangingLookUps.limit { gate.signal() }
      var ended = 0
      for await _ in ends {
        ended += 1
        if ended == HangingLookUps.limit { break }
      }
      // Each gives its place back right behind that, and another one is tried.
      for _ in 0..<HangingLookUps.limit { gate.signal() }
      while true {
        let error = await #expect(throws: PostgreSQLError.self) { try await open() }
        if error?.message.contains("hang already") == false { break }
        await Task.yield()
      }
      for await _ in ends.prefix(1) {}
    }

    @Test func passwordsStayOutOfAddressesAndOfWhatIsSaidAboutThem() {
      for text in [
        "postgresql://ann:secret@db/shop", "postgresql://ann:sec?ret@db/secret",
        "postgresql://ann:sec/ret@db/secret", "postgresql://ann:secret@/shop?host=/tmp",
        "postgres://db/shop?password=secret",
        "postgresql://ann:secret@db/shop?sslmode=require",
      ] {
        let error = #expect(throws: PostgreSQLError.self) { try PostgreSQLAddress(text) }
        #expect(error?.message.contains("PGPASSFILE") == true)
        #expect(error?.message.contains("secret") == false)
      }
      #expect(throws: PostgreSQLError.self) { try PostgreSQLAddress("journal.sqlite") }
      let unknown = #expect(throws: PostgreSQLError.self) {
        try PostgreSQLAddress("postgresql://db/shop?sslmod=require")
      }
      #expect(unknown?.message.contains("sslmod") == true)
    }

    @Test func aServerWithoutTLSIsRefusedWhereTLSIsAskedFor() async throws {
      let server = try await PostgreSQLProgram.start(listensOn: .loopback)
      let address = try PostgreSQLAddress(server.address + "&sslmode=require")
      let error = await #expect(throws: PostgreSQLError.self) {
        try await PostgreSQLConnection.open(
          address, as: "test", within: Self.limit, onEvent: { _ in })
      }
      #expect(error?.message.contains("SSL") == true)
      await server.stop()
    }
  }
#endif
