// SPDX-License-Identifier: Apache-2.0

/// Statements that read whole tables, at once or in chunks.
extension MappingStatements {
  /// The joins of the legacy side, and the columns that each gives: what its row is found by, and
  /// what is taken of it.
  private var joined: (text: String, columns: [(table: String, name: String)]) {
    var (text, columns): (String, [(table: String, name: String)]) = ("", [])
    for (index, lookup) in lookups.enumerated() {
      let pairs = lookup.join.on.map {
        "j\(index).\(legacy.name($0.other)) = t.\(legacy.name($0.own))"
      }
      text +=
        "\nLEFT JOIN \(legacy.table(lookup.join.table)) AS j\(index) ON "
        + pairs.joined(separator: " AND ")
      columns += [
        ("j\(index)", lookup.join.on.first?.other ?? ""), ("j\(index)", lookup.join.take),
      ]
    }
    return (text, columns)
  }

  private var joinedTypes: [ColumnType] {
    lookups.flatMap { [$0.types.first ?? .other(""), $0.conversion.to] }
  }

  // MARK: - All rows

  /// All rows of a side in no order, as `StoreSnapshot.fold` reads them: legacy's with what they
  /// join behind their own columns.
  ///
  /// - Parameters:
  ///   - more: columns behind those.
  ///   - condition: nil for all rows.
  package func stream(
    _ side: Doubt.Side, with more: [String] = [], where condition: String? = nil
  ) -> String {
    let types = streamTypes(side)
    let names =
      side == .legacy
      ? translation.legacyColumns.map { ("t", $0) } + joined.columns.map { ($0.table, $0.name) }
      : translation.newColumns.map { ("t", $0) }
    let columns = zip(names, types).map { sql(side).raw($0.1, of: $0.0, $1) }
    let conditions = (side == .legacy ? scope : []) + [condition].compactMap(\.self)
    return "SELECT \((columns + more).joined(separator: ", "))\nFROM \(table(side))"
      + (side == .legacy ? joined.text : "") + filtered(conditions)
  }

  /// The types of its columns.
  package func streamTypes(_ side: Doubt.Side) -> [ColumnType] {
    side == .legacy ? translation.legacyTypes + joinedTypes : translation.newTypes
  }

  // MARK: - Chunks

  /// A chunk of legacy's rows behind the last key, `:last` standing for its columns; for a person.
  package func chunk(rows: Int) -> String {
    let columns =
      translation.legacyColumns.map { "t.\(legacy.name($0))" }
      + joined.columns.enumerated().filter { $0.offset % 2 == 1 }
      .map { "\($0.element.table).\(legacy.name($0.element.name))" }
    return chunk(columns, behind: check.legacyKey.map { ":last_\($0)" }, rows: rows)
  }

  /// The same to be run, its columns as `MappedStore.rows` reads them: the key, the row, and for
  /// each join what its row was found by and what is taken of it.
  ///
  /// - Parameter last: a key; nil for the first chunk.
  package func chunk(behind last: [FieldValue]?, rows: Int) -> String {
    let types = check.legacyKey.map { check.legacy.column($0)?.type ?? .other("") }
    return chunk(
      chunkColumns, behind: last.map { zip($0, types).map { legacy.literal($0, $1) } }, rows: rows)
  }

  private var chunkColumns: [String] {
    readColumns(.legacy).map { legacy.selected($0) }
      + joined.columns.map { legacy.selected($0.name, of: $0.table) }
  }

  /// Some of legacy's rows, as chunks have them.
  func legacyRows(where condition: String) -> String {
    "SELECT \(chunkColumns.joined(separator: ", "))\nFROM \(table(.legacy))"
      + joined.text + filtered(scope + [condition])
  }

  /// Some of the new side's rows, each behind its key.
  func newRows(where condition: String) -> String {
    let columns = readColumns(.new).map { new.selected($0) }
    return "SELECT \(columns.joined(separator: ", "))\nFROM \(table(.new))" + filtered([condition])
  }

  package var chunkTypes: [ColumnType] { readTypes(.legacy) + joinedTypes }

  private func chunk(_ columns: [String], behind last: [String]?, rows: Int) -> String {
    let key = check.legacyKey.map { "t.\(legacy.name($0))" }
    let behind = last.map { last in
      key.count == 1
        ? "\(key[0]) > \(last[0])"
        : "(\(key.joined(separator: ", "))) > (\(last.joined(separator: ", ")))"
    }
    return "SELECT \(columns.joined(separator: ", "))\nFROM \(table(.legacy))"
      + joined.text + filtered(scope + (behind.map { [$0] } ?? []))
      + "\nORDER BY \(key.joined(separator: ", "))\nLIMIT \(rows)"
  }

  /// Adds rows of the new table whose keys are not there; those that are stay as they are.
  package func adds(_ rows: [[FieldValue]]) -> String {
    adds(
      rows.map { row in zip(row, translation.newTypes).map { new.literal($0, $1) } })
  }

  /// The same for one row, whose values are bound.
  package var addsOne: String { adds([translation.newColumns.map { _ in "?" }]) }

  /// The same, for a person.
  package var addsNamed: String { adds([translation.newColumns.map { ":\($0)" }]) }

  private func adds(_ rows: [[String]]) -> String {
    let columns = translation.newColumns.map { new.name($0) }.joined(separator: ", ")
    let values = rows.map { "(" + $0.joined(separator: ", ") + ")" }
    let key = check.newKey.map { new.name($0) }.joined(separator: ", ")
    return "INSERT INTO \(new.table(check.mapping.new.table)) (\(columns))"
      + "\nVALUES \(values.joined(separator: ",\n  "))\nON CONFLICT (\(key)) DO NOTHING"
  }
}

extension SQLText {
  /// A column as a `RawField`: PostgreSQL's in the binary form of few types, SQLite's as it is.
  func raw(_ column: String, of table: String, _ type: ColumnType) -> String {
    let name = "\(table).\(name(column))"
    guard kind == .postgreSQL else { return name }
    return switch type {
    case .integer: "\(name)::int8"
    case .real: "\(name)::float8"
    case .boolean, .bytes, .timestamp: name
    case .decimal, .text, .date, .uuid, .other: "\(name)::text"
    }
  }
}
