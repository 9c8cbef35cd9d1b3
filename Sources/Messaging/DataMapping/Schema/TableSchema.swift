// SPDX-License-Identifier: Apache-2.0

/// What kind of store it is, and so which SQL it understands.
package enum StoreKind: String, Sendable, Hashable {
  case sqlite = "SQLite"
  case postgreSQL = "PostgreSQL"
}

/// A column as its store has it.
package struct ColumnSchema: Sendable, Hashable {
  package let name: String
  package let type: ColumnType
  /// As the store calls it.
  package let declaredType: String
  package let isNullable: Bool
  /// Whether a row that does not name it gets a value that is not NULL.
  package let hasDefault: Bool
  /// Computed by the store; nobody can write it.
  package let isGenerated: Bool
  /// Whether a row that does not name it gets the next number of a sequence, which knows nothing of
  /// rows that did.
  package let isNumbered: Bool

  package init(
    _ name: String, _ type: ColumnType, declaredType: String? = nil, isNullable: Bool = false,
    hasDefault: Bool = false, isGenerated: Bool = false, isNumbered: Bool = false
  ) {
    self.name = name
    self.type = type
    self.declaredType = declaredType ?? type.description
    self.isNullable = isNullable
    self.hasDefault = hasDefault
    self.isGenerated = isGenerated
    self.isNumbered = isNumbered
  }

  /// Whether whoever adds a row has to name it.
  package var isRequired: Bool { !isNullable && !hasDefault && !isGenerated }
}

/// A table as its store has it.
package struct TableSchema: Sendable, Hashable {
  package let name: String
  package let columns: [ColumnSchema]
  /// Empty without one.
  package let primaryKey: [String]
  /// Columns no two rows agree in, the primary key among them.
  package let uniqueKeys: [[String]]
  /// The tables that rows of this one refer to.
  package let references: [String]

  package init(
    _ name: String, columns: [ColumnSchema], primaryKey: [String] = [],
    uniqueKeys: [[String]] = [], references: [String] = []
  ) {
    self.name = name
    self.columns = columns
    self.primaryKey = primaryKey
    self.uniqueKeys = (primaryKey.isEmpty ? [] : [primaryKey]) + uniqueKeys
    self.references = references
  }

  package func column(_ name: String) -> ColumnSchema? { columns.first { $0.name == name } }

  /// Whether no two rows agree in these columns.
  package func isUnique(_ columns: [String]) -> Bool {
    uniqueKeys.contains { Set($0).isSubset(of: columns) }
  }
}

/// The part of a store that mappings are about.
package struct StoreSchema: Sendable, Hashable {
  package let kind: StoreKind
  /// All of them, for what a misspelt name may have meant.
  package let tableNames: [String]
  /// How texts are encoded; anything but UTF-8 is refused.
  package let encoding: String
  private let tables: [String: TableSchema]

  package init(
    _ kind: StoreKind, encoding: String = "UTF8", tableNames: [String]? = nil,
    tables: [TableSchema]
  ) {
    self.kind = kind
    self.encoding = encoding
    self.tableNames = tableNames ?? tables.map(\.name)
    self.tables = Dictionary(tables.map { ($0.name, $0) }) { first, _ in first }
  }

  package func table(_ name: String) -> TableSchema? { tables[name] }
}
