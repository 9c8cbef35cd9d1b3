// SPDX-License-Identifier: Apache-2.0

internal import DataMapping

/// The section `data`: stores and mappings.
extension ConfigurationDecoder {
  static let expectedData = "{ stores, mappings }"

  func decodeData(_ child: MappingReader.Child) -> DataSettings? {
    guard var reader = MappingReader(child, expected: Self.expectedData, findings) else {
      return nil
    }
    let stores = reader.child("stores")
    if stores == nil {
      reader.missing("stores", "stores by name, such as legacy: { sqlite: shop.sqlite }")
    }
    let mappings = reader.child("mappings")
    if mappings == nil {
      reader.missing("mappings", "mappings by name: { from, to, columns, ... }")
    }
    reader.finish()
    let settings = DataSettings(
      stores: stores.map(decodeStores) ?? [], mappings: mappings.map(decodeTableMappings) ?? [])
    if let stores, !findings.hasError(at: stores.key) {
      findings.add(
        DataCheck.unknownStores(settings).filter { !findings.hasError(at: $0.key) }
          .map(Diagnostic.init))
    }
    return settings
  }

  private func decodeStores(_ child: MappingReader.Child) -> [DataSettings.Store] {
    guard let reader = MappingReader(child, expected: "stores by name", findings) else { return [] }
    return reader.children.compactMap { name, child in
      findings.note(child.key, at: child.node.mark)
      if !ConfigurationName.isValid(name) || name.contains(".") {
        findings.error(
          child.key, at: child.node.mark,
          "expected a name of 1 to 64 letters, digits, \"-\" and \"_\" as its key")
      }
      let expected = "{ sqlite: file } or { url: postgresql://user@host/database }"
      guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
      let file = reader.value("sqlite", as: .text)
      let url = reader.child("url")
      reader.finish()
      switch (file, url) {
      case (let file?, nil): return DataSettings.Store(name: name, place: .file(file))
      case (nil, let url?):
        return decodeAddress(url).map { DataSettings.Store(name: name, place: .postgreSQL($0)) }
      case (.some, .some):
        findings.error(child.key, at: child.node.mark, "expected \(expected), found both")
      case (nil, nil):
        if !findings.hasError(at: child.key) {
          findings.error(child.key, at: child.node.mark, "expected \(expected)")
        }
      }
      return nil
    }
  }

  /// An address that may hold a password is not repeated.
  private func decodeAddress(_ child: MappingReader.Child) -> String? {
    guard case .scalar(let text) = child.node.value else {
      return ScalarType.text.read(child, findings)
    }
    if let mistake = JournalConfiguration.Place.postgreSQL(text).mistake {
      findings.error(child.key, at: child.node.mark, mistake.text)
      return nil
    }
    return text
  }

  private func decodeTableMappings(_ child: MappingReader.Child) -> [TableMapping] {
    guard let reader = MappingReader(child, expected: "mappings by name", findings) else {
      return []
    }
    return reader.children.compactMap { name, child in
      findings.note(child.key, at: child.node.mark)
      if !ConfigurationName.isValid(name) {
        findings.error(
          child.key, at: child.node.mark, "expected \(ConfigurationName.expected) as its key")
      }
      return decodeTableMapping(name, child)
    }
  }

  private func decodeTableMapping(_ name: String, _ child: MappingReader.Child) -> TableMapping? {
    let expected = "a mapping: { from: store.table, to: store.table, columns, ... }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    let legacy = reader.required("from", as: .tablePlace)
    let new = reader.required("to", as: .tablePlace)
    let columns = reader.child("columns")
    if columns == nil {
      reader.missing("columns", "columns of the new table with where they come from")
    }
    guard let legacy, let new, let columns else { return nil }
    var mapping = TableMapping(
      name: name, legacy: legacy, new: new, columns: decodeColumns(columns))
    if let key = reader.child("key") { mapping.key = decodeNames(key, "columns such as [id]") }
    if let filter = reader.child("filter") { mapping.filter = decodeFilter(filter) }
    mapping.tenant = reader.child("tenant").flatMap(decodeTenant)
    mapping.isReversed = reader.value("reverse", as: .truth) ?? true
    if let left = reader.child("leave") {
      mapping.left = decodeNames(left, "columns such as [note]")
    }
    if let fill = reader.child("fill"),
      let filled = MappingReader(fill, expected: "values by column", findings)
    {
      for (column, child) in filled.children {
        findings.note(child.key, at: child.node.mark)
        if let value = decodeValue(child) { mapping.fill[column] = .some(value) }
      }
    }
    reader.finish()
    return mapping
  }

