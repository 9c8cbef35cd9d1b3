// SPDX-License-Identifier: Apache-2.0

/// SQL of one kind of store. Statements hold their values, quoted, so that what a person is shown
/// is what runs.
package struct SQLText: Sendable {
  package let kind: StoreKind

  package init(_ kind: StoreKind) { self.kind = kind }

  /// The name of a column, or of a table; PostgreSQL's tables may have their schema before a point.
  func name(_ text: String) -> String {
    "\"" + text.replacing("\"", with: "\"\"") + "\""
  }

  package func table(_ text: String) -> String {
    kind == .sqlite
      ? name(text) : text.split(separator: ".").map { name(String($0)) }.joined(separator: ".")
  }

  /// A text; the settings of a session have no say in how it is read.
  func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }

  /// A value for a column of a type.
  func literal(_ value: FieldValue, _ type: ColumnType) -> String {
    switch value {
    case .null: "NULL"
    case .integer(let number): "\(number)"
    case .decimal(let number): "\(number)"
    case .realBits(let bits):
      kind == .sqlite
        ? "\(Double(bitPattern: bits))" : "'\(Double(bitPattern: bits))'::double precision"
    case .text(let text): literal(text)
    case .bytes(let bytes):
      kind == .sqlite ? "x'\(bytes.hexadecimal)'" : "'\\x\(bytes.hexadecimal)'::bytea"
    case .boolean(let truth):
      kind == .sqlite ? (truth ? "1" : "0") : (truth ? "TRUE" : "FALSE")
    case .timestamp(let time):
      moment(TimeText(form: .sql, unit: .microseconds).text(of: time) ?? "", type)
    }
  }

  /// SQLite has texts that hold a NUL, or that are no UTF-8; PostgreSQL refuses those.
  private func literal(_ text: ExactText) -> String {
    guard let string = text.string, !text.bytes.contains(0) else {
      let bytes = text.bytes.hexadecimal
      return kind == .sqlite
        ? "CAST(x'\(bytes)' AS TEXT)" : "convert_from('\\x\(bytes)'::bytea, 'UTF8')"
    }
    return quoted(string)
  }

  /// Whether some columns hold one of several rows of values.
  func among(_ names: [String], _ rows: [[String]]) -> String {
    if names.count == 1 {
      return "\(names[0]) IN (\(rows.compactMap(\.first).joined(separator: ", ")))"
    }
    if kind == .sqlite {
      // A chain of OR is nested as deep as it is long, and no index is used for VALUES alone.
      let columns = names.indices.map { "column\($0 + 1)" }.joined(separator: ", ")
      let values = rows.map { "(\($0.joined(separator: ", ")))" }.joined(separator: ", ")
      return "(\(names.joined(separator: ", "))) IN (SELECT \(columns) FROM (VALUES \(values)))"
    }
    return rows.map { row in
      "(" + zip(names, row).map { "\($0) = \($1)" }.joined(separator: " AND ") + ")"
    }.joined(separator: " OR ")
  }

  private func moment(_ text: String, _ type: ColumnType) -> String {
    if case .timestamp(true, _) = type { return quoted(text + "+00") + "::timestamptz" }
    return quoted(text) + "::timestamp"
  }

  /// A column as it is read: in SQLite a text by its bytes, before which its storage class stands.
  package func selected(_ column: String, of table: String = "t") -> String {
    let name = "\(table).\(name(column))"
    return kind == .sqlite
      ? "typeof(\(name)), CASE typeof(\(name)) WHEN 'text' THEN CAST(\(name) AS BLOB) ELSE \(name) END"
      : "\(name)::text"
  }

  /// The condition as SQL; it is never NULL.
  func holds(_ condition: CheckedCondition, _ column: ColumnSchema) -> String {
    holds(condition, "t.\(name(column.name))", column.type)
  }

  /// - Parameter name: of the column, as it stands in the statement.
  func holds(_ condition: CheckedCondition, _ name: String, _ type: ColumnType) -> String {
    switch condition.condition.test {
    case .range(let low, let high):
      let ends = [low.map { "\(name) >= \($0)" }, high.map { "\(name) <= \($0)" }]
      let bounds = ends.compactMap(\.self).joined(separator: " AND ")
      return bounds.isEmpty ? "\(name) IS NOT NULL" : bounds
    case .oneOf: return isAmong(condition.values, name, type)
    case .noneOf:
      let others = condition.values.filter { $0 != .null }
      let differs =
        others.isEmpty
        ? "TRUE" : "\(name) NOT IN (\(list(others, type)))"
      return condition.values.contains(.null)
        ? "\(name) IS NOT NULL" + (others.isEmpty ? "" : " AND \(differs)")
        : "(\(name) IS NULL OR \(differs))"
    }
  }

  func list(_ values: [FieldValue], _ type: ColumnType) -> String {
    values.map { literal($0, type) }.joined(separator: ", ")
  }

  private func isAmong(_ values: [FieldValue], _ name: String, _ type: ColumnType) -> String {
    let others = values.filter { $0 != .null }
    let isOne = others.isEmpty ? nil : "\(name) IN (\(list(others, type)))"
    guard values.contains(.null) else { return isOne ?? "FALSE" }
    return isOne.map { "(\(name) IS NULL OR \($0))" } ?? "\(name) IS NULL"
  }
}
