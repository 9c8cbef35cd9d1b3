// SPDX-License-Identifier: Apache-2.0

internal import SpellingSuggestions

/// All mappings of a configuration, held against the schemas of their stores.
package struct DataCheck: Sendable {
  /// In file order; those whose stores are known.
  package let mappings: [MappingCheck]
  /// All findings: of stores, of what mappings do to each other, and of each one.
  package let findings: [MappingFinding]

  /// - Parameters:
  ///   - schemas: by the name of the store.
  ///   - names: mappings that it is about; all where there are none.
  package init(
    _ settings: DataSettings, schemas: [String: StoreSchema], only names: Set<String> = []
  ) {
    func isMeant(_ mapping: TableMapping) -> Bool { names.isEmpty || names.contains(mapping.name) }
    var findings: [MappingFinding] = []
    for store in settings.stores {
      guard let schema = schemas[store.name] else { continue }
      if !["UTF8", "UTF-8"].contains(schema.encoding) {
        findings.append(
          MappingFinding(
            "data.stores.\(store.name)",
            "its texts are encoded as \(schema.encoding), and only UTF-8 is compared by bytes"))
      }
    }
    let meant = settings.mappings.filter(isMeant)
    findings += Self.unknownStores(DataSettings(stores: settings.stores, mappings: meant))
    findings += meant.compactMap { Self.circularity($0, settings.stores) }
    mappings = meant.compactMap { mapping in
      guard let legacy = schemas[mapping.legacy.store], let new = schemas[mapping.new.store] else {
        return nil
      }
      return MappingCheck(mapping, legacy: legacy, new: new)
    }
    findings += mappings.flatMap(\.findings)
    for (index, mapping) in settings.mappings.enumerated() {
      for other in settings.mappings[..<index] where isMeant(mapping) || isMeant(other) {
        findings += Self.collisions(other, mapping, mappings)
      }
    }
    self.findings = findings
  }

  /// A table that would be carried over into itself, whatever its store is called.
  private static func circularity(
    _ mapping: TableMapping, _ stores: [DataSettings.Store]
  ) -> MappingFinding? {
    func place(_ name: String) -> DataSettings.Place? { stores.first { $0.name == name }?.place }
    guard mapping.legacy.table == mapping.new.table, let old = place(mapping.legacy.store),
      old == place(mapping.new.store)
    else { return nil }
    return MappingFinding(
      "\(mapping.path).to", "it is the table that the rows come from; name another one")
  }

  /// Mappings to stores that have no name in the file.
  package static func unknownStores(_ settings: DataSettings) -> [MappingFinding] {
    let names = settings.stores.map(\.name)
    return settings.mappings.flatMap { mapping in
      [("from", mapping.legacy.store), ("to", mapping.new.store)].compactMap { key, store in
        names.contains(store)
          ? nil
          : MappingFinding(
            "\(mapping.path).\(key)",
            "there is no store \"\(store)\"; \(Spelling.guess(store, among: names))")
      }
    }
  }

  /// Two mappings that write one column of rows they share, or that both carry rows back into one
  /// legacy table: each would keep the other's from being written.
  private static func collisions(
    _ other: TableMapping, _ mapping: TableMapping, _ checks: [MappingCheck]
  ) -> [MappingFinding] {
    let isOneTable = other.legacy == mapping.legacy
    if isOneTable, let one = other.tenant, let two = mapping.tenant, one.excludes(two) { return [] }
    if other.new == mapping.new {
      // One of both may be the only one that was checked.
      let check = checks.first { [mapping.name, other.name].contains($0.mapping.name) }
      let key = mapping.key ?? check?.newKey ?? []
      let theirs = Set(other.columns.map(\.name)).subtracting(key)
      let shared = mapping.columns.filter { theirs.contains($0.name) }.map { column in
        MappingFinding(
          "\(mapping.path).columns.\(column.name)",
          "the mapping \(other.name) writes \(mapping.new)'s column \(column.name) too; give "
            + "both a range of tenants that the other one does not have")
      }
      if !shared.isEmpty { return shared }
    }
    guard isOneTable, other.isReversed || mapping.isReversed else { return [] }
    let isApart = mapping.conditions.contains { one in
      other.conditions.contains { one.condition.excludes($0.condition) }
    }
    if isApart, other.new != mapping.new { return [] }
    return [
      MappingFinding(
        "\(mapping.path).from",
        "the mapping \(other.name) moves rows of \(mapping.legacy) too, and where one of both is "
          + "written on the new side, the other keeps its rows from coming back; give both a range "
          + "of tenants that the other one does not have, or say \"reverse: false\" in both")
    ]
  }

  /// Mappings whose tables refer to those of a mapping by foreign keys, or the other way round, on
  /// either side.
  package static func tied(
    to mapping: TableMapping, _ settings: DataSettings, _ schemas: [String: StoreSchema]
  ) -> [TableMapping] {
    func refers(_ table: TableMapping.Place, _ other: TableMapping.Place) -> Bool {
      table != other
        && schemas[table.store]?.table(table.table)?.references.contains {
          Self.refers(table, to: other, by: $0)
        } == true
    }
    return settings.mappings.filter { other in
      other.name != mapping.name
        && [(mapping.legacy, other.legacy), (mapping.new, other.new)].contains {
          refers($0, $1) || refers($1, $0)
        }
    }
  }

  /// The order in which tables are filled, so that no row refers to one that is not there yet; and
  /// the mappings among which there is none.
  package var order: (mappings: [MappingCheck], circle: [MappingCheck]) {
    var rest = mappings
    var ordered: [MappingCheck] = []
    while true {
      let waiting = Set(rest.map { $0.mapping.new })
      let free = rest.filter { check in
        !check.new.references.contains { table in
          waiting.contains { Self.refers(check.mapping.new, to: $0, by: table) }
            && !Self.refers(check.mapping.new, to: check.mapping.new, by: table)
        }
      }
      if free.isEmpty { return (ordered, rest) }
      ordered += free
      rest.removeAll { check in free.contains { $0.mapping.name == check.mapping.name } }
    }
  }

  /// Whether a foreign key of one table names the other, which may be written with its schema.
  private static func refers(
    _ table: TableMapping.Place, to other: TableMapping.Place, by name: String
  ) -> Bool {
    table.store == other.store && (other.table == name || other.table.hasSuffix("." + name))
  }

  /// Tables that rows of mapped ones refer to, and that no mapping fills.
  package var unfilled: [(mapping: MappingCheck, table: String)] {
    let filled = Set(mappings.map { $0.mapping.new })
    return mappings.flatMap { check in
      check.new.references.filter { table in
        !filled.contains { Self.refers(check.mapping.new, to: $0, by: table) }
      }.map { (check, $0) }
    }
  }
}
