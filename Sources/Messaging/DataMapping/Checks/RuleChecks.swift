// SPDX-License-Identifier: Apache-2.0

internal import SpellingSuggestions

/// What is wrong with how one column is made.
extension MappingCheck {
  mutating func checkRule(
    _ column: TableMapping.Column, _ schema: ColumnSchema
  ) -> RowTranslation.Rule? {
    let key = key(of: column.name)
    switch column.rule {
    case .rename(let name): return checkConversion(name, schema, nil, key)
    case .cast(let name, let cast): return checkConversion(name, schema, cast, key)
    case .constant(let text): return checkConstant(text, schema, key)
    case .concat(let names, let separator):
      guard names.count > 1 else {
        error(key, "expected two columns or more to join")
        return nil
      }
      return checkTexts(names, separator, schema, key).map { .concat($0, separator: separator) }
    case .split(let name, let separator, let part, let count):
      guard count > 1, (1...max(1, count)).contains(part) else {
        error(key, "expected a part of 1 to \(max(2, count)), and two parts or more")
        return nil
      }
      return checkTexts([name], separator, schema, key).map {
        .split($0[0], separator: separator, part: part, of: count)
      }
    case .values(let name, let table):
      return checkValues(name, table, schema, column.isReversed && mapping.isReversed, key)
    case .join(let join): return checkJoin(join, schema, key)
    }
  }

  private mutating func checkConversion(
    _ name: String, _ schema: ColumnSchema, _ cast: ColumnRule.Cast?, _ key: String
  ) -> RowTranslation.Rule? {
    guard let source = legacyColumn(name, for: key),
      let conversion = conversion(source, schema, cast, key)
    else { return nil }
    return .convert(place(of: source), conversion)
  }

  private mutating func conversion(
    _ source: ColumnSchema, _ schema: ColumnSchema, _ cast: ColumnRule.Cast?, _ key: String
  ) -> Conversion? {
    do {
      return try Conversion(from: source.type, to: schema.type, cast: cast)
    } catch {
      self.error(key, error.text)
      return nil
    }
  }

  private mutating func checkConstant(
    _ text: String?, _ schema: ColumnSchema, _ key: String
  ) -> RowTranslation.Rule? {
    guard let value = literal(text, schema) else {
      error(key, "\((text ?? "").debugDescription) is no \(schema.type)")
      return nil
    }
    if value == .null, !schema.isNullable {
      error(key, "the column may not be NULL")
      return nil
    }
    return .constant(value)
  }

  /// Columns that are joined or split: texts.
  private mutating func checkTexts(
    _ names: [String], _ separator: String, _ schema: ColumnSchema, _ key: String
  ) -> [Int]? {
    if separator.isEmpty {
      error(key, "an empty separator leaves nothing to take texts apart by")
      return nil
    }
    var places: [Int] = []
    for name in names {
      guard let source = legacyColumn(name, for: key) else { continue }
      guard source.type.family == .text else {
        error(key, "\(name) is \(source.type), and only texts are joined and split")
        continue
      }
      places.append(place(of: source))
    }
    guard schema.type.family == .text else {
      error(key, "the column is \(schema.type), and only texts are joined and split")
      return nil
    }
    return places.count == names.count ? places : nil
  }

  private mutating func checkValues(
    _ name: String, _ table: ColumnRule.ValueTable, _ schema: ColumnSchema, _ isReversed: Bool,
    _ key: String
  ) -> RowTranslation.Rule? {
    guard let source = legacyColumn(name, for: key) else { return nil }
    var pairs: [(legacy: FieldValue, new: FieldValue)] = []
    for pair in table.pairs {
      guard let legacy = literal(pair.legacy, source) else {
        error(key, "\(pair.legacy.debugDescription) is no \(source.type), which \(name) is")
        continue
      }
      guard let new = literal(pair.new, schema) else {
        error(key, "\(pair.new.debugDescription) is no \(schema.type)")
        continue
      }
      if pairs.contains(where: { $0.legacy == legacy }) {
        error(key, "the value \(legacy) stands in the table twice")
      }
      if isReversed, let other = pairs.first(where: { $0.new == new }) {
        error(
          key,
          "not invertible: \(other.legacy) and \(legacy) both become \(new), so the reverse "
            + "stream cannot tell them apart")
      }
      pairs.append((legacy, new))
    }
    var otherwise: FieldValue?
    if let text = table.otherwise {
      guard let value = literal(text, schema) else {
        error(key, "\(text.debugDescription) is no \(schema.type)")
        return nil
      }
      if isReversed {
        error(
          key,
          "not invertible: \"otherwise\" makes all other values one, and the reverse stream "
            + "cannot tell which it was; say \"reverse: false\" if legacy does not need it")
      }
      otherwise = value
    }
    guard pairs.count == table.pairs.count else { return nil }
    return .values(place(of: source), ValuePairs(pairs, otherwise: otherwise))
  }

  private mutating func checkJoin(
    _ join: ColumnRule.Join, _ schema: ColumnSchema, _ key: String
  ) -> RowTranslation.Rule? {
    guard let table = stores.legacy.table(join.table) else {
      error(
        key,
        "there is no table \(mapping.legacy.store).\(join.table); "
          + Spelling.guess(join.table, among: stores.legacy.tableNames))
      return nil
    }
    func other(_ name: String, _ check: inout MappingCheck) -> ColumnSchema? {
      guard let column = table.column(name) else {
        check.error(
          key,
          "\(join.table) has no column \(name); "
            + Spelling.guess(name, among: table.columns.map(\.name)))
        return nil
      }
      return column
    }
    var places: [Int] = []
    for pair in join.on {
      guard let own = legacyColumn(pair.own, for: key), let other = other(pair.other, &self) else {
        continue
      }
      guard own.type.family == other.type.family else {
        error(
          key,
          "\(pair.own) is \(own.type) and \(join.table).\(pair.other) is \(other.type), so "
            + "they never agree")
        continue
      }
      places.append(place(of: own))
    }
    guard let taken = other(join.take, &self), places.count == join.on.count, !places.isEmpty
    else { return nil }
    if !table.isUnique(join.on.map(\.other)) {
      error(
        key,
        "no unique index of \(join.table) says that one row at most has the same "
          + "\(list(join.on.map(\.other))), so the join may find several")
    }
    return conversion(taken, schema, nil, key).map { .join(places, table: join.table, $0) }
  }
}
