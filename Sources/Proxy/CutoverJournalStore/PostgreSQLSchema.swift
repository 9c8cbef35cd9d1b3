// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  internal import PostgreSQLClient

  /// The tables, in the order in which they came to be. A step that was released is never changed.
  /// Names are looked up by the connection's `search_path`, so that a database can hold several
  /// journals, each in a schema of its own.
  enum PostgreSQLSchema {
    /// Channel on which each new entry is told.
    static let channel = "strangler_journal"
    /// Whoever makes tables holds this lock, so that proxies that start together do not collide.
    private static let lock: Int64 = 0x5354_524a
    private static let steps = [first]
    static var version: Int64 { Int64(steps.count) }

    /// Makes what is missing, in one transaction.
    static var statements: [PostgreSQLStatement] {
      [
        PostgreSQLStatement("SELECT pg_advisory_xact_lock($1)", [.integer(lock)]),
        PostgreSQLStatement(
          "CREATE TABLE IF NOT EXISTS strangler_migration (step bigint PRIMARY KEY)"),
      ]
        + steps.enumerated().map { index, step in
          PostgreSQLStatement(
            """
            DO $migration$ BEGIN
              IF NOT EXISTS (SELECT FROM strangler_migration WHERE step = \(index + 1)) THEN
                \(step)
                INSERT INTO strangler_migration VALUES (\(index + 1));
              END IF;
            END $migration$
            """)
        }
    }

    /// An entry is kept as the bytes that were hashed, so that an auditor's own program can check
    /// them without knowing the fields. That it goes behind the last one is checked here too,
    /// whoever writes; of two that write at once the primary key lets one through.
    private static let first = """
      CREATE TABLE strangler_journal (
        id int PRIMARY KEY CHECK (id = 1),
        installation text NOT NULL
      );
      CREATE TABLE strangler_entry (
        sequence bigint PRIMARY KEY,
        hash text NOT NULL UNIQUE,
        previous text NOT NULL,
        bytes bytea NOT NULL,
        lease bigint
      );
      CREATE TABLE strangler_lease (
        id int PRIMARY KEY CHECK (id = 1),
        lease bigint NOT NULL,
        holder text NOT NULL,
        expires timestamptz NOT NULL
      );
      INSERT INTO strangler_lease VALUES (1, 0, '', '-infinity');
      CREATE TABLE strangler_replica (
        id text PRIMARY KEY,
        seen timestamptz NOT NULL,
        report text NOT NULL
      );
      CREATE FUNCTION strangler_check_entry() RETURNS trigger LANGUAGE plpgsql AS $f$
      DECLARE last record;
      BEGIN
        SELECT sequence, hash INTO last FROM strangler_entry ORDER BY sequence DESC LIMIT 1;
        IF NEW.sequence <> COALESCE(last.sequence, 0) + 1
          OR NEW.previous <> COALESCE(last.hash, NEW.previous) THEN
          RAISE EXCEPTION 'entry % is there already', last.sequence USING ERRCODE = '23505';
        END IF;
        IF NEW.lease IS NOT NULL THEN
          PERFORM FROM strangler_lease WHERE lease = NEW.lease FOR SHARE;
          IF NOT FOUND THEN
            RAISE EXCEPTION 'lease % is over', NEW.lease USING ERRCODE = 'STR01';
          END IF;
        END IF;
        PERFORM pg_notify('\(channel)', NEW.sequence::text);
        RETURN NEW;
      END $f$;
      CREATE TRIGGER entry_follows_the_last BEFORE INSERT ON strangler_entry
        FOR EACH ROW EXECUTE FUNCTION strangler_check_entry();
      CREATE FUNCTION strangler_refuse() RETURNS trigger LANGUAGE plpgsql AS $f$
      BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END $f$;
      CREATE TRIGGER entry_is_never_changed
        BEFORE UPDATE OR DELETE OR TRUNCATE ON strangler_entry
        FOR EACH STATEMENT EXECUTE FUNCTION strangler_refuse('entries are never changed');
      CREATE TRIGGER journal_keeps_its_owner
        BEFORE UPDATE OR DELETE OR TRUNCATE ON strangler_journal
        FOR EACH STATEMENT EXECUTE FUNCTION strangler_refuse('a journal keeps its installation');
      """
  }

  extension PostgreSQLError {
    /// The lease that an entry was written under is over.
    var isLostLease: Bool { code == .refused(sqlState: "STR01") }
    /// There is no such table.
    var isMissingTable: Bool { code == .refused(sqlState: "42P01") }
  }
#endif
