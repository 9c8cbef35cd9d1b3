// SPDX-License-Identifier: Apache-2.0

/// Statements by which two servers of PostgreSQL hash their rows themselves: tables without a
/// difference are compared without a row that leaves its server.
///
/// A row's hash is the server's of its values as the new side has them, and its seed is the hash of
/// its key: the same change in two rows changes their hashes in unlike ways, so that the exclusive
/// or of all, which knows no order, does not cancel it. Equal hashes mean equal rows but for a
/// chance of about 2^-64. Unlike ones say only that rows have to be read: versions of the server
/// may hash differently.
extension MappingStatements {
  /// The first version that hashes rows, as `server_version_num` counts.
  package static let firstHashingVersion: Int64 = 140_000

  /// The server's version, and a 0 beside it.
  package static let version = "SELECT current_setting('server_version_num')::int8, 0::int8"

  /// Columns of `version` and of `hash`.
  package static let hashTypes = [ColumnType](repeating: .integer(bits: 64), count: 2)

  /// The number of rows of a side and the exclusive or of their hashes; nil where one of both sides
  /// is no PostgreSQL, or where the mapping does more than SQL says exactly alike.
  package func hash(_ side: Doubt.Side) -> String? {
    guard legacy.kind == .postgreSQL, new.kind == .postgreSQL, translation.conditions.isEmpty else {
      return nil
    }
    var (key, all): ([String], [String]) = ([], [])
    for column in translation.columns {
      guard let values = hashed(column) else { return nil }
      let own = side == .legacy ? values.legacy : values.new
      all += own
      if check.newKey.contains(column.schema.name) { key += own }
    }
    let seed = "hash_record_extended(ROW(\(key.joined(separator: ", "))), 0)"
    let row = "hash_record_extended(ROW(\(all.joined(separator: ", "))), \(seed))"
    return "SELECT count(*)::int8, coalesce(bit_xor(\(row)), 0)::int8\nFROM \(table(side))"
  }

  /// What is hashed of a column on each side.
  private func hashed(_ column: RowTranslation.Column) -> (legacy: [String], new: [String])? {
    let type = column.schema.type
    guard let new = Self.hashed("t.\(new.name(column.schema.name))", type) else { return nil }
    switch column.rule {
    case .convert(let place, let conversion):
      let name = "t.\(legacy.name(translation.legacy[place].name))"
      switch conversion.operation {
      case .same where conversion.from.family == type.family:
        return Self.hashed(name, conversion.from).map { ($0, new) }
      case .integerToDecimal(let scale) where scale >= 0:
        let unit = ExactDecimal(1).shifted(by: -scale).description
        return Self.hashed("\(name)::numeric * \(unit)", type).map { ($0, new) }
      default: return nil
      }
    case .values(let place, let pairs):
      return mapped(translation.legacy[place], pairs, type).map { ($0, new + ["TRUE"]) }
    case .constant, .concat, .split, .join: return nil
    }
  }

  /// A value table, and whether a value is in it.
  private func mapped(
    _ column: ColumnSchema, _ pairs: ValuePairs, _ type: ColumnType
  ) -> [String]? {
    guard pairs.otherwise == nil, !pairs.pairs.isEmpty,
      [.text, .integer, .boolean].contains(column.type.family),
      let value = Self.hashed("t.\(legacy.name(column.name))", column.type)?.first
    else { return nil }
    let cases = pairs.pairs.map {
      "WHEN \(legacy.literal($0.legacy, column.type)) THEN \(new.literal($0.new, type))"
    }
    let known = legacy.list(pairs.pairs.map(\.legacy), column.type)
    return Self.hashed("CASE \(value) \(cases.joined(separator: " ")) END", type).map {
      $0 + ["(\(value) IS NULL OR \(value) IN (\(known)))"]
    }
  }

  /// What tells every two values apart: the server hashes a whole number of 64 bits, and a time, by
  /// folding one half into the other.
  private static func hashed(_ value: String, _ type: ColumnType) -> [String]? {
    switch type {
    case .integer: ["(\(value))::int8", "(\(value))::int8 >> 32"]
    case .decimal: ["(\(value))::numeric"]
    case .text, .date, .uuid, .other: ["(\(value))::text COLLATE \"C\""]
    case .boolean: ["(\(value))::boolean"]
    case .bytes: ["(\(value))::bytea"]
    case .timestamp(hasZone: true, _): [value, "(\(value) AT TIME ZONE 'UTC')::date"]
    case .timestamp(hasZone: false, _): [value, "(\(value))::date"]
    // -0 and 0 are one to the server.
    case .real: nil
    }
  }
}
