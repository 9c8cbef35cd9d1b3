// SPDX-License-Identifier: Apache-2.0

/// The statements that a checked mapping is asked and carried out with.
package struct MappingStatements: Sendable {
  let check: MappingCheck
  let translation: RowTranslation
  let legacy: SQLText
  let new: SQLText

  /// Nil for a mapping with errors.
  package init?(_ check: MappingCheck) {
    guard let translation = check.translation else { return nil }
    self.check = check
    self.translation = translation
    legacy = SQLText(check.stores.legacy.kind)
    new = SQLText(check.stores.new.kind)
  }

  func sql(_ side: Doubt.Side) -> SQLText { side == .legacy ? legacy : new }

  func table(_ side: Doubt.Side) -> String {
    let mapping = check.mapping
    return sql(side).table(side == .legacy ? mapping.legacy.table : mapping.new.table) + " AS t"
  }

  /// Columns of a row as the translation takes them, and in front of them the key.
  package func readColumns(_ side: Doubt.Side) -> [String] {
    side == .legacy
      ? check.legacyKey + translation.legacyColumns : check.newKey + translation.newColumns
  }

  package func readTypes(_ side: Doubt.Side) -> [ColumnType] {
    let schema = side == .legacy ? check.legacy : check.new
    return readColumns(side).map { schema.column($0)?.type ?? .other("") }
  }

  /// Conditions that a legacy row of the mapping passes; empty for all.
  var scope: [String] {
    translation.conditions.map { legacy.holds($0, translation.legacy[$0.place]) }
  }

  /// Conditions that a row of a side passes which belongs to the mapping; of the new side, those
  /// that SQL can ask.
  func scope(_ side: Doubt.Side) -> [String] {
    if side == .legacy { return scope }
    return translation.tenants(.new).map { [new.holds($0.condition, $0.column)] } ?? []
  }

  func filtered(_ conditions: [String]) -> String {
    conditions.isEmpty
      ? "" : "\nWHERE " + conditions.map { "(\($0))" }.joined(separator: "\n  AND ")
  }

  // MARK: - Looking

  /// Rows that may break something, most `limit`, none of them twice.
  package func suspects(_ doubt: Doubt, limit: Int) -> String? {
    guard let condition = doubt.condition else { return nil }
    return rows(doubt.side, [condition]) + "\nLIMIT \(limit)"
  }

  /// The first or last rows by key.
  package func sample(_ side: Doubt.Side, fromEnd: Bool, limit: Int) -> String {
    let key = side == .legacy ? check.legacyKey : check.newKey
    let order = key.map { "t.\(sql(side).name($0))" + (fromEnd ? " DESC" : "") }
    return rows(side, []) + "\nORDER BY \(order.joined(separator: ", "))\nLIMIT \(limit)"
  }

  private func rows(_ side: Doubt.Side, _ conditions: [String]) -> String {
    let columns = readColumns(side).map { sql(side).selected($0) }.joined(separator: ", ")
    return "SELECT \(columns)\nFROM \(table(side))"
      + filtered((side == .legacy ? scope : []) + conditions)
  }

  /// Counts rows of the mapping, up to a limit.
  package func count(limit: Int) -> String {
    "SELECT count(*) FROM (SELECT 1 FROM \(table(.legacy))\(filtered(scope)) LIMIT \(limit)) AS rows"
  }

  /// What PostgreSQL guesses the number of rows from.
  package var allRows: String { "SELECT 1 FROM \(table(.legacy))\(filtered(scope))" }

  // MARK: - Joined tables

  /// A table that is joined for a new column.
  package struct Lookup: Sendable {
    /// The new column.
    package let column: String
    /// Where its keys are in the legacy row.
    package let keyPlaces: [Int]
    /// Where what it took is in the new row, and the way back to what it was.
    package let takenPlace: Int
    package let conversion: Conversion
    /// Types of the columns that its rows are found by, and behind them of the taken one.
    package let types: [ColumnType]
    let join: ColumnRule.Join
  }

  package var lookups: [Lookup] {
    translation.columns.enumerated().compactMap { index, column in
      guard case .join(let places, let table, let conversion) = column.rule,
        case .join(let join)? = check.mapping.columns
          .first(where: { $0.name == column.schema.name })?.rule,
        let schema = check.stores.legacy.table(table)
      else { return nil }
      let others = join.on.map { schema.column($0.other)?.type ?? .other("") }
      return Lookup(
        column: column.schema.name, keyPlaces: places, takenPlace: index,
        conversion: conversion.inverted, types: others + [conversion.from], join: join)
    }
  }

  /// Rows of a joined table by their keys: the key's columns, then the taken one.
  package func find(_ lookup: Lookup, keys: [[FieldValue]]) -> String {
    let names = lookup.join.on.map { "t.\(legacy.name($0.other))" }
    return find(
      lookup,
      legacy.among(names, keys.map { key in zip(key, lookup.types).map { legacy.literal($0, $1) } })
    )
  }

  /// Rows of a joined table by what was taken of them.
  package func find(_ lookup: Lookup, taken: [FieldValue]) -> String {
    let values = legacy.list(taken, lookup.conversion.to)
    return find(lookup, "t.\(legacy.name(lookup.join.take)) IN (\(values))")
  }

  private func find(_ lookup: Lookup, _ condition: String) -> String {
    let columns = (lookup.join.on.map(\.other) + [lookup.join.take]).map { legacy.selected($0) }
    return "SELECT \(columns.joined(separator: ", "))\nFROM \(legacy.table(lookup.join.table)) AS t"
      + "\nWHERE \(condition)\nLIMIT \(Self.mostLookups)"
  }

  /// Most rows of a joined table that are read for a page of rows.
  package static let mostLookups = 10_000

  // MARK: - Copying

  /// Writes a row of the new table, whether it is there or not.
  package var writesNew: String {
    upsert(
      .new, translation.newColumns,
      [translation.newColumns.map { ":\($0)" }], key: check.newKey,
      updates: translation.newColumns)
  }

  /// Writes a row of the legacy table; nil without a reverse stream.
  package var writesLegacy: String? {
    guard check.mapping.isReversed else { return nil }
    let values =
      translation.reverseColumns.map { ":\($0)" }
      + check.fill.map { column, value in
        legacy.literal(value, check.legacy.column(column)?.type ?? .other(""))
      }
    return upsert(
      .legacy, translation.reverseColumns + check.fill.map(\.column),
      [values], key: check.legacyKey, updates: translation.reverseColumns)
  }

  /// What tells a row apart from one whose key its columns only take for equal, such as one in
  /// capitals; empty where the store compares keys by their bytes.
  func spelling(_ side: Doubt.Side) -> [String] {
    let sql = sql(side)
    guard sql.kind == .sqlite else { return [] }
    return zip(side == .legacy ? check.legacyKey : check.newKey, keyTypes(side)).compactMap {
      $1.family == .text
        ? "t.\(sql.name($0)) COLLATE BINARY = excluded.\(sql.name($0))" : nil
    }
  }

  /// Adds rows, and changes those that are there already, as far as those belong to the mapping and
  /// have that very key: one that does not is left as it is.
  func upsert(
    _ side: Doubt.Side, _ columns: [String], _ rows: [[String]], key: [String],
    updates: [String]
  ) -> String {
    let (sql, scope) = (sql(side), scope(side) + spelling(side))
    var changed = updates.filter { !key.contains($0) }
    // Whether a row was left as it is shows in how many were written.
    if changed.isEmpty, !scope.isEmpty { changed = Array(key.prefix(1)) }
    let names = { (columns: [String]) in columns.map { sql.name($0) }.joined(separator: ", ") }
    let action =
      changed.isEmpty
      ? "NOTHING"
      : "UPDATE SET "
        + changed.map { "\(sql.name($0)) = excluded.\(sql.name($0))" }.joined(separator: ", ")
        + filtered(scope)
    let values = rows.map { "(\($0.joined(separator: ", ")))" }
    return "INSERT INTO \(self.table(side)) (\(names(columns)))"
      + "\nVALUES \(values.joined(separator: ",\n  "))"
      + "\nON CONFLICT (\(names(key))) DO \(action)"
  }
}
