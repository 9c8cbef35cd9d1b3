// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// Which table each record type maps to.
struct TableNames: Sendable {
  private static let grdbRecords: Set<String> = [
    "TableRecord", "PersistableRecord", "MutablePersistableRecord",
  ]
  /// Members that name a record's table.
  static let members: Set<String> = ["databaseTableName", "schema"]
  private var names: [NominalID: String] = [:]

  init() {}

  init(table: SymbolTable) {
    self.init(table: table, of: table.nominals.indices.map { NominalID($0) })
  }

  /// - Parameters:
  ///   - nominals: types whose tables are to be found.
  ///   - known: tables of the others.
  init(table: SymbolTable, of nominals: [NominalID], known: [NominalID: String] = [:]) {
    names = known
    let strings = StaticStrings(table: table, tableNames: nil)
    for id in nominals {
      switch table[id].kind {
      case .class, .struct, .enum, .actor: names[id] = Self.name(of: id, table, strings)
      default: continue
      }
    }
  }

  /// Every record type with its table.
  var all: [NominalID: String] { names }

  subscript(id: NominalID) -> String? { names[id] }

  /// The record type and table that a type stands for.
  func table(of type: InferredType) -> (record: NominalID, name: String)? {
    switch type {
    case .nominal(let id, _), .metatype(.nominal(let id, _)), .query(let id):
      names[id].map { (id, $0) }
    default: nil
    }
  }

  private static func name(
    of id: NominalID, _ table: SymbolTable, _ strings: StaticStrings
  ) -> String? {
    let conformances = Set(table[id].lineage.flatMap { table[$0].externalSupertypes })
    if let name = strings.constant("databaseTableName", of: id) { return name }
    let isFluent =
      conformances.contains("Model")
      || table.visibleModules[table[id].file].contains { $0.hasPrefix("Fluent") }
    if isFluent, let name = strings.constant("schema", of: id) { return name }
    return conformances.isDisjoint(with: grdbRecords) ? nil : defaultName(table[id].name)
  }

  /// GRDB's default: `Player` is `player`, `HTTPRequest` is `httpRequest`, `TOEFL` is `toefl`.
  static func defaultName(_ typeName: String) -> String {
    let capitals = typeName.prefix { $0.isUppercase }
    if capitals.count == typeName.count || capitals.count <= 1 {
      return capitals.lowercased() + typeName.dropFirst(capitals.count)
    }
    return capitals.dropLast().lowercased() + typeName.dropFirst(capitals.count - 1)
  }

  /// One `maps` use for each record type.
  func mappings(in table: SymbolTable, numbering: TypeNumbering) -> [TableUse] {
    names.keys.sorted().compactMap { id in
      guard let name = names[id], let type = numbering.type(of: id, in: table) else { return nil }
      return TableUse(
        table: name, access: .maps, type: type, function: "", inTransaction: false,
        position: numbering.declarations[Int(type.index)].position)
    }
  }
}
