// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import MessageStorePostgreSQL
  import Testing
  import TransactionalMessaging

  struct ConnectionLineTests {
    private func turn(_ answer: ConnectionLine<Int>.Answer) -> String {
      switch answer {
      case .turn(.take(let connection)): "takes \(connection)"
      case .turn(.open): "opens"
      case .wait: "waits"
      case .refused: "refused"
      }
    }

    @Test func aLineIsBoundedAndServesInOrder() {
      var line = ConnectionLine<Int>(connections: 2, waiting: 2)
      let answers = (1...5).map { turn(line.ask($0)) }
      #expect(answers == ["opens", "opens", "waits", "waits", "refused"])
      let third = line.giveBack(7)
      #expect(third?.caller == 3)
      line.leave(4)
      #expect(line.giveBack(8)?.caller == nil)
      #expect(turn(line.ask(6)) == "takes 8")
      // A lost connection makes room for one that is opened by whoever is next.
      #expect(turn(line.ask(7)) == "waits")
      let next = line.giveBack(nil)
      #expect(next?.caller == 7)
      #expect(line.giveBack(9)?.caller == nil)
      #expect(turn(line.ask(8)) == "takes 9")
      #expect(line.giveBack(9)?.caller == nil)
      #expect(line.count == 2)
      #expect(line.drain() == [9])
      #expect(line.count == 1)
    }
  }

  extension PostgreSQLStoreTests {
    @Suite struct DatabaseTests {
      private func database(waiting: Int) async throws -> PostgreSQLDatabase {
        var configuration = PostgreSQLDatabase.Configuration()
        configuration.connections = 1
        configuration.waiting = waiting
        return try PostgreSQLDatabase(
          await DatabaseTrait.address(), configuration: configuration)
      }

      @Test func whoeverFindsTheLineFullIsRefused() async throws {
        let database = try await database(waiting: 0)
        try await database.transaction { _ in
          let error = await #expect(throws: MessageStoreError.self) {
            try await database.query("SELECT 1")
          }
          #expect(error?.code == .busy)
        }
        #expect(try await database.query("SELECT 1").first?.integer(0) == 1)
      }

      @Test func aWaiterThatIsCancelledLeavesTheLine() async throws {
        let database = try await database(waiting: 1)
        try await database.transaction { _ in
          let waiter = Task { try await database.query("SELECT 1") }
          waiter.cancel()
          await #expect(throws: CancellationError.self) { try await waiter.value }
        }
        #expect(try await database.query("SELECT 2").first?.integer(0) == 2)
      }

      @Test func aConnectionThatWasCutIsOpenedAnew() async throws {
        let database = try await database(waiting: 1)
        let other = try PostgreSQLDatabase(await DatabaseTrait.address())
        let process = try await database.query("SELECT pg_backend_pid()").first?.integer(0)
        try await other.query("SELECT pg_terminate_backend($1::int)", [.integer(process ?? 0)])
        // Whether the loss is known before the next question is a matter of moments.
        let next = try? await database.query("SELECT 3")
        #expect(next?.first?.integer(0) ?? 3 == 3)
        #expect(try await database.query("SELECT 4").first?.integer(0) == 4)
      }

      @Test func theDatabasesDefaultsDoNotCount() async throws {
        var configuration = PostgreSQLDatabase.Configuration()
        configuration.answering = .milliseconds(900)
        configuration.idling = .milliseconds(800)
        let database = try PostgreSQLDatabase(
          await DatabaseTrait.address() + "%20-cdefault_transaction_isolation%3Dserializable",
          configuration: configuration)
        let isolation = "SELECT current_setting('transaction_isolation')"
        #expect(try await database.query(isolation).first?.text(0) == "read committed")
        let rows = try await database.transaction { transaction in
          try await transaction.query("SET default_transaction_isolation = 'serializable'")
          return try await transaction.query(isolation)
        }
        #expect(rows.first?.text(0) == "read committed")
        // A connection's own default is none either.
        let next = try await database.transaction { try await $0.query(isolation) }
        #expect(next.first?.text(0) == "read committed")
        #expect(
          try await database.query(
            """
            SELECT current_setting('statement_timeout'),
              current_setting('idle_in_transaction_session_timeout')
            """
          ).map { [$0.text(0), $0.text(1)] } == [["900ms", "800ms"]])
      }

      @Test func operatorsMayTakeTheirTime() async throws {
        let database = try PostgreSQLDatabase(
          await DatabaseTrait.address(), configuration: .operators)
        let row = try await database.query("SHOW statement_timeout").first
        #expect(row?.text(0) == "1h")
      }

      @Test func aClosedDatabaseTakesNothing() async throws {
        let database = try await database(waiting: 1)
        try await database.query("SELECT 1")
        database.close()
        let error = await #expect(throws: MessageStoreError.self) {
          try await database.query("SELECT 1")
        }
        #expect(error?.code == .unavailable)
      }
    }
  }
#endif
