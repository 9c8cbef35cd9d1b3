// SPDX-License-Identifier: Apache-2.0

/// An audit in PostgreSQL: a trigger for each statement, which notes its text, who sent it and the
/// transaction's number.
///
/// The business transaction must not fail over it. It reads nothing that others write, so a
/// serializable transaction meets no conflict; an error while it notes is logged by the server and
/// forgotten; and it notes nothing more when its table is full. Notes are found again by their
/// places, which the transaction keeps in a setting of its own: it is gone at its end, and a
/// savepoint that is rolled back takes its part of it back.
struct PostgreSQLBypassStatements: BypassDialect {
  /// Bytes of notes behind which nothing more is noted.
  static let mostBytes = 64 << 20
  /// Characters of a statement that are looked at, and that are kept.
  private static let (looked, kept) = (4_000, 1_000)

  let triggers = ["insert", "update", "delete", "truncate"]
  let preparation = [
    "SET LOCAL lock_timeout = '5s'", PostgreSQLMessagingSchema.lock,
  ]
  let identity: NamedStatement? = VerificationStatements.identity

  let place = NamedStatement(
    """
    SELECT quote_ident(current_schema()),
      CASE WHEN to_regclass(quote_ident(current_schema()) || '.outbox') IS NULL THEN 0 ELSE 1 END,
      CASE WHEN to_regclass(quote_ident(current_schema()) || '.bypass_schema') IS NULL
        THEN 0 ELSE 1 END
    """)

  let table = NamedStatement(
    """
    SELECT n.nspname, c.relname,
      CASE WHEN c.relkind IN ('r', 'p') AND c.relpersistence <> 't' THEN 1 ELSE 0 END
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = to_regclass(:table)
    """)

  func installedVersion(schema: String) -> NamedStatement {
    NamedStatement("SELECT max(version) FROM \(schema).bypass_schema")
  }

  func tables(schema: String) -> [String] {
    [
      """
      CREATE TABLE \(schema).bypass_schema (
        version int PRIMARY KEY,
        applied_at timestamptz NOT NULL DEFAULT now()
      )
      """,
      """
      CREATE TABLE \(schema).bypass_table (
        table_schema text NOT NULL,
        table_name text NOT NULL,
        since bigint NOT NULL,
        PRIMARY KEY (table_schema, table_name)
      )
      """,
      // No index: rows come and go, and nobody looks for one by anything but its place.
      """
      CREATE TABLE \(schema).bypass_write (
        at bigint NOT NULL,
        xid xid8 NOT NULL,
        table_schema text NOT NULL,
        table_name text NOT NULL,
        operation text NOT NULL,
        statement text,
        application text,
        role text NOT NULL
      )
      """,
    ]
  }

  // MARK: - Triggers

  func foundation(schema: String) -> [String] {
    [
      function("bypass_note", schema, Self.note(schema)),
      function("bypass_append", schema, Self.append(schema)),
      "DROP TRIGGER IF EXISTS \(BypassAudit.prefix)append ON \(schema).outbox",
      """
      CREATE TRIGGER \(BypassAudit.prefix)append AFTER INSERT ON \(schema).outbox
      REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
      EXECUTE FUNCTION \(schema).bypass_append()
      """,
      """
      INSERT INTO \(schema).bypass_schema (version) VALUES (\(BypassAudit.version))
      ON CONFLICT DO NOTHING
      """,
    ]
  }

  /// With the rights of its owner: whoever changes a table need not be allowed to touch notes.
  private func function(_ name: String, _ schema: String, _ body: String) -> String {
    """
    CREATE OR REPLACE FUNCTION \(schema).\(name)() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS $strangler$\(body)$strangler$
    """
  }

