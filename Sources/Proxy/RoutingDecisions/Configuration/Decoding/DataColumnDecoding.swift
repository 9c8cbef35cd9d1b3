// SPDX-License-Identifier: Apache-2.0

internal import DataMapping

/// Where the values of a new column come from.
extension ConfigurationDecoder {
  /// What each operation is called by, with what belongs to it.
  private static let operations: [(name: String, settings: Set<String>, example: String)] = [
    ("from", ["cast", "scale", "unit", "form", "values", "otherwise"], "{ from: total, ... }"),
    ("constant", [], "{ constant: shop }"),
    ("concat", ["separator"], "{ concat: [first, last], separator: \" \" }"),
    ("split", ["separator", "part", "of"], "{ split: name, separator: \" \", part: 1, of: 2 }"),
    ("join", ["on", "take"], "{ join: customers, on: { customerId: id }, take: country }"),
  ]

  func decodeColumns(_ child: MappingReader.Child) -> [TableMapping.Column] {
    let expected = "columns of the new table with where they come from"
    guard let reader = MappingReader(child, expected: expected, findings) else { return [] }
    if reader.children.isEmpty {
      findings.error(child.key, at: child.node.mark, "expected at least one column")
    }
    return reader.children.compactMap { name, child in
      findings.note(child.key, at: child.node.mark)
      if case .scalar(let source) = child.node.value, !source.isEmpty {
        return TableMapping.Column(name, .rename(source))
      }
      return decodeColumn(name, child)
    }
  }

  private func decodeColumn(
    _ name: String, _ child: MappingReader.Child
  ) -> TableMapping.Column? {
    let expected =
      "a legacy column, or one of " + Self.operations.map(\.example).joined(separator: ", ")
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    let isReversed = reader.value("reverse", as: .truth) ?? true
    let named = Self.operations.filter { reader.has($0.name) }
    guard named.count == 1, let operation = named.first else {
      let found = named.isEmpty ? "" : ", found \(named.map(\.name).joined(separator: " and "))"
      findings.error(child.key, at: child.node.mark, "expected \(expected)\(found)")
      return nil
    }
    let rule = decodeRule(operation.name, &reader)
    // Asked for, so that what belongs to another operation is told as such.
    var told = operation.settings
    for other in Self.operations {
      for setting in other.settings.subtracting(told).sorted() {
        guard let stray = reader.child(setting) else { continue }
        told.insert(setting)
        findings.error(
          stray.key, at: stray.node.mark, "belongs to \"\(other.name)\", and there is none")
      }
      if other.name != operation.name { _ = reader.child(other.name) }
    }
    reader.finish()
    return rule.map { TableMapping.Column(name, $0, isReversed: isReversed) }
  }

  private func decodeRule(_ operation: String, _ reader: inout MappingReader) -> ColumnRule? {
    switch operation {
    case "from": return decodeSource(&reader)
    case "constant": return reader.child("constant").flatMap(decodeValue).map { .constant($0) }
    case "concat":
      let names = reader.child("concat").map { decodeNames($0, "columns such as [first, last]") }
      let separator = reader.required("separator", as: .text)
      guard let names, let separator else { return nil }
      return .concat(names, separator: separator)
    case "split":
      let name = reader.value("split", as: .text)
      let separator = reader.required("separator", as: .text)
      let part = reader.required("part", as: .count)
      let count = reader.required("of", as: .count)
      guard let name, let separator, let part, let count else { return nil }
      return .split(name, separator: separator, part: part, of: count)
    default: return decodeJoin(&reader)
    }
  }

  private func decodeSource(_ reader: inout MappingReader) -> ColumnRule? {
    let name = reader.value("from", as: .text)
    let family = reader.value("cast", as: .columnFamily)
    let (scale, unit) = (reader.child("scale"), reader.child("unit"))
    let (form, table) = (reader.child("form"), reader.child("values"))
    let otherwise = reader.child("otherwise")
    if let otherwise, table == nil {
      findings.error(
        otherwise.key, at: otherwise.node.mark, "belongs to \"values\", and there is none")
    }
    for child in [scale, unit, form].compactMap(\.self) where family == nil {
      findings.error(child.key, at: child.node.mark, "belongs to \"cast\", and there is none")
    }
    guard let name else { return nil }
    if let table {
      if family != nil {
        findings.error(
          table.key, at: table.node.mark, "expected a cast or values, found both")
      }
      return decodeValueTable(table, otherwise).map { .values(name, $0) }
    }
    guard let family else { return .rename(name) }
    var cast = ColumnRule.Cast(family)
    cast.scale = scale.flatMap { ScalarType.decimalPlaces.read($0, findings) }
    cast.unit = unit.flatMap { ScalarType.timeUnit.read($0, findings) }
    cast.form = form.flatMap { ScalarType.timeForm.read($0, findings) }
    return .cast(name, cast)
  }

  private func decodeValueTable(
    _ child: MappingReader.Child, _ otherwise: MappingReader.Child?
  ) -> ColumnRule.ValueTable? {
    let expected = "new values by legacy ones, such as { placed: open }"
    guard let reader = MappingReader(child, expected: expected, findings) else { return nil }
    if reader.children.isEmpty {
      findings.error(child.key, at: child.node.mark, "expected \(expected)")
    }
    let pairs = reader.children.compactMap { legacy, child -> ColumnRule.ValueTable.Pair? in
      findings.note(child.key, at: child.node.mark)
      return ScalarType.anyText.read(child, findings).map { ColumnRule.ValueTable.Pair(legacy, $0) }
    }
    return ColumnRule.ValueTable(
      pairs, otherwise: otherwise.flatMap { ScalarType.anyText.read($0, findings) })
  }

  private func decodeJoin(_ reader: inout MappingReader) -> ColumnRule? {
    let table = reader.value("join", as: .text)
    let on = reader.child("on")
    if on == nil { reader.missing("on", "{ own column: column of the joined table }") }
    let take = reader.required("take", as: .text)
    guard let table, let on, let take,
      let pairs = MappingReader(
        on, expected: "{ own column: column of the joined table }", findings)
    else { return nil }
    let joined = pairs.children.compactMap { own, child in
      ScalarType.text.read(child, findings).map { ColumnRule.Join.Pair(own: own, other: $0) }
    }
    return .join(ColumnRule.Join(table, on: joined, take: take))
  }
}

extension ScalarType where Value == String {
  /// The empty text is a value too.
  static let anyText = ScalarType(expected: "a value") { $0 }
}

extension ScalarType where Value == Int {
  static let decimalPlaces = ScalarType(expected: "a number of decimal places, 0 to 18") { text in
    Int(text).flatMap { (0...18).contains($0) ? $0 : nil }
  }
}

extension ScalarType where Value == ColumnType.Family {
  private static let castable: [ColumnType.Family] = [
    .integer, .decimal, .real, .text, .boolean, .timestamp, .date, .uuid,
  ]
  static let columnFamily = ScalarType(
    expected: "one of " + castable.map(\.rawValue).joined(separator: ", ")
  ) { text in
    Value(rawValue: text).flatMap { castable.contains($0) ? $0 : nil }
  }
}

extension ScalarType where Value == TimeText.Unit {
  static let timeUnit = ScalarType(
    expected: "one of " + Value.allCases.map(\.rawValue).joined(separator: ", "),
    parse: { Value(rawValue: $0) })
}

extension ScalarType where Value == TimeText.Form {
  static let timeForm = ScalarType(
    expected: "one of " + Value.allCases.map(\.rawValue).joined(separator: ", "),
    parse: { Value(rawValue: $0) })
}
