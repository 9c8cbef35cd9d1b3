// SPDX-License-Identifier: Apache-2.0

internal import SpellingSuggestions

/// Holds a mapping against the schemas of both sides. What it finds needs no row to be looked at;
/// what only rows can tell are its doubts.
package struct MappingCheck: Sendable {
  package let mapping: TableMapping
  /// In the order in which they were found.
  package internal(set) var findings: [MappingFinding] = []
  /// Nil when there is an error.
  package private(set) var translation: RowTranslation?
  /// What the rows have to show.
  package internal(set) var doubts: [Doubt] = []
  /// Columns of the new table that name a row.
  package internal(set) var newKey: [String] = []
  /// Those of the legacy table, in the same order.
  package internal(set) var legacyKey: [String] = []
  /// What the reverse stream writes into legacy columns of rows that it adds.
  package internal(set) var fill: [(column: String, value: FieldValue)] = []

  let stores: (legacy: StoreSchema, new: StoreSchema)
  let legacy: TableSchema
  let new: TableSchema
  var path: String { mapping.path }
  /// Legacy columns as they were first needed.
  var sources: [ColumnSchema] = []
  var columns: [RowTranslation.Column] = []

  /// - Parameters:
  ///   - legacy: the store of the mapping's legacy side, with the tables that it joins.
  ///   - new: the store of its new side.
  package init(_ mapping: TableMapping, legacy: StoreSchema, new: StoreSchema) {
    self.mapping = mapping
    stores = (legacy, new)
    let tables = [
      ("from", mapping.legacy, legacy.table(mapping.legacy.table), legacy),
      ("to", mapping.new, new.table(mapping.new.table), new),
    ]
    self.legacy = tables[0].2 ?? TableSchema(mapping.legacy.table, columns: [])
    self.new = tables[1].2 ?? TableSchema(mapping.new.table, columns: [])
    for (key, place, table, store) in tables where table == nil {
      error(
        "\(mapping.path).\(key)",
        "there is no table \(place); \(Spelling.guess(place.table, among: store.tableNames))")
    }
    guard findings.isEmpty else { return }
    checkColumns()
    let conditions = checkConditions()
    checkCompleteness()
    checkKey()
    let origins = mapping.isReversed ? checkReverse() : []
    if mapping.isReversed { checkStaying(conditions, origins) }
    guard !findings.contains(where: { $0.severity == .error }) else { return }
    translation = RowTranslation(
      columns: columns, legacy: sources, origins: origins, conditions: conditions,
      newKind: new.kind, legacyKind: legacy.kind)
    warnOfSequences()
    collectDoubts()
  }

  /// Rows that are carried over bring their numbers along, so a sequence gives those again.
  private mutating func warnOfSequences() {
    let numbered =
      columns.map { (mapping.new, $0.schema) }
      + (translation?.reverseColumns ?? []).compactMap { name in
        legacy.column(name).map { (mapping.legacy, $0) }
      }
    for (place, column) in numbered where column.isNumbered {
      findings.append(
        MappingFinding(
          "\(path).columns",
          "a sequence numbers \(place)'s \(column.name), and does not know the numbers of rows that "
            + "are carried over: before that side takes writes, set it behind the largest of both "
            + "sides", severity: .warning))
    }
  }

  mutating func error(_ key: String, _ message: String) {
    findings.append(MappingFinding(key, message))
  }

  func key(of column: String) -> String { "\(path).columns.\(column)" }

  /// A column of the legacy table; a finding where there is none.
  mutating func legacyColumn(_ name: String, for key: String) -> ColumnSchema? {
    guard let column = legacy.column(name) else {
      error(
        key,
        "\(mapping.legacy) has no column \(name); "
          + Spelling.guess(name, among: legacy.columns.map(\.name)))
      return nil
    }
    return column
  }

  /// Its place in the legacy row.
  mutating func place(of column: ColumnSchema) -> Int {
    if let place = sources.firstIndex(where: { $0.name == column.name }) { return place }
    sources.append(column)
    return sources.count - 1
  }

  // MARK: - Columns

  private mutating func checkColumns() {
    var seen: Set<String> = []
    for column in mapping.columns {
      let key = key(of: column.name)
      guard seen.insert(column.name).inserted else {
        error(key, "the column \(column.name) is written twice")
        continue
      }
      guard let schema = new.column(column.name) else {
        error(
          key,
          "\(mapping.new) has no column \(column.name); "
            + Spelling.guess(column.name, among: new.columns.map(\.name)))
        continue
      }
      if schema.isGenerated {
        error(key, "\(mapping.new) computes \(column.name) itself; leave it out")
        continue
      }
      guard let rule = checkRule(column, schema) else { continue }
      columns.append(
        RowTranslation.Column(
          schema: schema, rule: rule, isReversed: mapping.isReversed && column.isReversed))
    }
  }

  /// Columns that nobody writes, and those that go nowhere.
  private mutating func checkCompleteness() {
    let written = Set(mapping.columns.map(\.name))
    for column in new.columns where column.isRequired && !written.contains(column.name) {
      error(
        "\(path).columns",
        "nothing writes \(mapping.new)'s column \(column.name), which may not be NULL and has no "
          + "default")
    }
    let fixed = mapping.conditions.map(\.condition).filter { condition in
      if case .oneOf(let values) = condition.test { values.count == 1 } else { false }
    }
    var used = Set(mapping.columns.flatMap(\.rule.sources)).union(fixed.map(\.column))
    used.formUnion(mapping.fill.keys)
    for (index, name) in mapping.left.enumerated() {
      let key = "\(path).leave[\(index)]"
      guard legacyColumn(name, for: key) != nil else { continue }
      if used.contains(name) { error(key, "\(name) is carried; take it out of this list") }
    }
    for column in legacy.columns
    where !used.contains(column.name) && !mapping.left.contains(column.name) {
      error(
        "\(path).columns",
        "\(mapping.legacy)'s column \(column.name) goes nowhere; map it, or name it in leave")
    }
  }

  // MARK: - Conditions

  private mutating func checkConditions() -> [CheckedCondition] {
    mapping.conditions.compactMap { key, condition in
      guard let column = legacyColumn(condition.column, for: key) else { return nil }
      let texts: [String?]
      switch condition.test {
      case .range:
        guard column.type.family == .integer else {
          error(key, "\(condition.column) is \(column.type), and a range is of integers")
          return nil
        }
        texts = []
      case .oneOf(let values), .noneOf(let values): texts = values
      }
      var values: [FieldValue] = []
      for text in texts {
        guard let value = literal(text, column) else {
          error(
            key, "\((text ?? "").debugDescription) is no \(column.type), which \(column.name) is")
          return nil
        }
        values.append(value)
      }
      return CheckedCondition(
        place: place(of: column), key: key, isTenant: key == "\(path).tenant",
        condition: condition, values: values)
    }
  }

  /// A text of the configuration as what a column holds; nil is NULL.
  func literal(_ text: String?, _ column: ColumnSchema) -> FieldValue? {
    guard let text else { return .null }
    return FieldValue.literal(text, column.type).flatMap { value in
      column.type.objection(to: value) == nil ? value : nil
    }
  }

  // MARK: - Keys

  private mutating func checkKey() {
    newKey = mapping.key ?? new.primaryKey
    let key = "\(path).key"
    if newKey.isEmpty {
      return error(
        key, "\(mapping.new) has no primary key; name columns here that no two rows agree in")
    }
    if !new.isUnique(newKey) {
      error(key, "no unique index of \(mapping.new) says that no two rows agree in \(list(newKey))")
    }
    for name in newKey {
      guard let column = mapping.columns.first(where: { $0.name == name }) else {
        error(key, "the column \(name) is part of the key, and nothing writes it")
        continue
      }
      if new.column(name)?.isNullable == true {
        error(key, "the column \(name) may be NULL, so it names no row")
      }
      switch column.rule {
      case .rename(let source), .cast(let source, _): legacyKey.append(source)
      case .values(let source, let table) where table.otherwise == nil: legacyKey.append(source)
      default:
        error(
          self.key(of: name),
          "it is part of the key, which is made by renaming, casts and value tables only")
      }
      if mapping.isReversed, !column.isReversed {
        error(
          self.key(of: name), "it is part of the key, by which the reverse stream finds rows")
      }
    }
    if legacyKey.count == newKey.count, !legacy.columns.isEmpty, !legacy.isUnique(legacyKey) {
      error(
        key,
        "no unique index of \(mapping.legacy) says that no two rows agree in "
          + "\(list(legacyKey)), of which the key is made")
    }
  }

  func list(_ names: [String]) -> String { names.joined(separator: ", ") }
}
