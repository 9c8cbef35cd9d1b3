// SPDX-License-Identifier: Apache-2.0

/// What carries changes of one side over to the other: keys that were noted, the rows that they
/// name now, and what those are on the other side.
///
/// A note says that a row changed, not how: whoever carries it over reads the row as it is. So
/// notes may be carried over twice, and in any order, as long as one batch begins after the one
/// before. What has to hold is this: **a note lives until the other side has committed the row as
/// it was after the note, or later**. It does, since
/// - a note is written in the transaction of its change, by a trigger;
/// - its row is read after it, from the side that takes writes or took them last (`source`), and
///   written only while the fence of the other side (`fence`) is the one that was seen before: so
///   it is never older than what the other side has, and no decision came between;
/// - it is removed, by its number, after that commit, and only while no decision was made since:
///   numbers are not given twice, but a mapping that begins to move again counts from 1;
/// - a side stops to be the source when nothing waits there any more.
package struct CarryStatements: Sendable {
  /// Rows of one statement.
  private static let batch = 500

  package let from: Doubt.Side
  /// Of the side that is written.
  package let fence: FenceStatements
  /// Of the side that notes.
  package let source: FenceStatements
  private let statements: MappingStatements
  private var check: MappingCheck { statements.check }

  package init(_ statements: MappingStatements, from side: Doubt.Side) {
    self.statements = statements
    from = side
    source = FenceStatements(statements, side)
    fence = FenceStatements(statements, side.other)
  }

  package var mapping: String { check.mapping.name }
  private var notes: String { source.changes }

  // MARK: - Notes

  /// Notes that nobody tried yet, the oldest first, as `MappedStore.rows` reads them: number and
  /// key.
  package func pending(limit: Int) -> String {
    let columns = (["sequence"] + source.noted).map { source.sql.selected($0) }
    return "SELECT \(columns.joined(separator: ", ")) FROM \(notes) AS t\n"
      + "WHERE t.refusal IS NULL AND t.held = 0 ORDER BY t.sequence LIMIT \(limit)"
  }

  package var pendingTypes: [ColumnType] { [.integer(bits: 64)] + statements.keyTypes(from) }

  /// How many notes wait, and how many of them were refused.
  package var count: StoreStatement {
    StoreStatement("SELECT count(*), count(refusal) FROM \(notes)")
  }

  /// How many notes nobody tried yet, up to a limit, as `MappedStore.rows` reads them.
  package func pendingCount(upTo limit: Int) -> String {
    "SELECT \(source.sql.selected("number")) FROM (SELECT count(*) AS number FROM (\n"
      + "SELECT 1 FROM \(notes) WHERE refusal IS NULL AND held = 0 LIMIT \(limit)) AS found) AS t"
  }

  /// Why notes were refused, the oldest first.
  package func refusals(limit: Int) -> StoreStatement {
    StoreStatement(
      "SELECT refusal FROM \(notes) WHERE refusal IS NOT NULL ORDER BY sequence LIMIT \(limit)")
  }

  /// Removes notes whose rows the other side has; nothing where a decision was made since the fence
  /// of this side was seen, after which numbers may name other notes.
  package func remove(_ numbers: [Int64], _ seen: Fence) -> StoreStatement {
    StoreStatement("DELETE FROM \(notes) WHERE \(among(numbers, seen))")
  }

  /// Leaves notes for later, with what is in their way.
  package func refuse(_ numbers: [Int64], _ reason: String, _ seen: Fence) -> StoreStatement {
    StoreStatement(
      "UPDATE \(notes) SET refusal = \(source.sql.quoted(reason)) WHERE \(among(numbers, seen))")
  }

  /// Leaves notes of rows that are gone until the backfill is at its end: it may have read those
  /// rows before, and add them yet.
  package func hold(_ numbers: [Int64], _ seen: Fence) -> StoreStatement {
    StoreStatement("UPDATE \(notes) SET held = 1 WHERE \(among(numbers, seen))")
  }

  /// Tries again what was refused.
  package var retry: StoreStatement {
    StoreStatement("UPDATE \(notes) SET refusal = NULL WHERE refusal IS NOT NULL")
  }

  /// Tries again what was held.
  package var release: StoreStatement {
    StoreStatement("UPDATE \(notes) SET held = 0 WHERE held <> 0")
  }

  private func among(_ numbers: [Int64], _ seen: Fence) -> String {
    "sequence IN (\(numbers.map { "\($0)" }.joined(separator: ", ")))\n  AND \(source.isAt(seen))"
  }

  /// Notes keys as if their rows had been written, so that those are carried over again; nothing
  /// where this side does not take writes any more: what it notes is carried over once it does
  /// again, and may be old by then.
  ///
  /// - Parameter epoch: of the decision by which it does.
  package func note(_ keys: [[FieldValue]], epoch: Int64) -> [StoreStatement] {
    let rows = keys.map { "(\(statements.literals($0, from).joined(separator: ", ")))" }
    return [
      source.whilePrimary(epoch),
      StoreStatement(
        "INSERT INTO \(notes) (\(source.noted.joined(separator: ", ")))\n"
          + "VALUES \(rows.joined(separator: ",\n  "))"),
    ]
  }

  // MARK: - Rows

  /// The rows with these keys, as `MappedStore.rows` reads them: of legacy as `chunk` does, of the
  /// new side the key and the row.
  package func rows(_ keys: [[FieldValue]]) -> String {
    from == .legacy
      ? statements.legacyRows(where: statements.matching(keys, from))
      : statements.newRows(where: statements.matching(keys, from))
  }

  package var rowTypes: [ColumnType] {
    from == .legacy ? statements.chunkTypes : statements.readTypes(.new)
  }

  /// The key's values that stand before a row.
  package func key(of row: [FieldValue]) -> [FieldValue] {
    Array(row.prefix(from == .legacy ? check.legacyKey.count : check.newKey.count))
  }

  /// The key on the other side.
  package func otherKey(_ key: [FieldValue]) throws(RowRefusal) -> [FieldValue] {
    try from == .legacy ? statements.newKey(of: key) : statements.legacyKey(of: key)
  }

  /// The key of this side of a new key; nil where no row of this side can have it.
  package func ownKey(ofNew key: [FieldValue]) -> [FieldValue]? {
    from == .new ? key : try? statements.legacyKey(of: key)
  }

  // MARK: - The other side

  /// Writes rows of the other side, whether they are there or not: new rows as `forward` gives
  /// them, legacy rows as `inverse` does.
  package func writes(_ rows: [[FieldValue]]) -> [StoreStatement] {
    if rows.isEmpty { return [] }
    let (columns, fill) = written
    let values = fill.map(\.value)
    guard fence.sql.kind == .postgreSQL else {
      let sql = upsert([(columns + fill.map(\.column)).map { _ in "?" }])
      return rows.map { StoreStatement(sql, $0 + values, writes: isLimited ? 1 : nil) }
    }
    let schema = from == .legacy ? check.new : check.legacy
    let types = (columns + fill.map(\.column)).map { schema.column($0)?.type ?? .other("") }
    return stride(from: 0, to: rows.count, by: Self.batch).map { start in
      let batch = rows[start..<min(rows.count, start + Self.batch)].map { row in
        zip(row + values, types).map { fence.sql.literal($0, $1) }
      }
      return StoreStatement(upsert(batch), writes: isLimited ? batch.count : nil)
    }
  }

  /// Whether a row of the other side that has a key already may not be the one that is meant.
  private var isLimited: Bool {
    !statements.scope(from.other).isEmpty || !statements.spelling(from.other).isEmpty
  }

  /// Why a row of the other side was left as it is; nil where all rows there are the mapping's.
  package var foreignness: String? {
    if !isLimited { return nil }
    let mapping = check.mapping
    let tenant = mapping.tenant == nil ? nil : "belongs to another tenant"
    let filter = mapping.filter.isEmpty || from == .legacy ? nil : "is outside of the filter"
    let spelling =
      statements.spelling(from.other).isEmpty
      ? nil : "is another one, whose key that table takes for equal"
    let place = from == .legacy ? mapping.new : mapping.legacy
    return "the row of \(place) with that key "
      + [tenant, filter, spelling].compactMap(\.self).joined(separator: " or ")
      + ", and was left as it is"
  }

  /// Gives rows of the other side, which are written next, other values where no two rows may have
  /// the same: rows that exchanged theirs are in each other's way otherwise. Empty where there are
  /// no such columns.
  package func parks(_ keys: [[FieldValue]]) -> [StoreStatement] {
    let (side, schema) = (from.other, from == .legacy ? check.new : check.legacy)
    let key = Set(from == .legacy ? check.newKey : check.legacyKey)
    let written = Set(written.columns).subtracting(key)
    var parked: [String: String] = [:]
    for unique in schema.uniqueKeys {
      let choices = unique.filter(written.contains).compactMap { schema.column($0) }
      guard !choices.contains(where: { parked[$0.name] != nil }),
        let (column, value) = choices.lazy.compactMap({ column in
          passing(column).map { (column.name, $0) }
        }).first
      else { continue }
      parked[column] = value
    }
    if parked.isEmpty { return [] }
    let values = parked.sorted { $0.key < $1.key }.map { "\(fence.sql.name($0.key)) = \($0.value)" }
    return stride(from: 0, to: keys.count, by: Self.batch).map { start in
      let batch = Array(keys[start..<min(keys.count, start + Self.batch)])
      return StoreStatement(
        "UPDATE \(statements.table(side)) SET \(values.joined(separator: ", "))"
          + statements.filtered(statements.scope(side) + [statements.matching(batch, side)]))
    }
  }

  /// A value that no other row has; nil for types that have none to spare.
  private func passing(_ column: ColumnSchema) -> String? {
    if column.isNullable { return "NULL" }
    let isSQLite = fence.sql.kind == .sqlite
    return switch column.type {
    case .text: isSQLite ? "hex(randomblob(16))" : "md5(random()::text || clock_timestamp()::text)"
    case .integer(let bits):
      isSQLite ? "random()" : "-trunc(random() * \(Int64.max >> (64 - bits)))::bigint"
    case .uuid: isSQLite ? nil : "gen_random_uuid()"
    default: nil
    }
  }

  /// Deletes rows of the other side that belong to the mapping.
  package func deletes(_ keys: [[FieldValue]]) -> [StoreStatement] {
    let side = from.other
    let scope = statements.scope(side)
    return stride(from: 0, to: keys.count, by: Self.batch).map { start in
      let batch = Array(keys[start..<min(keys.count, start + Self.batch)])
      return StoreStatement(
        "DELETE FROM \(statements.table(side))"
          + statements.filtered(scope + [statements.matching(batch, side)]))
    }
  }

  /// Columns of a row that is carried over, and what else legacy gets for one that it does not
  /// have.
  private var written: (columns: [String], fill: [(column: String, value: FieldValue)]) {
    from == .legacy
      ? (statements.translation.newColumns, [])
      : (statements.translation.reverseColumns, check.fill)
  }

  private func upsert(_ rows: [[String]]) -> String {
    let (columns, fill) = written
    return statements.upsert(
      from.other, columns + fill.map(\.column), rows,
      key: from == .legacy ? check.newKey : check.legacyKey, updates: columns)
  }
}
