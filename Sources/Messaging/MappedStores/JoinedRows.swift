// SPDX-License-Identifier: Apache-2.0

internal import DataMapping

/// Reads rows of joined legacy tables.
struct JoinedRows: Sendable {
  private let translation: RowTranslation
  private let statements: MappingStatements
  private let legacy: any MappedStore
  private let limit: Duration

  init(
    _ translation: RowTranslation, _ statements: MappingStatements, _ legacy: any MappedStore,
    within limit: Duration
  ) {
    self.translation = translation
    self.statements = statements
    self.legacy = legacy
    self.limit = limit
  }

  /// The joined rows that a page of rows needs.
  func lookups(
    _ side: Doubt.Side, _ rows: [[FieldValue]]
  ) async throws -> LookupTables {
    var tables = LookupTables()
    for lookup in statements.lookups {
      if side == .legacy {
        let keys = Set(rows.map { row in lookup.keyPlaces.map { row[$0] } })
        try await add(&tables, lookup, keys: keys)
        continue
      }
      let taken = Set(rows.compactMap { try? lookup.conversion.convert($0[lookup.takenPlace]) })
        .subtracting([.null])
      if !taken.isEmpty {
        try await add(&tables, lookup, statements.find(lookup, taken: Array(taken)))
      }
      let known = tables
      let keys = Set(
        rows.compactMap { translation.joinKeys($0, known)[lookup.column] })
      try await add(&tables, lookup, keys: keys)
    }
    return tables
  }

  private func add(
    _ tables: inout LookupTables, _ lookup: MappingStatements.Lookup, keys: Set<[FieldValue]>
  ) async throws {
    let whole = keys.filter { key in
      !key.contains(.null)
        && key.allSatisfy { value in
          if case .text(let text) = value { text.string?.contains("\0") == false } else { true }
        }
    }
    if whole.isEmpty { return }
    try await add(&tables, lookup, statements.find(lookup, keys: Array(whole)))
  }

  private func add(
    _ tables: inout LookupTables, _ lookup: MappingStatements.Lookup, _ sql: String
  ) async throws {
    for row in try await legacy.rows(sql, lookup.types, within: limit) {
      guard let taken = row.last else { continue }
      tables.add(lookup.column, key: Array(row.dropLast()), taken: taken)
    }
  }
}
