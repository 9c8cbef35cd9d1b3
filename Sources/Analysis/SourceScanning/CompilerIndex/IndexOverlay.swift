// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// Puts what the compiler knows over what syntax suggests.
///
/// A reference that both know keeps its kind, which syntax tells better, and takes the compiler's
/// tier. What only the compiler knows is added. What only syntax suggests goes where the index is
/// complete; an index that was made without dependencies only contradicts it where it names another
/// type at the same place.
struct IndexOverlay {
  let table: SymbolTable
  let numbering: TypeNumbering
  let store: IndexStore
  let tier: Reference.Tier
  /// Every reference of a covered file is in the index.
  let isComplete: Bool
  private let symbols: IndexSymbols
  /// File of the model by file of the index.
  private let modelFile: [Int?]
  private let typeAtPlace: [SourcePosition: TypeID]

  /// - Parameter paths: absolute paths of the model's files.
  init(
    table: SymbolTable, numbering: TypeNumbering, store: IndexStore, paths: [String],
    tier: Reference.Tier, isComplete: Bool
  ) {
    self.table = table
    self.numbering = numbering
    self.store = store
    self.tier = tier
    self.isComplete = isComplete
    symbols = IndexSymbols(store)
    let numbers = Dictionary(
      paths.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })
    modelFile = store.files.map { numbers[$0] }
    typeAtPlace = Dictionary(
      numbering.declarations.enumerated()
        .filter { $0.element.kind != .fileScope }
        .map { ($0.element.position, TypeID($0.offset)) }, uniquingKeysWith: { first, _ in first })
  }

  /// Number of files of the model that the index covers.
  var coveredFiles: Int { modelFile.count { $0 != nil } }

  /// - Parameter signals: what syntax found, by file of the model.
  func apply(to signals: inout [FileSignals]) {
    var occurrences: [Int: [IndexedOccurrence]] = [:]
    for occurrence in store.occurrences where symbols.isWritten(occurrence) {
      guard let file = modelFile[occurrence.file] else { continue }
      occurrences[file, default: []].append(occurrence)
    }
    for file in modelFile.compactMap({ $0 }) {
      signals[file] = overlaid(signals[file], with: occurrences[file] ?? [], file: file)
    }
  }

  private struct Key: Hashable {
    var line: Int32
    var column: Int32
  }

  private func overlaid(
    _ found: FileSignals, with occurrences: [IndexedOccurrence], file: Int
  ) -> FileSignals {
    var syntax: [Key: [Reference]] = [:]
    for reference in found.references {
      let key = Key(line: reference.position.line, column: reference.position.column)
      syntax[key, default: []].append(reference)
    }
    let owners = TypeExtents(of: file, in: table, numbering)
    var result = found
    result.references = []
    if isComplete { result.filesUsed = [:] }
    var settled: Set<Key> = []
    for occurrence in occurrences {
      if let target = targetFile(of: occurrence), target != file {
        result.filesUsed[FileID(target), default: 0] += isComplete ? 1 : 0
        if result.filesUsed[FileID(target)] == 0 { result.filesUsed[FileID(target)] = 1 }
      }
      let key = Key(line: Int32(occurrence.line), column: Int32(occurrence.column))
      guard let to = target(of: occurrence) else { continue }
      settled.insert(key)
      let offset = owners.offset(line: occurrence.line, column: occurrence.column)
      guard let from = owners.type(at: offset) ?? numbering.fileScopes[file],
        from != to || syntax[key]?.contains(where: { $0.from == to && $0.to == to }) == true
      else { continue }
      var reference =
        syntax[key]?.first { $0.to == to } ?? made(occurrence, from: from, to: to, file: file)
      reference.from = from
      reference.tier = tier
      reference.isByNameAlone = false
      reference.extensionFile = targetFile(of: occurrence)
        .flatMap { numbering.extensionFile(of: to, $0) }
      if result.references.last != reference { result.references.append(reference) }
    }
    if !isComplete {
      result.references += found.references.filter {
        !settled.contains(Key(line: $0.position.line, column: $0.position.column))
      }
    }
    return result
  }

  private func made(
    _ occurrence: IndexedOccurrence, from: TypeID, to: TypeID, file: Int
  ) -> Reference {
    Reference(
      from: from, to: to, kind: kind(of: occurrence, to: to), tier: tier,
      symbol: baseName(of: occurrence),
      position: SourcePosition(
        file: FileID(file), line: occurrence.line, column: occurrence.column))
  }

  private func baseName(of occurrence: IndexedOccurrence) -> String {
    let name = store.symbols[occurrence.symbol].name
    return String(name.prefix { $0 != "(" })
  }

  private func kind(of occurrence: IndexedOccurrence, to: TypeID) -> Reference.Kind {
    let symbol = store.symbols[occurrence.symbol]
    if numbering.declarations[Int(to.index)].kind == .fileScope { return .global }
    if IndexKind.nominals.contains(symbol.kind) || symbol.kind == IndexKind.typealias {
      return .typeUse
    }
    return symbol.kind == IndexKind.constructor ? .construction : .call
  }

  private func targetFile(of occurrence: IndexedOccurrence) -> Int? {
    symbols.definitionFile[occurrence.symbol].flatMap { modelFile[$0] }
  }

  /// The type whose name or member is referred to; a file's scope for globals and for members that
  /// extend types from elsewhere.
  private func target(of occurrence: IndexedOccurrence) -> TypeID? {
    if let owner = symbols.owner(of: occurrence.symbol),
      let place = symbols.definitionPlace[owner], let file = modelFile[place.file]
    {
      return typeAtPlace[
        SourcePosition(file: FileID(file), line: place.line, column: place.column)]
    }
    return targetFile(of: occurrence).flatMap { numbering.fileScopes[$0] }
  }
}

/// Which type's code stands where in a file.
struct TypeExtents {
  private let extents: [(bytes: Range<UInt32>, type: TypeID?)]
  private let lineStarts: [UInt32]

  init(of file: Int, in table: SymbolTable, _ numbering: TypeNumbering) {
    let facts = table.files[file]
    lineStarts = facts.lineStarts
    extents = facts.declarations.enumerated().compactMap { index, declaration in
      guard let bytes = declaration.extent else { return nil }
      let nominal = table.nominalOfDeclaration[file][index]
      return (bytes, nominal.flatMap { numbering.type(of: $0, in: table) })
    }
  }

  func offset(line: Int, column: Int) -> UInt32 {
    guard lineStarts.indices.contains(line - 1) else { return .max }
    return UInt32(clamping: Int(lineStarts[line - 1]) + column - 1)
  }

  /// The innermost type around an offset: declarations stand in order, inner ones after outer ones.
  func type(at offset: UInt32) -> TypeID? {
    var low = 0
    var high = extents.count
    while low < high {
      let middle = (low + high) / 2
      if extents[middle].bytes.lowerBound <= offset { low = middle + 1 } else { high = middle }
    }
    return extents[..<low].last { $0.bytes.contains(offset) }?.type
  }
}
