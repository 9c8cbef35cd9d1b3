// SPDX-License-Identifier: Apache-2.0

/// Something that schemas leave open and rows can settle.
package struct Doubt: Sendable, Hashable {
  /// The side whose rows are asked.
  package enum Side: String, Sendable, Hashable {
    case legacy, new
  }

  package let side: Side
  /// Where its reason stands in the configuration.
  package let key: String
  /// What is not certain, such as `every status is in the value table`.
  package let question: String
  /// Finds every row that may break it, and perhaps some that do not; nil where SQL cannot tell, so
  /// that only samples are looked at.
  package let condition: String?
}

extension MappingCheck {
  /// The table of a side.
  package func place(_ side: Doubt.Side) -> TableMapping.Place {
    side == .legacy ? mapping.legacy : mapping.new
  }

  /// A row by its key, such as `legacy.orders id = 17`.
  package func row(_ side: Doubt.Side, _ key: [FieldValue]) -> String {
    let names = side == .legacy ? legacyKey : newKey
    return "\(place(side)) " + zip(names, key).map { "\($0) = \($1)" }.joined(separator: ", ")
  }

  /// What a row shows that has nothing to become on the other side.
  package func finding(
    _ refusal: RowRefusal, _ side: Doubt.Side, rowKey: [FieldValue]
  ) -> MappingFinding {
    let names = side == .legacy ? legacyKey : newKey
    let key = zip(names, rowKey).map { "\($0) = \($1)" }.joined(separator: ", ")
    let place = side == .legacy ? mapping.legacy : mapping.new
    return MappingFinding(
      self.key(of: refusal.column), consequence(of: refusal.column, side),
      counterexample: MappingFinding.Counterexample(
        place: place.description, key: key, text: refusal.description))
  }

  private func consequence(of column: String, _ side: Doubt.Side) -> String {
    let rule = mapping.columns.first { $0.name == column }?.rule
    switch (rule, side) {
    case (.values, .legacy): return "not total: the value table lacks a value that is there"
    case (.values, .new):
      return "not invertible: the value table lacks a value that the new side holds"
    case (.cast, .legacy): return "lossy: a value does not survive the cast"
    case (.split, .legacy): return "a value cannot be split"
    case (.concat, .legacy): return "texts would not come apart again"
    case (.join, .legacy): return "a row has nothing to join"
    case (_, .legacy): return "a value does not fit"
    case (_, .new): return "the reverse stream could not carry back what the new side holds"
    }
  }

  mutating func collectDoubts() {
    let sql = SQLText(stores.legacy.kind)
    for column in sources { doubtStorage(.legacy, column, key(ofSource: column.name)) }
    for column in columns {
      doubtRule(column, sql)
      if !column.schema.isNullable { doubtNull(column, sql) }
    }
    guard mapping.isReversed else { return }
    for column in columns where column.isReversed {
      doubtStorage(.new, column.schema, key(of: column.schema.name))
      doubtReverse(column, SQLText(stores.new.kind))
    }
  }

  /// The first column that reads a legacy column.
  private func key(ofSource name: String) -> String {
    mapping.columns.first { $0.rule.sources.contains(name) }.map { key(of: $0.name) }
      ?? mapping.conditions.first { $0.condition.column == name }?.key ?? path
  }

  private mutating func add(
    _ side: Doubt.Side, _ key: String, _ question: String, _ suspects: SQLText.Suspects
  ) {
    switch suspects {
    case .none: break
    case .condition(let condition):
      doubts.append(Doubt(side: side, key: key, question: question, condition: condition))
    case .unknown: doubts.append(Doubt(side: side, key: key, question: question, condition: nil))
    }
  }

