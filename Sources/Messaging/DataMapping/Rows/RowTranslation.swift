// SPDX-License-Identifier: Apache-2.0

/// A checked mapping, ready to turn rows of the one side into rows of the other.
///
/// What comes out of `forward` comes back through `inverse` as it was, and the other way round: a
/// row for which that does not hold is refused, with the value that is to blame.
package struct RowTranslation: Sendable {
  /// What a new column is made of; numbers are places in `legacyColumns`.
  enum Rule: Sendable {
    case convert(Int, Conversion)
    case constant(FieldValue)
    case concat([Int], separator: String)
    case split(Int, separator: String, part: Int, of: Int)
    case values(Int, ValuePairs)
    case join([Int], table: String, Conversion)
  }

  struct Column: Sendable {
    let schema: ColumnSchema
    let rule: Rule
    let isReversed: Bool
  }

  /// What a legacy column is made of on the way back; numbers are places in `newColumns`.
  enum Origin: Sendable {
    case convert(Int, Conversion)
    case values(Int, ValuePairs)
    /// All parts of it, in order.
    case parts([Int], separator: String)
    /// One of the texts that a new column joins.
    case part(Int, Int, of: Int, separator: String)
    /// A column of the key that leads to what a new column took.
    case joinKey(Int, Int, Conversion)
  }

  let columns: [Column]
  let legacy: [ColumnSchema]
  let origins: [(place: Int, origin: Origin)]
  let conditions: [CheckedCondition]
  /// Whose texts hold no NUL in PostgreSQL.
  let newKind: StoreKind
  /// As well.
  let legacyKind: StoreKind

  /// Columns of a legacy row as `forward` takes them.
  package var legacyColumns: [String] { legacy.map(\.name) }
  /// Columns of a new row as `forward` gives and `inverse` takes them.
  package var newColumns: [String] { columns.map(\.schema.name) }
  package var newTypes: [ColumnType] { columns.map(\.schema.type) }
  package var legacyTypes: [ColumnType] { legacy.map(\.type) }
  /// Columns of a legacy row that the reverse stream writes, as `inverse` gives them.
  package var reverseColumns: [String] { origins.map { legacy[$0.place].name } }
  /// The new columns that the reverse stream reads.
  package var carriedColumns: [String] { columns.filter(\.isReversed).map(\.schema.name) }

  /// Columns that are to say the same on both sides: of what the new side takes writes for, legacy
  /// is kept current where it needs to be, and nowhere else.
  func compared(writtenOn owner: Doubt.Side) -> [Column] {
    owner == .legacy ? columns : columns.filter(\.isReversed)
  }

  /// The others, which the new side writes as it likes.
  package func uncompared(writtenOn owner: Doubt.Side) -> [String] {
    owner == .legacy ? [] : columns.filter { !$0.isReversed }.map(\.schema.name)
  }

  /// Whether a legacy row belongs to the mapping.
  package func includes(_ row: [FieldValue]) -> Bool {
    conditions.allSatisfy { $0.passes(row[$0.place]) }
  }

  // MARK: - Forward

  /// The new row of a legacy row.
  package func forward(
    _ row: [FieldValue], _ lookups: LookupTables = LookupTables()
  ) throws(RowRefusal) -> [FieldValue] {
    var result: [FieldValue] = []
    result.reserveCapacity(columns.count)
    for column in columns { result.append(try value(of: column, row, lookups)) }
    return result
  }

  func value(
    of column: Column, _ row: [FieldValue], _ lookups: LookupTables
  ) throws(RowRefusal) -> FieldValue {
    let name = column.schema.name
    let place: Int?
    let value: FieldValue
    switch column.rule {
    case .convert(let at, let conversion):
      place = at
      value = try refusing(name, legacy[at].name, row[at]) { (value) throws(RowRefusal.Reason) in
        try conversion.convert(value)
      }
    case .constant(let constant):
      place = nil
      value = constant
    case .concat(let places, let separator):
      place = places.first
      value = try joined(places, separator, row, name)
    case .split(let at, let separator, let part, let count):
      place = at
      value = try refusing(name, legacy[at].name, row[at]) { (value) throws(RowRefusal.Reason) in
        try Self.part(part, of: count, separator, value)
      }
    case .values(let at, let pairs):
      place = at
      value = try refusing(name, legacy[at].name, row[at]) { (value) throws(RowRefusal.Reason) in
        try pairs.forward(value)
      }
    case .join(let places, let table, let conversion):
      place = places.first
      value = try taken(column, places, table, conversion, row, lookups)
    }
    try checkHolding(value, column, place.map { (legacy[$0].name, row[$0]) })
    return value
  }

  /// What a column cannot hold is refused, whatever made it.
  private func checkHolding(
    _ value: FieldValue, _ column: Column, _ source: (name: String, value: FieldValue)?
  ) throws(RowRefusal) {
    let objection: String? =
      switch value {
      case .null where !column.schema.isNullable:
        "has nothing to become, and \(column.schema.name) may not be NULL"
      case .null: nil
      default:
        Self.objection(to: value, in: newKind)?.text ?? column.schema.type.objection(to: value)
      }
    guard let objection else { return }
    throw RowRefusal(
      column: column.schema.name, source: source?.name ?? column.schema.name,
      value: source?.value ?? value, RowRefusal.Reason(objection))
  }

  /// Why no column of a kind of store can hold a value.
  static func objection(to value: FieldValue, in kind: StoreKind) -> RowRefusal.Reason? {
    guard case .text(let text) = value, kind == .postgreSQL, text.bytes.contains(0) else {
      return nil
    }
    return RowRefusal.Reason("holds a NUL, which no text in PostgreSQL can")
  }

  private func joined(
    _ places: [Int], _ separator: String, _ row: [FieldValue], _ name: String
  ) throws(RowRefusal) -> FieldValue {
    if places.allSatisfy({ row[$0] == .null }) { return .null }
    var bytes: [UInt8] = []
    for (index, place) in places.enumerated() {
      guard case .text(let text) = row[place], text.string != nil else {
        throw RowRefusal(
          column: name, source: legacy[place].name, value: row[place],
          RowRefusal.Reason("is \(row[place].kind), and only texts can be joined"))
      }
      if index < places.count - 1, text.bytes.firstRange(of: Array(separator.utf8)) != nil {
        throw RowRefusal(
          column: name, source: legacy[place].name, value: row[place],
          RowRefusal.Reason("holds the separator \(separator.debugDescription)"))
      }
      bytes += (index == 0 ? [] : Array(separator.utf8)) + text.bytes
    }
    // Where the end of a part and the separator make a separator earlier, it comes apart there.
    let whole = FieldValue.text(ExactText(bytes: bytes))
    for (index, place) in places.enumerated()
    where (try? Self.part(index + 1, of: places.count, separator, whole)) != row[place] {
      throw RowRefusal(
        column: name, source: legacy[place].name, value: row[place],
        RowRefusal.Reason("cannot be told from the separator beside it"))
    }
    return whole
  }

  private func taken(
    _ column: Column, _ places: [Int], _ table: String, _ conversion: Conversion,
    _ row: [FieldValue], _ lookups: LookupTables
  ) throws(RowRefusal) -> FieldValue {
    let key = places.map { row[$0] }
    let (name, source) = (
      column.schema.name, places.map { legacy[$0].name }.joined(separator: ", ")
    )
    if key.contains(.null) { return .null }
    guard let found = lookups.value(name, key: key) else {
      throw RowRefusal(
        column: name, source: source, value: key[0],
        RowRefusal.Reason("leads to no row of \(table)"))
    }
    return try refusing(name, "\(table) for \(source)", found) {
      (value) throws(RowRefusal.Reason) in
      try conversion.convert(value)
    }
  }

  // MARK: - Back

  /// The legacy row of a new row, as far as the reverse stream writes it.
  package func inverse(
    _ row: [FieldValue], _ lookups: LookupTables = LookupTables()
  ) throws(RowRefusal) -> [FieldValue] {
    var whole = [FieldValue](repeating: .null, count: legacy.count)
    for (place, origin) in origins {
      let value = try value(from: origin, row, lookups)
      if value == .null, !legacy[place].isNullable {
        let from = from(origin)
        throw RowRefusal(
          column: newColumns[from], source: newColumns[from], value: row[from],
          RowRefusal.Reason(
            "has nothing to become, and legacy's \(legacy[place].name) may not be NULL"))
      }
      if let reason = Self.objection(to: value, in: legacyKind) {
        let from = from(origin)
        throw RowRefusal(
          column: newColumns[from], source: newColumns[from], value: row[from], reason)
      }
      whole[place] = value
    }
    for (index, column) in columns.enumerated() where column.isReversed {
      let again = try value(of: column, whole, lookups)
      guard again == row[index] else {
        throw RowRefusal(
          column: column.schema.name, source: column.schema.name, value: row[index],
          RowRefusal.Reason("would come back from legacy as \(again)"))
      }
    }
    return origins.map { whole[$0.place] }
  }

  /// The filter that a legacy row which came back does not pass; nil when it passes all. `row` is
  /// what `inverse` gave.
  package func leaving(
    _ row: [FieldValue]
  ) -> (key: String, column: String, value: FieldValue)? {
    for condition in conditions where !condition.isTenant {
      guard let index = origins.firstIndex(where: { $0.place == condition.place }) else { continue }
      if !condition.passes(row[index]) {
        return (condition.key, condition.condition.column, row[index])
      }
    }
    return nil
  }

  /// Whether a new row is of a tenant that another mapping has.
  package func isForeign(_ row: [FieldValue], _ lookups: LookupTables) -> Bool {
    conditions.contains { condition in
      guard condition.isTenant, let value = origin(condition.place, row, lookups) else {
        return false
      }
      return !condition.passes(value)
    }
  }

  /// The keys of the joined rows that a new row needs on its way back, by the column they are
  /// joined for.
  package func joinKeys(_ row: [FieldValue], _ lookups: LookupTables) -> [String: [FieldValue]] {
    var keys: [String: [FieldValue]] = [:]
    for column in columns {
      guard case .join(let places, _, _) = column.rule else { continue }
      let key = places.compactMap { origin($0, row, lookups) }
      if key.count == places.count, !key.contains(.null) { keys[column.schema.name] = key }
    }
    return keys
  }

  private func origin(
    _ place: Int, _ row: [FieldValue], _ lookups: LookupTables
  ) -> FieldValue? {
    origins.first { $0.place == place }.flatMap { try? value(from: $0.origin, row, lookups) }
  }

  private func from(_ origin: Origin) -> Int {
    switch origin {
    case .convert(let at, _), .values(let at, _), .part(let at, _, _, _), .joinKey(let at, _, _): at
    case .parts(let places, _): places[0]
    }
  }

  private func value(
    from origin: Origin, _ row: [FieldValue], _ lookups: LookupTables
  ) throws(RowRefusal) -> FieldValue {
    let at = from(origin)
    let name = newColumns[at]
    switch origin {
    case .convert(_, let conversion):
      return try refusing(name, name, row[at]) { (value) throws(RowRefusal.Reason) in
        try conversion.convert(value)
      }
    case .values(_, let pairs):
      return try refusing(name, name, row[at]) { (value) throws(RowRefusal.Reason) in
        try pairs.inverse(value)
      }
    case .part(_, let part, let count, let separator):
      return try refusing(name, name, row[at]) { (value) throws(RowRefusal.Reason) in
        try Self.part(part, of: count, separator, value)
      }
    case .parts(let places, let separator):
      if places.allSatisfy({ row[$0] == .null }) { return .null }
      var bytes: [UInt8] = []
      for (index, place) in places.enumerated() {
        guard case .text(let text) = row[place] else {
          throw RowRefusal(
            column: newColumns[place], source: newColumns[place], value: row[place],
            RowRefusal.Reason("is \(row[place].kind), and only texts can be joined"))
        }
        bytes += (index == 0 ? [] : Array(separator.utf8)) + text.bytes
      }
      return .text(ExactText(bytes: bytes))
    case .joinKey(_, let index, let conversion):
      let value = try refusing(name, name, row[at]) { (value) throws(RowRefusal.Reason) in
        try conversion.convert(value)
      }
      if value == .null { return .null }
      guard let key = lookups.key(name, taken: value) else {
        throw RowRefusal(
          column: name, source: name, value: row[at],
          RowRefusal.Reason("leads to no row of the joined table"))
      }
      return key[index]
    }
  }

  /// A part of a text, the last with whatever is left.
  private static func part(
    _ part: Int, of count: Int, _ separator: String, _ value: FieldValue
  ) throws(RowRefusal.Reason) -> FieldValue {
    if value == .null { return .null }
    guard case .text(let text) = value, text.string != nil else {
      throw RowRefusal.Reason("is \(value.kind), and only texts can be split")
    }
    var rest = text.bytes[...]
    let bytes = Array(separator.utf8)
    for index in 1..<count {
      guard let cut = rest.firstRange(of: bytes) else {
        throw RowRefusal.Reason("has fewer than \(count) parts at \(separator.debugDescription)")
      }
      if index == part { return .text(ExactText(bytes: Array(rest[..<cut.lowerBound]))) }
      rest = rest[cut.upperBound...]
    }
    return .text(ExactText(bytes: Array(rest)))
  }

  private func refusing(
    _ column: String, _ source: String, _ value: FieldValue,
    _ body: (FieldValue) throws(RowRefusal.Reason) -> FieldValue
  ) throws(RowRefusal) -> FieldValue {
    do {
      return try body(value)
    } catch {
      throw RowRefusal(column: column, source: source, value: value, error)
    }
  }
}
