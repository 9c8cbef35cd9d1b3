// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import Foundation
  import MessageStorePostgreSQL
  import MessagingConformance
  import MessagingTestSupport
  import ServerPrograms
  import Testing
  import TransactionalMessaging

  extension PostgreSQLStoreTests {
    /// What a server refuses for reasons of its own.
    @Suite struct BadInputTests {
      /// What a server answers whose disk is full, raised by whatever touches the outbox.
      private static let full = """
        CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE SQLSTATE '53100' USING MESSAGE = 'could not extend file'; END $$
        """

      @Test func aFullDiskIsSaidAndNothingIsStored() async throws {
        let database = try PostgreSQLDatabase(await DatabaseTrait.address())
        try await PostgreSQLMessageTables.install(in: database)
        try await database.query("CREATE TABLE orders (id int)")
        try await database.query(Self.full)
        try await database.query(
          """
          CREATE TRIGGER full_disk BEFORE INSERT ON outbox FOR EACH ROW
          EXECUTE FUNCTION full_disk()
          """)
        func change() async throws {
          try await database.transaction { transaction in
            try await transaction.query("INSERT INTO orders (id) VALUES (1)")
            try await PostgreSQLOutbox().append(SampleEvents.event(1), in: transaction)
          }
        }
        let error = await #expect(throws: MessageStoreError.self) { try await change() }
        #expect(error?.code == .refused && error?.sqlState == "53100")
        #expect(error?.message.contains("the database's disk is full: free it") == true)
        #expect(try await database.query("SELECT 1 FROM orders").isEmpty)
        try await database.query("DROP TRIGGER full_disk ON outbox")
        try await change()
        let stored = try await database.query("SELECT aggregateversion FROM outbox")
        #expect(stored.map { $0.integer(0) } == [1])
      }

      @Test func aFullDiskAtTheConsumersIsNoFailureOfTheEvent() async throws {
        let database = try PostgreSQLDatabase(await DatabaseTrait.address())
        try await PostgreSQLMessageTables.install(in: database)
        let inbox = PostgreSQLInbox(consumer: "c", policy: InboxPolicy(attempts: 1))
        let event = ReceivedEvent(version: 1, event: SampleEvents.event(1))
        for _ in 0..<3 {
          let error = await #expect(throws: MessageStoreError.self) {
            try await inbox.handle(event, now: 0, in: database) {
              try await $0.query("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$")
            }
          }
          #expect(error?.sqlState == "53100")
        }
        // No attempt is left behind either, whoever comes next.
        #expect(try await database.query("SELECT 1 FROM inbox_attempt").isEmpty)
        let next = PostgreSQLInbox(consumer: "c", policy: InboxPolicy(attempts: 1))
        let outcome = try await next.handle(event, now: 0, in: database) { _ in }
        #expect(outcome == .applied(unblocks: false))
        #expect(try await database.query("SELECT 1 FROM inbox_attempt").isEmpty)
      }

      @Test func wrongCredentialsAreSaid() async throws {
        let server = try #require(DatabaseTrait.server)
        let database = try PostgreSQLDatabase(server.address)
        try await database.query("CREATE ROLE locked LOGIN PASSWORD 'right'")
        let file = try #require(try await database.query("SHOW hba_file").first?.text(0))
        try await database.query(
          """
          COPY (SELECT unnest(ARRAY['local all locked scram-sha-256', 'local all all trust']))
          TO '\(file)'
          """)
        try await database.query("SELECT pg_reload_conf()")
        while try await database.query(
          "SELECT 1 FROM pg_hba_file_rules WHERE user_name = '{locked}'"
        ).isEmpty {}
        let folder = try TemporaryFolder()
        try "*:*:*:*:wrong\n".write(
          toFile: folder.path("pgpass"), atomically: true, encoding: .utf8)
        let address = server.address(ofUser: "locked")
        for (place, reason) in [
          ("", "no password supplied"),
          ("&passfile=\(folder.path("pgpass"))", "password authentication failed"),
        ] {
          if !place.isEmpty { chmod(folder.path("pgpass"), 0o600) }
          let error = await #expect(throws: MessageStoreError.self) {
            try await PostgreSQLDatabase(address + place).query("SELECT 1")
          }
          #expect(error?.code == .unavailable, "\(String(describing: error))")
          #expect(error?.message.contains(reason) == true, "\(String(describing: error))")
          #expect(error?.message.contains("comes from PGPASSFILE or PGPASSWORD") == true)
          #expect(error?.message.contains("wrong") == false)
        }
      }
    }
  }
#endif