  /// SQLite takes any value into any column.
  private mutating func doubtStorage(_ side: Doubt.Side, _ column: ColumnSchema, _ key: String) {
    guard (side == .legacy ? stores.legacy : stores.new).kind == .sqlite else { return }
    let name = "t.\(SQLText(.sqlite).name(column.name))"
    let isText = "typeof(\(name)) NOT IN ('text', 'null') OR is_utf8(CAST(\(name) AS BLOB)) = 0"
    let condition: String
    switch column.type {
    case .integer: condition = "typeof(\(name)) NOT IN ('integer', 'null')"
    case .boolean: condition = "typeof(\(name)) <> 'null' AND \(name) NOT IN (0, 1)"
    case .decimal:
      let number = "typeof(\(name)) NOT IN ('integer', 'real', 'null')"
      // SQLite holds nobody to the digits that were declared.
      if case .condition(let limits) = SQLText(.sqlite).decimals(column.type, name, shiftedBy: 0) {
        condition = "\(number) OR \(limits)"
      } else {
        condition = number
      }
    case .real: condition = "typeof(\(name)) NOT IN ('real', 'null')"
    case .bytes: condition = "typeof(\(name)) NOT IN ('blob', 'null')"
    case .text:
      let other = side == .legacy ? stores.new : stores.legacy
      let reachesPostgreSQL = other.kind == .postgreSQL
      condition =
        reachesPostgreSQL ? "\(isText) OR instr(CAST(\(name) AS BLOB), x'00') > 0" : isText
    case .timestamp, .date, .uuid, .other: condition = isText
    }
    add(side, key, "\(column.name) holds what \(column.declaredType) says", .condition(condition))
  }

  private mutating func doubtRule(_ column: RowTranslation.Column, _ sql: SQLText) {
    let key = key(of: column.schema.name)
    switch column.rule {
    case .convert(let at, let conversion):
      let name = sources[at].name
      add(
        .legacy, key, "every \(name) has a value as \(column.schema.type)",
        sql.suspects(conversion, name))
    case .constant: break
    case .concat(let places, let separator):
      let names = places.map { "t.\(sql.name(sources[$0].name))" }
      add(
        .legacy, key, "the parts come apart again",
        .any(
          names.dropLast().map { contains($0, separator, sql) } + [mixesNull(names)]
            + limit(column, names, separator.unicodeScalars.count * (names.count - 1))))
      if separator.utf8.count > 1 {
        add(.legacy, key, "no part ends as the separator begins", .unknown)
      }
    case .split(let at, let separator, _, let count):
      let name = "t.\(sql.name(sources[at].name))"
      add(
        .legacy, key, "every \(sources[at].name) has \(count) parts",
        .any([hasFewer(name, count, separator, sql)] + limit(column, [name], 0)))
    case .values(let at, let pairs):
      guard pairs.otherwise == nil else { return }
      let source = sources[at]
      let known = sql.list(pairs.pairs.map(\.legacy), source.type)
      add(
        .legacy, key, "every \(source.name) is in the value table",
        .condition("t.\(sql.name(source.name)) NOT IN (\(known))"))
    case .join(let places, let table, let conversion):
      doubtJoin(column, places, table, conversion, sql)
    }
  }

  private mutating func doubtJoin(
    _ column: RowTranslation.Column, _ places: [Int], _ table: String, _ conversion: Conversion,
    _ sql: SQLText
  ) {
    guard
      case .join(let join)? = mapping.columns.first(where: { $0.name == column.schema.name })?.rule
    else { return }
    let pairs = join.on.map { "j.\(sql.name($0.other)) = t.\(sql.name($0.own))" }
    let holds = join.on.map { "t.\(sql.name($0.own)) IS NOT NULL" }.joined(separator: " AND ")
    let rows =
      "SELECT 1 FROM \(sql.table(table)) AS j WHERE "
      + pairs.joined(separator: " AND ")
    let key = key(of: column.schema.name)
    add(
      .legacy, key, "every \(list(join.on.map(\.own))) leads to a row of \(table)",
      .condition("\(holds) AND NOT EXISTS (\(rows))"))
    // A suspect of the joined table is one of every row that leads to it.
    let taken = "j.\(sql.name(join.take))"
    switch sql.suspects(conversion, join.take) {
    case .none: break
    case .unknown: add(.legacy, key, "every \(join.take) of \(table) fits", .unknown)
    case .condition(let condition):
      let moved = condition.replacing("t.\(sql.name(join.take))", with: taken)
      add(
        .legacy, key, "every \(join.take) of \(table) fits",
        .condition("EXISTS (\(rows) AND (\(moved)))"))
    }
  }

