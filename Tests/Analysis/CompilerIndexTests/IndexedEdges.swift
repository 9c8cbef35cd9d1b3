// SPDX-License-Identifier: Apache-2.0
@testable import SourceScanning

/// An edge between two types, by the places of their declarations: `path:line:column`.
struct TypeEdge: Hashable {
  var from: String
  var to: String
}

/// An edge between two files, by path.
struct FileEdge: Hashable {
  var from: String
  var to: String
}

/// Type edges as the compiler's index tells them.
struct IndexedEdges {
  private let index: IndexStore
  private let ranges: [TypeRanges]
  private var parents: [Int: Int] = [:]
  private var definitionFile: [Int: Int] = [:]
  private var definitionPlace: [Int: String] = [:]
  /// Symbol of a type that is defined, or extended, at a place.
  private var symbolAt: [String: Int] = [:]
  private var extendedAt: [String: Int] = [:]
  private var extendedBy: [Int: Int] = [:]
  /// What makes an edge, for people.
  private var examples: [TypeEdge: String] = [:]

  init(_ index: IndexStore, sources: [String]) {
    self.index = index
    ranges = sources.map(TypeRanges.init)
    for occurrence in index.occurrences { learn(occurrence) }
  }

  private func place(_ file: Int, _ line: Int, _ column: Int) -> String {
    "\(index.files[file]):\(line):\(column)"
  }

  private mutating func learn(_ occurrence: IndexedOccurrence) {
    let here = place(occurrence.file, occurrence.line, occurrence.column)
    let isDefinition = occurrence.roles & (IndexRole.definition | IndexRole.declaration) != 0
    let kind = index.symbols[occurrence.symbol].kind
    if isDefinition {
      definitionFile[occurrence.symbol] = occurrence.file
      if IndexKind.nominals.contains(kind) || kind == IndexKind.typealias {
        definitionPlace[occurrence.symbol] = here
        symbolAt[here] = occurrence.symbol
      }
    }
    for relation in occurrence.relations {
      if relation.roles & IndexRole.childOf != 0, isDefinition,
        relation.symbol != occurrence.symbol,
        parents[occurrence.symbol] == nil
      {
        parents[occurrence.symbol] = relation.symbol
      }
      if relation.roles & IndexRole.extendedBy != 0 {
        extendedBy[relation.symbol] = occurrence.symbol
        extendedAt[here] = occurrence.symbol
      }
    }
  }

  /// The type that a symbol belongs to; types belong to themselves.
  func owner(of symbol: Int) -> Int? {
    var current = symbol
    for _ in 0..<12 {
      let kind = index.symbols[current].kind
      if IndexKind.nominals.contains(kind) { return current }
      if kind == IndexKind.typealias {
        if index.symbols[current].subkind == IndexKind.associatedType { return nil }
        if parents[current] == nil { return current }
      }
      let next = kind == IndexKind.extension ? extendedBy[current] : parents[current]
      guard let next else { return nil }
      current = next
    }
    return nil
  }

  /// Every reference from the code of one type to another type of the indexed files or its members.
  mutating func edges() -> Set<TypeEdge> {
    var edges: Set<TypeEdge> = []
    for occurrence in index.occurrences where counts(occurrence) {
      guard let target = owner(of: occurrence.symbol), let to = definitionPlace[target],
        let around = ranges[occurrence.file].innermost(
          line: occurrence.line, column: occurrence.column)
      else { continue }
      let here = place(occurrence.file, around.line, around.column)
      guard let named = around.isExtension ? extendedAt[here] : symbolAt[here],
        let source = owner(of: named), let from = definitionPlace[source], from != to
      else { continue }
      let edge = TypeEdge(from: from, to: to)
      edges.insert(edge)
      examples[edge] =
        examples[edge] ?? "by \(index.symbols[occurrence.symbol].name) at "
        + place(occurrence.file, occurrence.line, occurrence.column)
    }
    return edges
  }

  /// Every file that names something which another one defines.
  func fileEdges() -> Set<FileEdge> {
    var edges: Set<FileEdge> = []
    for occurrence in index.occurrences where counts(occurrence) {
      guard let target = definitionFile[occurrence.symbol], target != occurrence.file
      else { continue }
      edges.insert(FileEdge(from: index.files[occurrence.file], to: index.files[target]))
    }
    return edges
  }

  private func counts(_ occurrence: IndexedOccurrence) -> Bool {
    let symbol = index.symbols[occurrence.symbol]
    return occurrence.roles & IndexRole.reference != 0 && occurrence.roles & IndexRole.implicit == 0
      && ![IndexKind.module, IndexKind.macro, IndexKind.parameter, IndexKind.extension]
        .contains(symbol.kind)
      && symbol.subkind != IndexKind.associatedType
      && definitionFile[occurrence.symbol] != nil
  }

  func isKnown(_ place: String) -> Bool { symbolAt[place] != nil }

  func text(_ edge: FileEdge) -> String {
    let places = index.occurrences.filter {
      index.files[$0.file] == edge.from && counts($0)
        && definitionFile[$0.symbol].map { index.files[$0] } == edge.to
    }
    let shown = places.prefix(3).map { "\(index.symbols[$0.symbol].name):\($0.line)" }
    func short(_ path: String) -> String {
      path.split(separator: "/").suffix(2).joined(separator: "/")
    }
    return "file \(short(edge.from)) -> \(short(edge.to)) \(shown.joined(separator: " "))"
  }

  func text(_ edge: TypeEdge) -> String {
    "\(name(edge.from)) -> \(name(edge.to)) \(edge.from) \(examples[edge] ?? "")"
  }

  private func name(_ place: String) -> String {
    symbolAt[place].map { index.symbols[$0].name } ?? place
  }
}
