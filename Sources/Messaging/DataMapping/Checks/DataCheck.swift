// SPDX-License-Identifier: Apache-2.0

internal import SpellingSuggestions

/// All mappings of a configuration, held against the schemas of their stores.
package struct DataCheck: Sendable {
  /// In file order; those whose stores are known.
  package let mappings: [MappingCheck]
  /// All findings: of stores, of what mappings do to each other, and of each one.
  package let findings: [MappingFinding]

  /// - Parameter schemas: by the name of the store.
  package init(_ settings: DataSettings, schemas: [String: StoreSchema]) {
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
    findings += Self.unknownStores(settings)
    mappings = settings.mappings.compactMap { mapping in
      guard let legacy = schemas[mapping.legacy.store], let new = schemas[mapping.new.store] else {
        return nil
      }
      return MappingCheck(mapping, legacy: legacy, new: new)
    }
    findings += mappings.flatMap(\.findings)
    findings += Self.collisions(settings.mappings, mappings)
    self.findings = findings
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

  /// Two mappings that write one column of rows they share.
  private static func collisions(
    _ mappings: [TableMapping], _ checks: [MappingCheck]
  ) -> [MappingFinding] {
    var findings: [MappingFinding] = []
    for (index, mapping) in mappings.enumerated() {
      for other in mappings[..<index] where other.new == mapping.new {
        if let one = other.tenant, let two = mapping.tenant, other.legacy == mapping.legacy,
          one.excludes(two)
        {
          continue
        }
        let key = checks.first { $0.mapping.name == mapping.name }?.newKey ?? mapping.key ?? []
        let theirs = Set(other.columns.map(\.name)).subtracting(key)
        for column in mapping.columns where theirs.contains(column.name) {
          findings.append(
            MappingFinding(
              "\(mapping.path).columns.\(column.name)",
              "the mapping \(other.name) writes \(mapping.new)'s column \(column.name) too; give "
                + "both a range of tenants that the other one does not have"))
        }
      }
    }
    return findings
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