  private mutating func doubtNull(_ column: RowTranslation.Column, _ sql: SQLText) {
    let (places, table): ([Int], String?) =
      switch column.rule {
      case .convert(let at, _), .split(let at, _, _, _), .values(let at, _): ([at], nil)
      case .concat(let places, _): (places, nil)
      case .join(let places, let table, _): (places, table)
      case .constant: ([], nil)
      }
    for place in places where sources[place].isNullable {
      add(
        .legacy, key(of: column.schema.name),
        "no \(sources[place].name) is NULL, as \(column.schema.name) may not be",
        .condition("t.\(sql.name(sources[place].name)) IS NULL"))
    }
    guard let table,
      case .join(let join)? = mapping.columns.first(where: { $0.name == column.schema.name })?.rule,
      stores.legacy.table(table)?.column(join.take)?.isNullable == true
    else { return }
    let pairs = join.on.map { "j.\(sql.name($0.other)) = t.\(sql.name($0.own))" }
    add(
      .legacy, key(of: column.schema.name),
      "no \(join.take) of \(table) is NULL, as \(column.schema.name) may not be",
      .condition(
        "EXISTS (SELECT 1 FROM \(sql.table(table)) AS j WHERE j.\(sql.name(join.take)) IS NULL AND "
          + pairs.joined(separator: " AND ") + ")"))
  }

  /// What the new side holds already has to come back.
  private mutating func doubtReverse(_ column: RowTranslation.Column, _ sql: SQLText) {
    let (key, schema) = (key(of: column.schema.name), column.schema)
    let name = "t.\(sql.name(schema.name))"
    var sourcePlaces: [Int] = []
    switch column.rule {
    case .convert(let at, let conversion):
      sourcePlaces = [at]
      add(
        .new, key, "legacy's \(sources[at].name) can hold every \(schema.name)",
        sql.suspects(conversion.inverted, schema.name))
    case .constant(let value):
      let literal = sql.literal(value, schema.type)
      add(
        .new, key, "every \(schema.name) is \(value)",
        .condition(
          value == .null ? "\(name) IS NOT NULL" : "\(name) IS NULL OR \(name) <> \(literal)"))
    case .concat(let places, let separator):
      sourcePlaces = places
      add(
        .new, key, "every \(schema.name) has \(places.count) parts",
        .any([hasFewer(name, places.count, separator, sql)]))
    case .split(let at, let separator, let part, let count):
      sourcePlaces = [at]
      if part < count {
        add(
          .new, key, "no \(schema.name) holds the separator",
          .any([contains(name, separator, sql)]))
      }
    case .values(let at, let pairs):
      sourcePlaces = [at]
      add(
        .new, key, "every \(schema.name) is in the value table",
        .condition("\(name) NOT IN (\(sql.list(pairs.pairs.map(\.new), schema.type)))"))
    case .join: add(.new, key, "legacy's joined rows say the same \(schema.name)", .unknown)
    }
    if schema.isNullable, let place = sourcePlaces.first(where: { !sources[$0].isNullable }) {
      add(
        .new, key, "no \(schema.name) is NULL, as legacy's \(sources[place].name) may not be",
        .condition("\(name) IS NULL"))
    }
  }

  // MARK: - Texts

  private func contains(_ name: String, _ separator: String, _ sql: SQLText) -> String {
    (sql.kind == .sqlite ? "instr" : "strpos") + "(\(name), \(sql.quoted(separator))) > 0"
  }

  private func hasFewer(
    _ name: String, _ count: Int, _ separator: String, _ sql: SQLText
  ) -> String {
    let length = separator.unicodeScalars.count
    return "length(\(name)) - length(replace(\(name), \(sql.quoted(separator)), '')) < "
      + "\(length * (count - 1))"
  }

  private func mixesNull(_ names: [String]) -> String {
    "(" + names.map { "\($0) IS NULL" }.joined(separator: " OR ") + ") AND NOT ("
      + names.map { "\($0) IS NULL" }.joined(separator: " AND ") + ")"
  }

  private func limit(
    _ column: RowTranslation.Column, _ names: [String], _ separators: Int
  ) -> [String?] {
    guard case .text(let limit?) = column.schema.type else { return [] }
    let length = names.map { "length(\($0))" }.joined(separator: " + ")
    return ["\(length) > \(limit - separators)"]
  }
}
