// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import Logging
  import MessageRelay
  import MessageStorePostgreSQL
  import MessagingConformance
  import Synchronization
  import Testing
  import TransactionalMessaging

  extension PostgreSQLStoreTests {
    /// Tables that an older build made, with events in them, and a relay that goes on.
    @Suite struct UpgradeTests {
      private final class Recorder: MessagePublisher {
        let published = Mutex<[String: [String]]>([:])

        func publish(_ message: BrokerMessage) async throws(PublishFailure) {
          published.withLock {
            $0[message.key, default: []].append(message.headers[MessageHeader.id] ?? "")
          }
        }

        var count: Int { published.withLock { $0.values.reduce(0) { $0 + $1.count } } }
      }

      private func relay(_ address: String, to recorder: Recorder, until count: Int) async throws {
        let store = try PostgreSQLRelayStore(address)
        defer { store.close() }
        let relay = Relay(
          store: store, broker: recorder,
          logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
          tasks.addTask { try await relay.run() }
          while recorder.count < count || relay.status.parkedAggregates > 0 {
            try Task.checkCancellation()
            await Task.yield()
          }
          tasks.cancelAll()
          try await tasks.waitForAll()
        }
      }

      private func append(_ numbers: ClosedRange<Int>, _ database: PostgreSQLDatabase) async throws
      {
        try await database.transaction { transaction in
          for number in numbers {
            try await PostgreSQLOutbox().append(
              SampleEvents.event(number, aggregate: number.isMultiple(of: 2) ? "b" : "a"),
              in: transaction)
          }
        }
      }

      @Test func aRelayGoesOnAfterTheUpgradeOfTheFirstTables() async throws {
        let address = try await DatabaseTrait.address()
        let database = try PostgreSQLDatabase(address)
        for statement in Self.versionOne.split(separator: ";\n") {
          try await database.query(String(statement))
        }
        // The relay has passed four events, of which those of `b` wait; a consumer has seen one.
        try await append(1...4, database)
        for statement in Self.passed { try await database.query(statement) }
        try await append(5...6, database)

        let refusal = await #expect(throws: MessageStoreError.self) {
          try await PostgreSQLRelayStore(address).check()
        }
        #expect(refusal?.code == .missingTables)
        #expect(refusal?.message.contains("strangler outbox init") == true)
        let pending = try await PostgreSQLMessageTables.pending(in: database)
        #expect(!pending.contains { $0.contains("CREATE TABLE outbox (") })
        #expect(pending.contains { $0.contains("inbox_attempt") })
        #expect(try await PostgreSQLMessageTables.install(in: database) == pending)
        #expect(try await PostgreSQLMessageTables.install(in: database).isEmpty)

        try await append(7...8, database)
        let recorder = Recorder()
        try await relay(address, to: recorder, until: 6)
        let ids = recorder.published.withLock { $0.mapValues(\.self) }
        #expect(
          ids == ["a": [5, 7].map(SampleEvents.id), "b": [2, 4, 6, 8].map(SampleEvents.id)])
        let versions = try await database.query(
          "SELECT aggregateversion FROM outbox ORDER BY aggregateid, seq")
        #expect(versions.map { $0.integer(0) } == [1, 2, 3, 4, 1, 2, 3, 4])
        try await isKnown(in: database)
      }

      /// What the consumer has seen takes no effect again, and what follows does.
      private func isKnown(in database: PostgreSQLDatabase) async throws {
        let inbox = PostgreSQLInbox(consumer: "c")
        var outcomes: [InboxOutcome] = []
        for (version, number) in [(1, 1), (2, 3)] {
          let event = ReceivedEvent(
            version: Int64(version), event: SampleEvents.event(number, aggregate: "a"))
          outcomes.append(
            try await inbox.handle(event, now: 0, in: database) { try await $0.query("SELECT 1") })
        }
        #expect(outcomes == [.duplicate, .applied(unblocks: false)])
      }

      private static let passed = [
        """
        INSERT INTO relay_shard
        SELECT 'default', 0, 'gone', 7, 0, 5, pg_current_snapshot(), NULL, max(seq), 1 FROM outbox
        """,
        """
        INSERT INTO parked
        SELECT 'default', 'order', 'b', min(seq), 1, 0, 'refused', 'refused', 'retrying'
        FROM outbox WHERE aggregateid = 'b'
        """,
        "INSERT INTO inbox VALUES ('c', '\(SampleEvents.id(1))', 0)",
        "INSERT INTO inbox_hwm VALUES ('c', 'order', 'a', 1)",
      ]

      /// As the build made them that knew version 1 alone.
      private static let versionOne = """
        CREATE TABLE IF NOT EXISTS messaging_schema (
          version int PRIMARY KEY,
          applied_at timestamptz NOT NULL DEFAULT now()
        );
        CREATE TABLE outbox (
          seq bigint GENERATED ALWAYS AS IDENTITY (CACHE 1),
          id uuid NOT NULL,
          aggregatetype varchar(255) NOT NULL,
          aggregateid varchar(255) NOT NULL,
          type varchar(255) NOT NULL,
          payload bytea NOT NULL,
          aggregateversion bigint NOT NULL,
          occurred_at bigint NOT NULL,
          headers jsonb NOT NULL,
          schema_version int NOT NULL,
          tenant varchar(255),
          tracingspancontext text,
          payload_ref text,
          xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
          part_at timestamptz NOT NULL DEFAULT clock_timestamp(),
          PRIMARY KEY (seq, part_at)
        ) PARTITION BY RANGE (part_at);
        CREATE INDEX outbox_xid ON outbox (xid);
        CREATE INDEX outbox_id ON outbox (id);
        CREATE INDEX outbox_aggregate ON outbox (aggregatetype, aggregateid, seq);
        CREATE TABLE outbox_default PARTITION OF outbox DEFAULT;
        CREATE TABLE aggregate_version (
          aggregatetype varchar(255) NOT NULL,
          aggregateid varchar(255) NOT NULL,
          version bigint NOT NULL,
          PRIMARY KEY (aggregatetype, aggregateid)
        ) WITH (fillfactor = 80);
        CREATE TABLE relay_shard (
          relay varchar(255) NOT NULL,
          shard int NOT NULL,
          owner text,
          epoch bigint NOT NULL,
          lease_until bigint NOT NULL,
          tick bigint NOT NULL,
          prev_snap pg_snapshot NOT NULL,
          cur_snap pg_snapshot,
          done_seq bigint NOT NULL,
          db_epoch bigint NOT NULL,
          PRIMARY KEY (relay, shard)
        ) WITH (fillfactor = 50);
        CREATE TABLE parked (
          relay varchar(255) NOT NULL,
          aggregatetype varchar(255) NOT NULL,
          aggregateid varchar(255) NOT NULL,
          first_seq bigint NOT NULL,
          attempts int NOT NULL,
          next_at bigint NOT NULL,
          last_error text NOT NULL,
          fingerprint text NOT NULL,
          state text NOT NULL CHECK (state IN ('retrying', 'dead')),
          PRIMARY KEY (relay, aggregatetype, aggregateid)
        );
        CREATE TABLE inbox (
          consumer varchar(255) NOT NULL,
          event_id uuid NOT NULL,
          seen_at bigint NOT NULL,
          PRIMARY KEY (consumer, event_id)
        );
        CREATE INDEX inbox_seen ON inbox (seen_at);
        CREATE TABLE inbox_hwm (
          consumer varchar(255) NOT NULL,
          aggregatetype varchar(255) NOT NULL,
          aggregateid varchar(255) NOT NULL,
          version bigint NOT NULL,
          PRIMARY KEY (consumer, aggregatetype, aggregateid)
        ) WITH (fillfactor = 80);
        CREATE TABLE inbox_parked (
          consumer varchar(255) NOT NULL,
          aggregatetype varchar(255) NOT NULL,
          aggregateid varchar(255) NOT NULL,
          aggregateversion bigint NOT NULL,
          event_id uuid NOT NULL,
          type varchar(255) NOT NULL,
          payload bytea NOT NULL,
          occurred_at bigint NOT NULL,
          headers jsonb NOT NULL,
          schema_version int NOT NULL,
          tenant varchar(255),
          payload_ref text,
          attempts int NOT NULL,
          next_at bigint NOT NULL,
          last_error text NOT NULL,
          fingerprint text NOT NULL,
          state text NOT NULL CHECK (state IN ('waiting', 'retrying', 'dead')),
          PRIMARY KEY (consumer, aggregatetype, aggregateid, aggregateversion)
        );
        CREATE INDEX inbox_parked_due ON inbox_parked (consumer, state, next_at);
        CREATE TABLE messaging_audit (
          n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          at bigint NOT NULL,
          actor text NOT NULL,
          action text NOT NULL,
          reason text NOT NULL,
          relay varchar(255),
          consumer varchar(255),
          aggregatetype varchar(255) NOT NULL,
          aggregateid varchar(255) NOT NULL,
          position bigint NOT NULL,
          attempts int NOT NULL,
          last_error text NOT NULL
        );
        CREATE TABLE messaging_database AS
          SELECT (SELECT system_identifier FROM pg_control_system()) AS system_identifier,
            (SELECT oid::bigint FROM pg_database WHERE datname = current_database())
              AS database_oid,
            1::bigint AS db_epoch,
            'day'::text AS partition_width;
        INSERT INTO messaging_schema (version) VALUES (1)
        """
    }
  }
#endif
