// SPDX-License-Identifier: Apache-2.0

/// What guards the table of one side of a mapping in its own store: a fence that says who may
/// write, triggers that ask it, and a table of the keys that changed.
///
/// Triggers hold for every writer, whatever program it is: what is written past the library is
/// noted too, and nobody writes a side that is not the primary one.
package struct FenceStatements: Sendable {
  package static let table = "strangler_fence"
  /// SQLSTATE of a refused write in PostgreSQL.
  package static let refusalState = "SG001"
  /// SQLSTATE of a row that is refused another key.
  package static let keyRefusalState = "SG002"
  /// How the message of a refused write begins.
  package static let refusal = "strangler: "
  /// Longest name of a mapping whose tables and triggers PostgreSQL can name.
  package static let longestName = 36

  let statements: MappingStatements
  package let side: Doubt.Side
  let sql: SQLText
  package let mapping: String

  package init(_ statements: MappingStatements, _ side: Doubt.Side) {
    self.statements = statements
    self.side = side
    sql = statements.sql(side)
    mapping = statements.check.mapping.name
  }

  // MARK: - Names

  var changes: String { sql.name(Self.changes(side, mapping)) }
  var key: [String] { side == .legacy ? statements.check.legacyKey : statements.check.newKey }
  /// The key's columns in the table of changes.
  var noted: [String] { key.indices.map { "key_\($0 + 1)" } }
  private var own: String {
    let mapping = statements.check.mapping
    return sql.table(side == .legacy ? mapping.legacy.table : mapping.new.table)
  }
  private var quoted: String { sql.quoted(mapping) }
  /// The table of keys that changed.
  static func changes(_ side: Doubt.Side, _ mapping: String) -> String {
    name(side, "changes", mapping)
  }
  /// Both sides may be in one store.
  private static func name(_ side: Doubt.Side, _ purpose: String, _ mapping: String) -> String {
    "strangler_\(side.rawValue)_\(purpose)_\(mapping)"
  }
  private func name(_ purpose: String) -> String { sql.name(Self.name(side, purpose, mapping)) }
  private var isOwn: String { "mapping = \(quoted) AND side = '\(side.rawValue)'" }

  /// The lock that keeps a change of sides and transactions that write apart. Unlike one on the
  /// fence's row, who wants it alone is not overtaken by those who share it
  /// (https://www.postgresql.org/docs/15/explicit-locking.html#ADVISORY-LOCKS).
  private var lock: Int64 { Self.lock(mapping) }

  package static func lock(_ mapping: String) -> Int64 {
    var digest = CanonicalDigest()
    digest.take(whole: .text, Array("strangler fence \(mapping)".utf8))
    return Int64(bitPattern: digest.state)
  }

  private var refusalText: String {
    "\(Self.refusal)\(mapping) is not written in \(side.title) now: the other side takes its "
      + "writes, or a change of sides is under way"
  }

  /// Columns of legacy that only legacy knows: a row of the new side that gets another key is
  /// another row there, and would leave them behind.
  private var unknownColumns: [String] {
    guard side == .new, statements.check.mapping.isReversed else { return [] }
    let carried = Set(statements.translation.reverseColumns)
    return statements.check.legacy.columns
      .filter { !$0.isGenerated && !carried.contains($0.name) }.map(\.name)
  }

  /// Nil where a row may get another key.
  private var keyRefusal: String? {
    let columns = unknownColumns
    if columns.isEmpty { return nil }
    return "strangler keeps keys: \(mapping) may be moved back, and legacy's "
      + "\(columns.joined(separator: ", ")) would not follow to another key; add a row with that "
      + "key and delete this one where they are not needed"
  }

  // MARK: - Fence

  package var isThere: StoreStatement { sql.isThere(Self.table) }

  /// The fence of the mapping, for `fence`.
  package var find: StoreStatement {
    StoreStatement("SELECT role, epoch, step FROM \(Self.table) WHERE \(isOwn)")
  }

  /// What `find` found; nil for a row that cannot be read.
  package static func fence(_ rows: [[String?]]) -> Fence? {
    guard let row = rows.first else { return Fence() }
    guard row.count == 3, let role = row[0].flatMap(Fence.Role.init(rawValue:)),
      let epoch = row[1].flatMap({ Int64($0) }), let step = row[2].flatMap({ Int64($0) })
    else { return nil }
    return Fence(role, epoch: epoch, step: step)
  }

  /// Changes the fence, with triggers where it begins or ends to mean something; nothing where
  /// another one is found than the one that was seen.
  ///
  /// - Parameters:
  ///   - schema: as `SQLText.schemaName` has it.
  ///   - hasLeftovers: whether triggers of before are still there.
  package func set(
    _ fence: Fence, over seen: Fence, schema: String, hasLeftovers: Bool
  ) -> [StoreStatement] {
    var all: [StoreStatement] = []
    if sql.kind == .postgreSQL {
      all.append(StoreStatement("SELECT pg_advisory_xact_lock(\(lock))"))
    }
    all += [
      StoreStatement(
        """
        CREATE TABLE IF NOT EXISTS \(Self.table) (
          mapping text NOT NULL, side text NOT NULL, role text NOT NULL,
          epoch \(sql.bigint) NOT NULL, step \(sql.bigint) NOT NULL,
          passing text NOT NULL DEFAULT '', PRIMARY KEY (mapping, side))
        """),
      StoreStatement(
        """
        INSERT INTO \(Self.table) (mapping, side, role, epoch, step)
        VALUES (\(quoted), '\(side.rawValue)', 'free', 0, 0)
        ON CONFLICT (mapping, side) DO NOTHING
        """),
      StoreStatement(
        """
        UPDATE \(Self.table) SET role = '\(fence.role.rawValue)', epoch = \(fence.epoch)
        WHERE \(isOwn) AND role = '\(seen.role.rawValue)' AND epoch = \(seen.epoch)
        """, mustMatch: true),
    ]
    if seen.role == .free, fence.role != .free {
      all += (hasLeftovers ? removal : []) + install(schema)
    }
    return all
  }

  /// Whether there are triggers, as 1 or 0.
  package var hasTriggers: StoreStatement { sql.isThere(Self.changes(side, mapping)) }

  /// Takes the triggers away; nothing where the fence is not free, by the decision of an epoch.
  ///
  /// That is a transaction of its own, and the table is locked first, as writers do it: were the
  /// fence locked first, writers that have the table would wait for it, and it for them.
  package func remove(epoch: Int64) -> [StoreStatement] {
    let lock = sql.kind == .sqlite ? [] : [StoreStatement("LOCK TABLE \(own)")]
    let isFree = StoreStatement(
      "UPDATE \(Self.table) SET role = role WHERE \(isOwn) AND role = 'free' AND epoch = \(epoch)",
      mustMatch: true)
    return lock + [isFree] + removal
  }

  /// Whether all triggers are there and on, as 1 or 0: who makes the table anew, as SQLite's
  /// columns are changed, takes them away.
  package var areTriggersThere: StoreStatement {
    let names = triggerNames.map { sql.quoted($0) }.joined(separator: ", ")
    let table =
      side == .legacy ? statements.check.mapping.legacy.table : statements.check.mapping.new.table
    let found =
      sql.kind == .sqlite
      ? "sqlite_master WHERE type = 'trigger' AND name IN (\(names))\n"
        + "  AND tbl_name = \(sql.quoted(table)) COLLATE NOCASE"
      : "pg_trigger WHERE tgrelid = to_regclass(\(sql.quoted(own))) AND tgname IN (\(names))\n"
        + "  AND tgenabled IN ('O', 'A')"
    return StoreStatement(
      "SELECT CASE WHEN count(*) = \(triggerNames.count) THEN 1 ELSE 0 END FROM \(found)")
  }

  private var triggerNames: [String] {
    (sql.kind == .sqlite ? ["insert", "update", "delete"] : ["change", "truncate"])
      .map { Self.name(side, $0, mapping) }
  }

  /// Puts triggers that are gone back, and keeps what was noted; nothing where the fence is free.
  package func rearm(schema: String) -> [StoreStatement] {
    let isGuarded = StoreStatement(
      "UPDATE \(Self.table) SET role = role WHERE \(isOwn) AND role <> 'free'", mustMatch: true)
    return triggerRemoval + [isGuarded] + changesTable(orThere: true) + triggers(schema)
  }

  private func install(_ schema: String) -> [StoreStatement] {
    changesTable(orThere: false) + triggers(schema)
  }

  private func triggers(_ schema: String) -> [StoreStatement] {
    sql.kind == .sqlite ? sqliteTriggers : postgreSQLTriggers(schema) + [grants]
  }

  /// Lets whoever may read the table read its fence, its notes, which hold keys of it, and how far
  /// it moved: a service asks for those by `DualWriteRouter`.
  private var grants: StoreStatement {
    let tables = [Self.table, MigrationTables.table].map { sql.quoted($0) } + [sql.quoted(changes)]
    return StoreStatement(
      """
      DO $strangler$
      DECLARE
        grantee oid;
        own text;
      BEGIN
        FOR grantee IN
          SELECT DISTINCT a.grantee FROM pg_class AS c,
            aclexplode(COALESCE(c.relacl, acldefault('r', c.relowner))) AS a
          WHERE c.oid = to_regclass(\(sql.quoted(self.own))) AND a.privilege_type = 'SELECT'
        LOOP
          FOREACH own IN ARRAY ARRAY[\(tables.joined(separator: ", "))] LOOP
            IF to_regclass(own) IS NOT NULL THEN
              EXECUTE format('GRANT SELECT ON %s TO %s', own, CASE grantee WHEN 0 THEN 'PUBLIC'
                ELSE quote_ident(pg_get_userbyid(grantee)) END);
            END IF;
          END LOOP;
        END LOOP;
      END
      $strangler$
      """)
  }

  private func changesTable(orThere: Bool) -> [StoreStatement] {
    let table = side == .legacy ? statements.check.legacy : statements.check.new
    // SQLite's columns without a type keep every value as it is.
    let columns = zip(noted, key).map { noted, column in
      sql.kind == .sqlite ? noted : "\(noted) \(table.column(column)?.declaredType ?? "text")"
    }
    let missing = orThere ? "IF NOT EXISTS " : ""
    let changes = StoreStatement(
      """
      CREATE TABLE \(missing)\(changes) (
        sequence \(sql.numbered), \(columns.joined(separator: ", ")), refusal text,
        held \(sql.bigint) NOT NULL DEFAULT 0)
      """)
    // Few are held, and they are looked for with every batch.
    let held = StoreStatement(
      "CREATE INDEX \(missing)\(name("held")) ON \(self.changes) (held) WHERE held <> 0")
    return [changes, held]
  }

  private var removal: [StoreStatement] {
    triggerRemoval + [StoreStatement("DROP TABLE IF EXISTS \(changes)")]
  }

  private var triggerRemoval: [StoreStatement] {
    let place = sql.kind == .sqlite ? "" : " ON \(own)"
    let function = sql.kind == .sqlite ? [] : ["DROP FUNCTION IF EXISTS \(name("note"))()"]
    return (triggerNames.map { "DROP TRIGGER IF EXISTS \(sql.name($0))\(place)" } + function)
      .map { StoreStatement($0) }
  }

  // MARK: - Triggers

  /// Whether a row, such as `NEW`, belongs to the mapping; nil where all do.
  private func scope(_ row: String) -> String? {
    guard side == .legacy else { return tenants(row) }
    let translation = statements.translation
    let parts = translation.conditions.map {
      "(\(sql.holds($0, translation.legacy[$0.place], of: row)))"
    }
    return parts.isEmpty ? nil : parts.joined(separator: " AND ")
  }

  /// Whether a row is of the mapping's tenants; nil where all are.
  private func tenants(_ row: String) -> String? {
    statements.translation.tenants(side).map {
      "(\(sql.holds($0.condition, $0.column, of: row)))"
    }
  }

  /// Whether what happens to some rows is this mapping's to note: a row that comes from other
  /// tenants or goes to them is.
  private func concerns(_ rows: [String]) -> String? {
    let parts = rows.compactMap { tenants($0) }
    return parts.isEmpty ? nil : "(\(parts.joined(separator: " OR ")))"
  }

  /// Whether a row may be written, by what the transaction passes as: empty, `carry` or `backfill`.
  private func mayWrite(_ role: String, _ passing: String) -> String {
    """
    CASE \(role) WHEN 'primary' THEN \(passing) = '' WHEN 'follower' THEN \(passing) <> '' \
    WHEN 'free' THEN TRUE ELSE \(passing) = 'carry' END
    """
  }

  /// Notes the key of a row, such as `NEW`, where a condition holds.
  private func note(_ row: String, where condition: String) -> String {
    let values = key.map { "\(row).\(sql.name($0))" }.joined(separator: ", ")
    return "INSERT INTO \(changes) (\(noted.joined(separator: ", ")))\n"
      + "SELECT \(values) WHERE \(condition);"
  }

  /// Whether an update gave a row another key, whatever the columns' collations take for equal.
  private var hasMoved: String {
    let parts = key.map { column in
      let (old, new) = ("OLD.\(sql.name(column))", "NEW.\(sql.name(column))")
      return sql.kind == .sqlite
        ? "\(new) COLLATE BINARY IS NOT \(old)" : "\(new)::text IS DISTINCT FROM \(old)::text"
    }
    return "(\(parts.joined(separator: " OR ")))"
  }

  private var sqliteTriggers: [StoreStatement] {
    let fence = "SELECT 1 FROM \(Self.table) WHERE \(isOwn)"
    // A key that was given up is noted first: the other side may take both for equal.
    return [("insert", ["NEW"]), ("update", ["OLD", "NEW"]), ("delete", ["OLD"])].map {
      event, rows in
      let scopes = rows.compactMap { scope($0) }
      let isMapped = scopes.isEmpty ? "" : " AND (\(scopes.joined(separator: " OR ")))"
      // Who carries changes over says so in the fence for as long as its transaction lasts.
      let refusal = """
        SELECT RAISE(ABORT, \(sql.quoted(refusalText)))
        WHERE EXISTS (\(fence) AND NOT \(mayWrite("role", "passing")))\(isMapped);
        """
      let concerned = concerns(rows).map { " AND \($0)" } ?? ""
      let isPrimary = "EXISTS (\(fence) AND role = 'primary')"
      let keeping =
        event != "update"
        ? nil
        : keyRefusal.map {
          "SELECT RAISE(ABORT, \(sql.quoted($0))) WHERE \(isPrimary) AND \(hasMoved)\(concerned);"
        }
      let notes = rows.map { row in
        let moved = event == "update" && row == "OLD" ? " AND \(hasMoved)" : ""
        return note(row, where: "\(isPrimary)\(moved)\(concerned)")
      }
      return StoreStatement(
        "CREATE TRIGGER \(name(event)) AFTER \(event.uppercased()) ON \(own)\nBEGIN\n"
          + ([refusal] + [keeping].compactMap(\.self) + notes).joined(separator: "\n") + "\nEND")
    }
  }

  private func keepingKeys(where hasMoved: String) -> String {
    guard let keyRefusal else { return "" }
    return """
      IF \(hasMoved) THEN
              RAISE EXCEPTION USING ERRCODE = '\(Self.keyRefusalState)',
                MESSAGE = \(sql.quoted(keyRefusal));
            END IF;
      """
  }

  private func postgreSQLTriggers(_ schema: String) -> [StoreStatement] {
    func refusing(_ row: String) -> String { scope(row) ?? "TRUE" }
    let either = concerns(["OLD", "NEW"])
    let hasMoved = [hasMoved, either].compactMap(\.self).joined(separator: " AND ")
    let body = """
      DECLARE
        allowed text;
        passing text;
      BEGIN
        IF TG_OP = 'TRUNCATE' THEN
          RAISE EXCEPTION USING ERRCODE = '\(Self.refusalState)', MESSAGE =
            \(sql.quoted("\(Self.refusal)\(mapping) moves, so delete its rows, do not truncate"));
        END IF;
        PERFORM pg_advisory_xact_lock_shared(\(lock));
        -- Only at READ COMMITTED the next statement sees what was committed while this one waited.
        IF current_setting('transaction_isolation') <> 'read committed' THEN
          PERFORM 1 FROM \(Self.table) WHERE \(isOwn) FOR SHARE;
        END IF;
        SELECT role INTO allowed FROM \(Self.table) WHERE \(isOwn);
        passing := COALESCE(current_setting('strangler.passing', TRUE), '');
        IF NOT (\(mayWrite("allowed", "passing"))) THEN
          IF TG_OP <> 'INSERT' THEN
            IF \(refusing("OLD")) THEN
              RAISE EXCEPTION USING ERRCODE = '\(Self.refusalState)',
                MESSAGE = \(sql.quoted(refusalText));
            END IF;
          END IF;
          IF TG_OP <> 'DELETE' THEN
            IF \(refusing("NEW")) THEN
              RAISE EXCEPTION USING ERRCODE = '\(Self.refusalState)',
                MESSAGE = \(sql.quoted(refusalText));
            END IF;
          END IF;
        END IF;
        IF allowed = 'primary' THEN
          IF TG_OP = 'DELETE' THEN
            \(note("OLD", where: concerns(["OLD"]) ?? "TRUE"))
          ELSIF TG_OP = 'INSERT' THEN
            \(note("NEW", where: concerns(["NEW"]) ?? "TRUE"))
          ELSE
            \(keepingKeys(where: hasMoved))
            \(note("OLD", where: hasMoved))
            \(note("NEW", where: either ?? "TRUE"))
          END IF;
        END IF;
        RETURN NULL;
      END
      """
    return [
      """
      CREATE OR REPLACE FUNCTION \(name("note"))() RETURNS trigger LANGUAGE plpgsql
      SECURITY DEFINER SET search_path = \(sql.name(schema)), pg_temp AS $strangler$
      \(body)
      $strangler$
      """,
      """
      CREATE TRIGGER \(name("change")) AFTER INSERT OR UPDATE OR DELETE ON \(own)
      FOR EACH ROW EXECUTE FUNCTION \(name("note"))()
      """,
      """
      CREATE TRIGGER \(name("truncate")) BEFORE TRUNCATE ON \(own)
      FOR EACH STATEMENT EXECUTE FUNCTION \(name("note"))()
      """,
    ].map { StoreStatement($0) }
  }

  // MARK: - Carrying

  /// Whether no decision was made since a fence was seen.
  func isAt(_ seen: Fence) -> String {
    "EXISTS (SELECT 1 FROM \(Self.table) WHERE \(isOwn) AND epoch = \(seen.epoch))"
  }

  /// Undoes a transaction unless this side takes writes, by the decision of an epoch.
  func whilePrimary(_ epoch: Int64) -> StoreStatement {
    StoreStatement(
      "UPDATE \(Self.table) SET role = role WHERE \(isOwn) AND role = 'primary' "
        + "AND epoch = \(epoch)", mustMatch: true)
  }

  /// Begins a batch that is carried over into this side; nothing where the fence is not the one
  /// that was seen, so that nobody carries rows over that were read before others carried theirs.
  package func open(_ seen: Fence) -> [StoreStatement] {
    pass(as: "carry") + [
      StoreStatement(
        """
        UPDATE \(Self.table) SET step = step + 1
        WHERE \(isOwn) AND epoch = \(seen.epoch) AND step = \(seen.step)
          AND role IN ('follower', 'closed')
        """, mustMatch: true)
    ]
  }

  /// Begins a transaction of a backfill, which only a follower lets write.
  package var openBackfill: [StoreStatement] { pass(as: "backfill") }

  /// Ends either.
  package var close: [StoreStatement] { sql.kind == .sqlite ? pass(as: "") : [] }

  /// SQLite has one writer, so what the fence says of it is true of this transaction alone. Other
  /// mappings of the table, which have other tenants, are passed too: a row may come from those.
  private func pass(as purpose: String) -> [StoreStatement] {
    sql.kind == .sqlite
      ? [
        StoreStatement(
          "UPDATE \(Self.table) SET passing = '\(purpose)' WHERE side = '\(side.rawValue)'")
      ]
      : [
        StoreStatement("SELECT pg_advisory_xact_lock_shared(\(lock))"),
        StoreStatement("SELECT set_config('strangler.passing', '\(purpose)', TRUE)"),
      ]
  }
}

extension SQLText {
  /// The condition as SQL, of a row by another name than `t`.
  fileprivate func holds(
    _ condition: CheckedCondition, _ column: ColumnSchema, of row: String
  ) -> String {
    holds(condition, "\(row).\(name(column.name))", column.type)
  }
}
