// SPDX-License-Identifier: Apache-2.0

/// Turns rows of one side, as `MappingStatements.stream` reads them, into digests of the new side's
/// row: legacy's are translated first, so equal rows of both sides have equal digests.
///
/// Columns that the mapping leaves as they are never become values in memory.
package struct RowDigests: Sendable {
  /// How a column of the new row is made of a raw row.
  private enum Source: Sendable {
    /// As it is.
    case plain(Int, Reading)
    /// A whole number that counts 10 to the power of minus `scale`.
    case scaled(Int, scale: Int)
    /// By the mapping's rule.
    case rule(RowTranslation.Column)
    /// A column of a joined row: the places of what it is found by and of what is taken.
    case joined(RowTranslation.Column, found: Int, taken: Int, type: ColumnType)
  }

  /// What kind of value a raw field becomes.
  private enum Reading: Sendable {
    case asIs, decimal, boolean

    init(_ type: ColumnType) {
      switch type {
      case .decimal: self = .decimal
      case .boolean: self = .boolean
      default: self = .asIs
      }
    }
  }

  /// A value of the new row, or a legacy value that has nothing to become, with the reason.
  package enum Cell: Sendable, Hashable {
    case value(FieldValue)
    case refused(FieldValue, reason: String)

    var value: FieldValue {
      switch self {
      case .value(let value), .refused(let value, _): value
      }
    }
  }

  /// Tells rows of the new table that belong to other tenants.
  private struct Tenants: Sendable {
    let place: Int
    let type: ColumnType
    let undo: RowTranslation.Undo
    let condition: CheckedCondition
  }

  /// Names of the columns, those of the key first.
  package let columns: [String]
  private let sources: [Source]
  private let keyCount: Int
  private let types: [ColumnType]
  private let translation: RowTranslation
  private let legacyCount: Int
  private let tenants: Tenants?
  /// Legacy's; what SQL takes for equal need not be equal by its bytes.
  private let conditions: [CheckedCondition]
  private let composed: @Sendable (String) -> String

  /// The number of raw fields that a row has.
  package var fieldCount: Int { types.count }

  /// Nil for a mapping with errors.
  ///
  /// - Parameters:
  ///   - owner: the side that takes the writes.
  ///   - composed: gives texts one form that differ in how letters and their accents are put
  ///     together, as Unicode's normalization form C does.
  package init?(
    _ check: MappingCheck, _ side: Doubt.Side, writtenOn owner: Doubt.Side = .legacy,
    composed: @escaping @Sendable (String) -> String
  ) {
    guard let translation = check.translation, let statements = MappingStatements(check) else {
      return nil
    }
    self.translation = translation
    self.composed = composed
    let key = check.newKey
    let order = translation.columns.filter { key.contains($0.schema.name) }
      .sorted { key.firstIndex(of: $0.schema.name) ?? 0 < key.firstIndex(of: $1.schema.name) ?? 0 }
    let compared = translation.compared(writtenOn: owner)
    let ordered = order + compared.filter { !key.contains($0.schema.name) }
    columns = ordered.map(\.schema.name)
    keyCount = order.count
    types = statements.streamTypes(side)
    legacyCount = side == .legacy ? translation.legacy.count : 0
    conditions = side == .legacy ? translation.conditions : []
    switch side {
    case .new:
      let names = translation.newColumns
      sources = ordered.map { column in
        .plain(names.firstIndex(of: column.schema.name) ?? 0, Reading(column.schema.type))
      }
      tenants = Self.tenants(translation)
    case .legacy:
      let lookups = statements.lookups
      let legacyCount = legacyCount
      sources = ordered.map { column in
        if let index = lookups.firstIndex(where: { $0.column == column.schema.name }) {
          let found = legacyCount + 2 * index
          return .joined(
            column, found: found, taken: found + 1, type: lookups[index].conversion.to)
        }
        return Self.source(column)
      }
      tenants = nil
    }
  }

  private static func source(_ column: RowTranslation.Column) -> Source {
    guard case .convert(let place, let conversion) = column.rule else { return .rule(column) }
    switch conversion.operation {
    case .same: return .plain(place, Reading(conversion.from))
    case .integerToDecimal(let scale) where scale >= 0: return .scaled(place, scale: scale)
    default: return .rule(column)
    }
  }

  private static func tenants(_ translation: RowTranslation) -> Tenants? {
    guard let condition = translation.conditions.first(where: \.isTenant),
      let (place, undo) = translation.undo(condition.place)
    else { return nil }
    return Tenants(
      place: place, type: translation.columns[place].schema.type, undo: undo,
      condition: condition)
  }

  /// Whether rows of the new table can be told from those of other tenants, where there are any.
  package static func canTellTenants(_ translation: RowTranslation) -> Bool {
    !translation.conditions.contains(where: \.isTenant) || tenants(translation) != nil
  }

  // MARK: - Digests

  /// The digest of a row; nil for one that does not belong to the mapping.
  ///
  /// - Parameter withMeaning: whether to say what it means too, which takes longer.
  package func digest(_ row: RawRow, withMeaning: Bool = false) -> RowDigest? {
    if let tenants, isForeign(row, tenants) { return nil }
    for condition in conditions
    where !condition.passes(FieldValue(row[condition.place], types[condition.place])) {
      return nil
    }
    var digest = CanonicalDigest()
    var key: UInt64 = 0
    for index in 0..<sources.count {
      if index == keyCount { key = digest.state }
      take(sources[index], row, &digest)
    }
    if keyCount == sources.count { key = digest.state }
    return RowDigest(
      key: key, row: digest.state, meaning: withMeaning ? meaning(row) : 0)
  }

  /// The values of a row, in the order of `columns`.
  package func cells(_ row: RawRow) -> [Cell] { sources.map { cell($0, row) } }

  /// The key's columns of `cells`.
  package func key(of cells: [Cell]) -> [(name: String, value: FieldValue)] {
    zip(columns, cells).prefix(keyCount).map { ($0, $1.value) }
  }

  private func isForeign(_ row: RawRow, _ tenants: Tenants) -> Bool {
    let value = FieldValue(row[tenants.place], tenants.type)
    guard let legacy = tenants.undo(value) else { return false }
    return !tenants.condition.passes(legacy)
  }

  private func meaning(_ row: RawRow) -> UInt64 {
    var digest = CanonicalDigest()
    for cell in cells(row) {
      if case .refused = cell { digest.begin(.refused) }
      digest.take(whole: .text, Array(composed(Meaning.of(cell.value)).utf8))
    }
    return digest.state
  }

  @inline(__always)
  private func take(_ source: Source, _ row: RawRow, _ digest: inout CanonicalDigest) {
    switch source {
    case .plain(let place, let reading): Self.take(row[place], reading, &digest)
    case .scaled(let place, let scale):
      if case .integer(let number) = row[place], number.magnitude < ShortDecimal.limit.magnitude {
        digest.take(mantissa: number, scale: scale)
      } else {
        take(cell(source, row), &digest)
      }
    case .rule, .joined: take(cell(source, row), &digest)
    }
  }

  private func take(_ cell: Cell, _ digest: inout CanonicalDigest) {
    if case .refused = cell { digest.begin(.refused) }
    digest.take(cell.value)
  }

  /// The same as `take(FieldValue(raw, type))`.
  @inline(__always)
  private static func take(
    _ raw: RawField, _ reading: Reading, _ digest: inout CanonicalDigest
  ) {
    switch (raw, reading) {
    case (.null, _): digest.begin(.null)
    case (.integer(let number), .asIs): digest.take(integer: number)
    case (.text(let buffer), _): digest.take(whole: .text, buffer)
    case (.bytes(let buffer), _): digest.take(whole: .bytes, buffer)
    case (.boolean(let truth), _): digest.begin(.boolean, truth ? 1 : 0)
    case (.integer(let number), .boolean) where (0...1).contains(number):
      digest.begin(.boolean, Int(number))
    case (.integer(let number), .decimal)
    where number.magnitude < ShortDecimal.limit.magnitude:
      digest.take(mantissa: number, scale: 0)
    case (.number(let buffer), _):
      if let short = ShortDecimal(buffer) {
        digest.take(mantissa: short.mantissa, scale: short.scale)
      } else {
        digest.take(FieldValue(raw, .decimal(precision: nil, scale: nil)))
      }
    case (_, .asIs): digest.take(FieldValue(raw, .other("")))
    case (_, .decimal): digest.take(FieldValue(raw, .decimal(precision: nil, scale: nil)))
    case (_, .boolean): digest.take(FieldValue(raw, .boolean))
    }
  }

  // MARK: - Values

  private func cell(_ source: Source, _ row: RawRow) -> Cell {
    switch source {
    case .plain(let place, _): return .value(FieldValue(row[place], types[place]))
    case .scaled(let place, let scale):
      let value = FieldValue(row[place], types[place])
      guard case .integer(let number) = value else {
        return value == .null
          ? .value(.null) : .refused(value, reason: "is \(value.kind), and no integer")
      }
      return .value(.decimal(ExactDecimal(number).shifted(by: -scale)))
    case .rule(let column):
      return refusing { () throws(RowRefusal) -> FieldValue in
        try translation.value(of: column, decoded(row, for: column.rule), LookupTables())
      }
    case .joined(let column, let found, let taken, let type):
      return refusing { () throws(RowRefusal) -> FieldValue in
        var tables = LookupTables()
        let values = decoded(row, for: column.rule)
        if case .join(let places, _, _) = column.rule, FieldValue(row[found], .other("")) != .null {
          tables.add(
            column.schema.name, key: places.map { values[$0] },
            taken: FieldValue(row[taken], type))
        }
        return try translation.value(of: column, values, tables)
      }
    }
  }

  private func refusing(_ body: () throws(RowRefusal) -> FieldValue) -> Cell {
    do {
      return .value(try body())
    } catch {
      return .refused(error.value, reason: error.description)
    }
  }

  /// A legacy row with the values that a rule reads.
  private func decoded(_ row: RawRow, for rule: RowTranslation.Rule) -> [FieldValue] {
    var values = [FieldValue](repeating: .null, count: legacyCount)
    for place in rule.places { values[place] = FieldValue(row[place], types[place]) }
    return values
  }
}

extension RowTranslation.Rule {
  /// The places in the legacy row that it reads.
  var places: [Int] {
    switch self {
    case .convert(let at, _), .split(let at, _, _, _), .values(let at, _): [at]
    case .constant: []
    case .concat(let places, _), .join(let places, _, _): places
    }
  }
}

extension RowTranslation {
  /// From a value of the new side to the legacy value it was made of; nil where there is none.
  enum Undo: Sendable {
    case convert(Conversion)
    case values(ValuePairs)

    func callAsFunction(_ value: FieldValue) -> FieldValue? {
      switch self {
      case .convert(let conversion): try? conversion.convert(value)
      case .values(let pairs): try? pairs.inverse(value)
      }
    }
  }

  /// The new column that a legacy column alone makes, and the way back.
  func undo(_ place: Int) -> (place: Int, undo: Undo)? {
    for (index, column) in columns.enumerated() {
      switch column.rule {
      case .convert(place, let conversion): return (index, .convert(conversion.inverted))
      case .values(place, let pairs) where pairs.otherwise == nil: return (index, .values(pairs))
      default: continue
      }
    }
    return nil
  }
}
