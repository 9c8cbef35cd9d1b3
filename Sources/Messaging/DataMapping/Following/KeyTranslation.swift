// SPDX-License-Identifier: Apache-2.0

extension MappingStatements {
  /// The new key of a legacy key, of a row that may be gone: keys are made of legacy's key alone.
  func newKey(of key: [FieldValue]) throws(RowRefusal) -> [FieldValue] {
    let row = legacyRow(key)
    var result: [FieldValue] = []
    for column in keyColumns {
      result.append(try translation.value(of: column, row, LookupTables()))
    }
    return result
  }

  /// The same, with what has nothing to become as it is.
  func keyCells(of key: [FieldValue]) -> [RowDigests.Cell] {
    let row = legacyRow(key)
    return keyColumns.map { column in
      do throws(RowRefusal) {
        return .value(try translation.value(of: column, row, LookupTables()))
      } catch {
        return .refused(error.value, reason: error.description)
      }
    }
  }

  private func legacyRow(_ key: [FieldValue]) -> [FieldValue] {
    var row = [FieldValue](repeating: .null, count: translation.legacy.count)
    for (name, value) in zip(check.legacyKey, key) {
      for (place, column) in translation.legacy.enumerated() where column.name == name {
        row[place] = value
      }
    }
    return row
  }

  /// The legacy key of a new key.
  func legacyKey(of key: [FieldValue]) throws(RowRefusal) -> [FieldValue] {
    var result: [FieldValue] = []
    for (column, value) in zip(keyColumns, key) {
      do throws(RowRefusal.Reason) {
        switch column.rule {
        case .convert(_, let conversion): result.append(try conversion.inverted.convert(value))
        case .values(_, let pairs): result.append(try pairs.inverse(value))
        default: throw RowRefusal.Reason("is made by a rule that has no way back")
        }
        let made = result.last ?? .null
        if let reason = RowTranslation.objection(to: made, in: legacy.kind) { throw reason }
      } catch {
        throw RowRefusal(
          column: column.schema.name, source: column.schema.name, value: value, error)
      }
    }
    return result
  }

  /// In the key's order.
  private var keyColumns: [RowTranslation.Column] {
    check.newKey.compactMap { name in translation.columns.first { $0.schema.name == name } }
  }

  // MARK: - Statements

  func keyTypes(_ side: Doubt.Side) -> [ColumnType] {
    let (names, schema) =
      side == .legacy ? (check.legacyKey, check.legacy) : (check.newKey, check.new)
    return names.map { schema.column($0)?.type ?? .other("") }
  }

  func literals(_ key: [FieldValue], _ side: Doubt.Side) -> [String] {
    zip(key, keyTypes(side)).map { sql(side).literal($0, $1) }
  }

  /// Rows of a side with these keys.
  func matching(_ keys: [[FieldValue]], _ side: Doubt.Side) -> String {
    let sql = sql(side)
    // Keys are told apart by their bytes, whatever their columns take for equal.
    let names = zip(side == .legacy ? check.legacyKey : check.newKey, keyTypes(side)).map {
      let isText = sql.kind == .sqlite && $1.family == .text
      return "t.\(sql.name($0))" + (isText ? " COLLATE BINARY" : "")
    }
    return sql.among(names, keys.map { literals($0, side) })
  }

  // MARK: - Rows

  /// The new row of a row as `chunk` reads it; nil for one that does not belong to the mapping.
  package func forward(_ row: [FieldValue]) throws(RowRefusal) -> [FieldValue]? {
    let keys = check.legacyKey.count
    let own = Array(row[keys..<keys + translation.legacyColumns.count])
    guard translation.includes(own) else { return nil }
    var tables = LookupTables()
    var place = keys + own.count
    for lookup in lookups {
      if row[place] != .null {
        tables.add(lookup.column, key: lookup.keyPlaces.map { own[$0] }, taken: row[place + 1])
      }
      place += 2
    }
    return try translation.forward(own, tables)
  }

  /// Why changes of this mapping could not be followed; empty where they can.
  package var objectionsToFollowing: [String] {
    var objections: [String] = []
    if let tenant = check.mapping.tenant, translation.tenants(.new) == nil {
      objections.append(
        "no column of \(check.mapping.new) says whose a row is, as \(tenant.column) or by a value "
          + "table of it, so its triggers cannot tell the mapping's tenants from others")
    }
    if check.mapping.name.utf8.count > FenceStatements.longestName {
      objections.append(
        "its name is longer than \(FenceStatements.longestName) bytes, which names of triggers "
          + "have no room for")
    }
    return objections
  }
}
