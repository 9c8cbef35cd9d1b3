// SPDX-License-Identifier: Apache-2.0

/// What an index says about its symbols: where they are defined and to which type they belong.
struct IndexSymbols {
  /// A place in a file of the index.
  struct Place: Hashable {
    var file: Int
    var line: Int
    var column: Int
  }

  /// Members of members of members are nested no deeper than this.
  private static let depthLimit = 12

  private let symbols: [IndexedSymbol]
  private var parents: [Int: Int] = [:]
  private var extendedBy: [Int: Int] = [:]
  /// File that defines a symbol.
  private(set) var definitionFile: [Int: Int] = [:]
  /// Place where a type is defined.
  private(set) var definitionPlace: [Int: Place] = [:]

  init(_ store: IndexStore) {
    symbols = store.symbols
    for occurrence in store.occurrences { learn(occurrence) }
  }

  private mutating func learn(_ occurrence: IndexedOccurrence) {
    let isDefinition = occurrence.roles & (IndexRole.definition | IndexRole.declaration) != 0
    let kind = symbols[occurrence.symbol].kind
    if isDefinition {
      definitionFile[occurrence.symbol] = occurrence.file
      if IndexKind.nominals.contains(kind) || kind == IndexKind.typealias {
        definitionPlace[occurrence.symbol] = Place(
          file: occurrence.file, line: occurrence.line, column: occurrence.column)
      }
    }
    for relation in occurrence.relations {
      if relation.roles & IndexRole.childOf != 0, isDefinition,
        relation.symbol != occurrence.symbol, parents[occurrence.symbol] == nil
      {
        parents[occurrence.symbol] = relation.symbol
      }
      if relation.roles & IndexRole.extendedBy != 0 {
        extendedBy[relation.symbol] = occurrence.symbol
      }
    }
  }

  /// The type that a symbol belongs to; types belong to themselves, globals to none.
  func owner(of symbol: Int) -> Int? {
    var current = symbol
    for _ in 0..<Self.depthLimit {
      let kind = symbols[current].kind
      if IndexKind.nominals.contains(kind) { return current }
      if kind == IndexKind.typealias {
        if symbols[current].subkind == IndexKind.associatedType { return nil }
        if parents[current] == nil { return current }
      }
      let next = kind == IndexKind.extension ? extendedBy[current] : parents[current]
      guard let next else { return nil }
      current = next
    }
    return nil
  }

  /// A reference that the code's author wrote, to something that the indexed files define.
  func isWritten(_ occurrence: IndexedOccurrence) -> Bool {
    let symbol = symbols[occurrence.symbol]
    return occurrence.roles & IndexRole.reference != 0 && occurrence.roles & IndexRole.implicit == 0
      && ![IndexKind.module, IndexKind.macro, IndexKind.parameter, IndexKind.extension]
        .contains(symbol.kind)
      && symbol.subkind != IndexKind.associatedType && definitionFile[occurrence.symbol] != nil
  }
}