  /// The first change of each table in a transaction. Text in quotes and numbers are values, which
  /// are none of the operators' business.
  private static func note(_ schema: String) -> String {
    #"""

    DECLARE
      me text;
      noted text;
      place tid;
    BEGIN
      IF TG_OP <> 'TRUNCATE' THEN
        IF NOT EXISTS (SELECT FROM changed) THEN RETURN NULL; END IF;
      END IF;
      me := pg_current_xact_id()::text;
      IF current_setting('strangler.appended', true) = me THEN RETURN NULL; END IF;
      noted := current_setting('strangler.noted', true);
      IF noted IS NULL OR split_part(noted, ' ', 1) <> me THEN noted := me; END IF;
      IF strpos(noted, ' ' || TG_RELID::text || '@') > 0 THEN RETURN NULL; END IF;
      BEGIN
        IF pg_relation_size(\#(literal(schema, "bypass_write"))) >= \#(mostBytes) THEN
          RETURN NULL;
        END IF;
        INSERT INTO \#(schema).bypass_write
          (at, xid, table_schema, table_name, operation, statement, application, role)
        VALUES ((extract(epoch FROM clock_timestamp()) * 1000)::bigint, pg_current_xact_id(),
          TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP,
          left(regexp_replace(left(current_query(), \#(looked)), $re$\#(values)$re$, '?', 'g'),
            \#(kept)),
          nullif(current_setting('application_name', true), ''), session_user)
        RETURNING ctid INTO place;
        PERFORM set_config('strangler.noted',
          noted || ' ' || TG_RELID::text || '@' || place::text, true);
      EXCEPTION WHEN OTHERS THEN
        RAISE LOG 'strangler: a change of %.% is not noted: %',
          TG_TABLE_SCHEMA, TG_TABLE_NAME, SQLERRM;
      END;
      RETURN NULL;
    END

    """#
  }

  /// Literals of SQL: escape strings, strings, what dollars quote, numbers; also one cut off.
  private static let values = [
    #"[eE]'(?:\\.|''|[^'\\])*(?:'|$)"#, #"'(?:''|[^'])*(?:'|$)"#,
    #"\$(?:[A-Za-z_][A-Za-z_0-9]*)?\$.*$"#, #"(?<![\w$.])[0-9]+(?:\.[0-9]+)?"#,
  ].joined(separator: "|")

  private static func append(_ schema: String) -> String {
    """

    DECLARE
      me text := pg_current_xact_id()::text;
      noted text := current_setting('strangler.noted', true);
    BEGIN
      IF NOT EXISTS (SELECT FROM changed) THEN RETURN NULL; END IF;
      PERFORM set_config('strangler.appended', me, true);
      IF split_part(noted, ' ', 1) = me THEN
        BEGIN
          DELETE FROM \(schema).bypass_write
          WHERE xid = pg_current_xact_id() AND ctid = ANY (ARRAY(
            SELECT split_part(entry, '@', 2)::tid
            FROM unnest(string_to_array(noted, ' ')) AS entry WHERE strpos(entry, '@') > 0));
          PERFORM set_config('strangler.noted', '', true);
        EXCEPTION WHEN OTHERS THEN
          RAISE LOG 'strangler: notes of a transaction with an event stay: %', SQLERRM;
        END;
      END IF;
      RETURN NULL;
    END

    """
  }

  private static func literal(_ schema: String, _ table: String) -> String {
    BypassTable.literal("\(schema).\(table)")
  }

  func watch(_ table: BypassTable, schema: String) -> [String] {
    triggers.map { operation in
      let rows =
        switch operation {
        case "truncate": ""
        case "delete": "REFERENCING OLD TABLE AS changed "
        default: "REFERENCING NEW TABLE AS changed "
        }
      return """
        CREATE TRIGGER \(BypassAudit.prefix)\(operation) AFTER \(operation.uppercased())
        ON \(table.quoted) \(rows)FOR EACH STATEMENT EXECUTE FUNCTION \(schema).bypass_note()
        """
    }
  }

  func unwatch(_ table: BypassTable, schema: String) -> [String] {
    triggers.map { "DROP TRIGGER IF EXISTS \(BypassAudit.prefix)\($0) ON \(table.quoted)" }
  }

  // MARK: - What is watched

  func register(_ table: BypassTable, schema: String, at now: Int64) -> String {
    """
    INSERT INTO \(schema).bypass_table (table_schema, table_name, since)
    VALUES (\(BypassTable.literal(table.schema)), \(BypassTable.literal(table.name)), \(now))
    ON CONFLICT DO NOTHING
    """
  }

  func unregister(_ table: BypassTable, schema: String) -> String {
    """
    DELETE FROM \(schema).bypass_table WHERE table_schema = \(BypassTable.literal(table.schema))
      AND table_name = \(BypassTable.literal(table.name))
    """
  }

  /// Triggers of a table that was renamed go with their function.
  func removal(schema: String) -> [String] {
    ["DROP FUNCTION \(schema).bypass_note() CASCADE"]
      + ["DROP FUNCTION \(schema).bypass_append() CASCADE"]
      + ["bypass_write", "bypass_table", "bypass_schema"].map { "DROP TABLE \(schema).\($0)" }
  }

  func watched(schema: String) -> NamedStatement {
    let table = "to_regclass(format('%I.%I', w.table_schema, w.table_name))"
    return NamedStatement(
      """
      SELECT w.table_schema, w.table_name, w.since,
        (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = \(table)
          AND t.tgenabled IN ('O', 'A')
          AND t.tgfoid = to_regproc(\(Self.literal(schema, "bypass_note")))),
        CASE WHEN \(table) IS NULL THEN 0 ELSE 1 END
      FROM \(schema).bypass_table w ORDER BY w.table_schema, w.table_name
      """)
  }

  func condition(schema: String) -> NamedStatement {
    NamedStatement(
      """
      SELECT (SELECT count(*) FROM pg_trigger t
          WHERE t.tgrelid = to_regclass(\(Self.literal(schema, "outbox")))
            AND t.tgenabled IN ('O', 'A')
            AND t.tgfoid = to_regproc(\(Self.literal(schema, "bypass_append")))),
        CASE WHEN pg_relation_size(\(Self.literal(schema, "bypass_write"))) >= \(Self.mostBytes)
          THEN 1 ELSE 0 END
      """)
  }

  // MARK: - What was found

  /// Notes whose transaction appended nothing. The outbox is asked as well: its trigger may have
  /// been missing for a while.
  private func bypasses(_ schema: String) -> String {
    """
    FROM \(schema).bypass_write w
    WHERE NOT EXISTS (SELECT FROM \(schema).outbox o WHERE o.xid = w.xid)
    """
  }

  func findings(schema: String) -> NamedStatement {
    NamedStatement(
      """
      SELECT w.table_schema, w.table_name, w.operation, w.statement, w.application, w.role,
        count(*), min(w.at), max(w.at)
      \(bypasses(schema))
      GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY count(*) DESC, 1, 2, 3, 4, 5, 6
      LIMIT CAST(:most AS bigint)
      """)
  }

  func counts(schema: String) -> NamedStatement {
    NamedStatement(
      "SELECT w.table_schema, w.table_name, count(*) \(bypasses(schema)) GROUP BY 1, 2")
  }

  func prune(schema: String) -> NamedStatement {
    NamedStatement("DELETE FROM \(schema).bypass_write WHERE at < :before RETURNING 1")
  }
}
