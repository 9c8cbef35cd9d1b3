// SPDX-License-Identifier: Apache-2.0

/// Whether the reverse stream can keep legacy current.
extension MappingCheck {
  typealias Origins = [(place: Int, origin: RowTranslation.Origin)]

  mutating func checkReverse() -> Origins {
    var origins: Origins = []
    var makers: [Int: String] = [:]
    var splits: [Int: [(index: Int, part: Int, of: Int, separator: String)]] = [:]
    for (index, column) in columns.enumerated() where column.isReversed {
      let name = column.schema.name
      switch column.rule {
      case .convert(let at, let conversion):
        add(&origins, &makers, at, name, .convert(index, conversion.inverted))
      case .values(let at, let pairs): add(&origins, &makers, at, name, .values(index, pairs))
      case .concat(let places, let separator):
        for (part, at) in places.enumerated() {
          add(
            &origins, &makers, at, name,
            .part(index, part + 1, of: places.count, separator: separator))
        }
      case .split(let at, let separator, let part, let count):
        splits[at, default: []].append((index, part, count, separator))
      case .constant, .join: break
      }
    }
    for (at, parts) in splits.sorted(by: { $0.key < $1.key }) {
      guard let (places, separator) = checkSplit(at, parts) else { continue }
      add(
        &origins, &makers, at, columns[places[0]].schema.name,
        .parts(places, separator: separator))
    }
    addJoinKeys(&origins, &makers)
    checkWritten(origins)
    return origins.sorted { $0.place < $1.place }
  }

  private mutating func add(
    _ origins: inout Origins, _ makers: inout [Int: String], _ place: Int, _ column: String,
    _ origin: RowTranslation.Origin
  ) {
    let name = sources[place].name
    if let other = makers[place] {
      error(
        key(of: column),
        "\(other) and \(column) both hold legacy's \(name), and the reverse stream "
          + "would write it from both; say \"reverse: false\" in one of them")
      return
    }
    if sources[place].isGenerated {
      error(
        key(of: column),
        "\(mapping.legacy) computes \(name) itself, so the reverse stream cannot "
          + "write it; say \"reverse: false\"")
    }
    makers[place] = column
    origins.append((place, origin))
  }

  /// All parts have to be there, by one separator.
  private mutating func checkSplit(
    _ place: Int, _ parts: [(index: Int, part: Int, of: Int, separator: String)]
  ) -> (places: [Int], separator: String)? {
    let first = parts[0]
    let name = sources[place].name
    let at = key(of: columns[first.index].schema.name)
    guard parts.allSatisfy({ $0.of == first.of && $0.separator == first.separator }) else {
      error(
        at,
        "\(name) cannot be joined again: its parts are split by different separators or into "
          + "different numbers of parts")
      return nil
    }
    var places: [Int] = []
    for part in 1...first.of {
      let found = parts.filter { $0.part == part }
      guard found.count == 1 else {
        error(
          at,
          "\(name) cannot be joined again: part \(part) of \(first.of) "
            + (found.isEmpty ? "goes nowhere" : "goes to several columns"))
        return nil
      }
      places.append(found[0].index)
    }
    return (places, first.separator)
  }

  /// A join needs the columns it is made by: from other columns, or from what it took.
  private mutating func addJoinKeys(_ origins: inout Origins, _ makers: inout [Int: String]) {
    for (index, column) in columns.enumerated() where column.isReversed {
      guard case .join(let places, let table, let conversion) = column.rule,
        case .join(let join)? = mapping.columns.first(where: { $0.name == column.schema.name })?
          .rule
      else { continue }
      let missing = places.indices.filter { makers[places[$0]] == nil }
      guard !missing.isEmpty else { continue }
      let schema = stores.legacy.table(table)
      guard let taken = schema?.column(join.take), schema?.isUnique([join.take]) == true,
        !taken.isNullable
      else {
        error(
          key(of: column.schema.name),
          "not invertible: nothing carries \(list(missing.map { sources[places[$0]].name })), and "
            + "\(table).\(join.take) may be NULL or the same in several rows, so it does not lead "
            + "back; map the column too, or say \"reverse: false\"")
        continue
      }
      for part in missing {
        add(
          &origins, &makers, places[part], column.schema.name,
          .joinKey(index, part, conversion.inverted))
      }
    }
  }

  /// What legacy demands of a row that is added.
  private mutating func checkWritten(_ origins: Origins) {
    let written = Set(origins.map { sources[$0.place].name })
    for (name, text) in mapping.fill.sorted(by: { $0.key < $1.key }) {
      let at = "\(path).fill.\(name)"
      guard let column = legacyColumn(name, for: at) else { continue }
      if written.contains(name) {
        error(at, "the reverse stream carries \(name); leave this out")
      } else if let value = literal(text, column) {
        if value == .null, !column.isNullable { error(at, "\(name) may not be NULL") }
        fill.append((name, value))
      } else {
        error(at, "\((text ?? "").debugDescription) is no \(column.type)")
      }
    }
    for column in legacy.columns
    where column.isRequired && !written.contains(column.name) && mapping.fill[column.name] == nil {
      error(
        "\(path).columns",
        "the reverse stream writes nothing into \(mapping.legacy)'s column \(column.name), which "
          + "may not be NULL and has no default; map it, or give it a value in fill")
    }
  }

  /// A row that the reverse stream writes has to stay within the mapping: otherwise the copy of the
  /// new side would lose it. One that goes to other tenants becomes another mapping's.
  mutating func checkStaying(_ conditions: [CheckedCondition], _ origins: Origins) {
    for condition in conditions {
      let key = condition.key
      let name = sources[condition.place].name
      guard let origin = origins.first(where: { $0.place == condition.place })?.origin else {
        checkAdded(name, condition, key)
        continue
      }
      if condition.isTenant { continue }
      if case .values(let at, let pairs) = origin {
        if let pair = pairs.pairs.first(where: { !condition.passes($0.legacy) }) {
          error(
            key,
            "the reverse stream leaves the filter: where the new side writes \(pair.new) into "
              + "\(columns[at].schema.name), legacy's \(name) becomes \(pair.legacy)")
        }
      } else {
        error(
          key,
          "the reverse stream may leave the filter: nothing keeps the new side from writing "
            + "another \(name); a value table with the values of the filter does")
      }
    }
  }

  /// Rows that are added get what `fill` says, or NULL.
  private mutating func checkAdded(_ name: String, _ condition: CheckedCondition, _ key: String) {
    let column = legacy.column(name)
    let added =
      fill.first { $0.column == name }?.value
      ?? (column?.isNullable == true && column?.hasDefault == false ? FieldValue.null : nil)
    if added.map(condition.passes) != true {
      error(
        key,
        "the reverse stream leaves the filter: rows that the new side adds get "
          + "\(added.map { "\($0)" } ?? "legacy's default") as \(name); give it a value in fill")
    }
  }
}
