// SPDX-License-Identifier: Apache-2.0

/// The tables of the new store that say how far each mapping has moved, and who decided that.
package struct MigrationTables: Sendable {
  package static let table = "strangler_migration"
  package static let journal = "strangler_migration_journal"

  private let sql: SQLText

  package init(_ kind: StoreKind) { sql = SQLText(kind) }

  package var isThere: StoreStatement { sql.isThere(Self.table) }

  package var install: [StoreStatement] {
    [
      StoreStatement(
        """
        CREATE TABLE IF NOT EXISTS \(Self.table) (
          mapping text PRIMARY KEY NOT NULL, state text NOT NULL, target text NOT NULL,
          settled \(sql.bigint) NOT NULL, epoch \(sql.bigint) NOT NULL, fingerprint text NOT NULL)
        """),
      StoreStatement(
        """
        CREATE TABLE IF NOT EXISTS \(Self.journal) (
          sequence \(sql.numbered), mapping text NOT NULL, at \(sql.bigint) NOT NULL,
          actor text NOT NULL, reason text NOT NULL, action text NOT NULL, from_state text NOT NULL,
          to_state text NOT NULL, epoch \(sql.bigint) NOT NULL, evidence text NOT NULL)
        """),
    ]
  }

  /// The row of a mapping, for `migration`.
  package func find(_ mapping: String) -> StoreStatement {
    StoreStatement(
      """
      SELECT state, target, settled, epoch, fingerprint FROM \(Self.table)
      WHERE mapping = \(sql.quoted(mapping))
      """)
  }

  /// The same, as `MappedStore.rows` reads texts.
  package func look(_ mapping: String) -> String {
    let columns = ["state", "target", "settled", "epoch", "fingerprint"]
    return
      "SELECT \(columns.map { sql.selected($0) }.joined(separator: ", ")) FROM \(Self.table) AS t\n"
      + "WHERE t.mapping = \(sql.quoted(mapping))"
  }

  /// What `find` found; a mapping without a row did not move. Nil for a row that cannot be read.
  package func migration(_ mapping: String, _ rows: [[String?]]) -> Migration? {
    guard let row = rows.first else { return Migration(of: mapping) }
    guard row.count == 5, let state = row[0].flatMap(MigrationState.init(rawValue:)),
      let target = row[1].flatMap(MigrationState.init(rawValue:)),
      let epoch = row[3].flatMap({ Int64($0) }),
      let fingerprint = row[4]
    else { return nil }
    return Migration(
      mapping: mapping, state: state, target: target, isSettled: row[2] == "1", epoch: epoch,
      fingerprint: fingerprint)
  }

  /// Writes a row and an entry of the journal; nothing where another row is found than the one that
  /// was seen.
  package func write(
    _ migration: Migration, over seen: Migration, _ entry: MigrationEntry
  ) -> [StoreStatement] {
    let empty = Migration(of: migration.mapping)
    let name = sql.quoted(migration.mapping)
    return [
      StoreStatement(
        """
        INSERT INTO \(Self.table) (mapping, state, target, settled, epoch, fingerprint)
        VALUES (\(name), '\(empty.state.rawValue)', '\(empty.target.rawValue)', 1, 0, '')
        ON CONFLICT (mapping) DO NOTHING
        """),
      StoreStatement(
        """
        UPDATE \(Self.table) SET state = '\(migration.state.rawValue)',
          target = '\(migration.target.rawValue)', settled = \(migration.isSettled ? 1 : 0),
          epoch = \(migration.epoch), fingerprint = \(sql.quoted(migration.fingerprint))
        WHERE mapping = \(name) AND epoch = \(seen.epoch) AND settled = \(seen.isSettled ? 1 : 0)
        """, mustMatch: true),
      StoreStatement(
        """
        INSERT INTO \(Self.journal) (mapping, at, actor, reason, action, from_state, to_state,
          epoch, evidence)
        VALUES (\(name), \(entry.at), \(sql.quoted(entry.actor)), \(sql.quoted(entry.reason)),
          '\(entry.action.rawValue)', '\(entry.from.rawValue)', '\(entry.to.rawValue)',
          \(entry.epoch), \(sql.quoted(entry.evidence)))
        """),
    ]
  }

  /// The last entries of a mapping, newest first, for `entries`.
  package func history(_ mapping: String, limit: Int) -> StoreStatement {
    StoreStatement(
      """
      SELECT at, actor, reason, action, from_state, to_state, epoch, evidence FROM \(Self.journal)
      WHERE mapping = \(sql.quoted(mapping)) ORDER BY sequence DESC LIMIT \(limit)
      """)
  }

  package func entries(_ mapping: String, _ rows: [[String?]]) -> [MigrationEntry] {
    rows.compactMap { row in
      guard row.count == 8, let at = row[0].flatMap({ Int64($0) }), let actor = row[1],
        let reason = row[2], let action = row[3].flatMap(MigrationEntry.Action.init(rawValue:)),
        let from = row[4].flatMap(MigrationState.init(rawValue:)),
        let to = row[5].flatMap(MigrationState.init(rawValue:)),
        let epoch = row[6].flatMap({ Int64($0) }), let evidence = row[7]
      else { return nil }
      return MigrationEntry(
        mapping: mapping, at: at, actor: actor, reason: reason, action: action, from: from, to: to,
        epoch: epoch, evidence: evidence)
    }
  }
}