  func decodeNames(_ child: MappingReader.Child, _ what: String) -> [String] {
    items(child, expected: "a list of \(what)").compactMap { ScalarType.text.read($0, findings) }
  }

  /// A text or null; the outer nil is a mistake.
  func decodeValue(_ child: MappingReader.Child) -> String?? {
    switch child.node.value {
    case .null: return .some(nil)
    case .scalar(let text): return .some(text)
    case .sequence, .mapping:
      findings.error(
        child.key, at: child.node.mark, "expected a value or null, found \(child.node.found)")
      return nil
    }
  }

  // MARK: - Conditions

  private func decodeFilter(_ child: MappingReader.Child) -> [RowCondition] {
    guard let reader = MappingReader(child, expected: "conditions by column", findings) else {
      return []
    }
    return reader.children.compactMap { name, child in
      findings.note(child.key, at: child.node.mark)
      guard case .mapping = child.node.value else {
        return decodeValues(child).map { RowCondition(name, .oneOf($0)) }
      }
      let expected = "a value, null, a list of them, or { not: ... }"
      guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
      let not = reader.child("not")
      if not == nil { reader.missing("not", "a value, null or a list of them") }
      reader.finish()
      return not.flatMap(decodeValues).map { RowCondition(name, .noneOf($0)) }
    }
  }

  private func decodeValues(_ child: MappingReader.Child) -> [String?]? {
    guard case .sequence(let nodes) = child.node.value else {
      return decodeValue(child).map { [$0] }
    }
    if nodes.isEmpty {
      findings.error(child.key, at: child.node.mark, "expected at least one value")
      return nil
    }
    let values = items(child, expected: "a list of values").compactMap(decodeValue)
    return values.count == nodes.count ? values : nil
  }

  private func decodeTenant(_ child: MappingReader.Child) -> RowCondition? {
    let expected = "{ column, from: 1, to: 1000 } or { column, is: [acme] }"
    guard var reader = MappingReader(child, expected: expected, findings) else { return nil }
    let column = reader.required("column", as: .text)
    let low = reader.value("from", as: .signedNumber)
    let high = reader.value("to", as: .signedNumber)
    let list = reader.child("is")
    reader.finish()
    guard let column else { return nil }
    switch (list, low, high) {
    case (let list?, nil, nil): return decodeValues(list).map { RowCondition(column, .oneOf($0)) }
    case (nil, let low, let high) where low != nil || high != nil:
      if (low ?? .min) > (high ?? .max) {
        findings.error(
          child.key, at: child.node.mark, "expected a range whose end is not before it")
        return nil
      }
      return RowCondition(column, .range(from: low, to: high))
    default:
      if !findings.hasError(at: child.key) {
        findings.error(child.key, at: child.node.mark, "expected \(expected)")
      }
      return nil
    }
  }
}

extension ScalarType where Value == TableMapping.Place {
  static let tablePlace = ScalarType(
    expected: "a store and a table, such as legacy.orders"
  ) { text in
    guard let point = text.firstIndex(of: ".") else { return nil }
    let (store, table) = (text[..<point], text[text.index(after: point)...])
    return store.isEmpty || table.isEmpty
      ? nil : TableMapping.Place(store: String(store), table: String(table))
  }
}

extension ScalarType where Value == Int64 {
  static let signedNumber = ScalarType(expected: "a whole number of 64 bits") { Int64($0) }
}
