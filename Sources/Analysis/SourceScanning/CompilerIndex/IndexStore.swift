// SPDX-License-Identifier: Apache-2.0
import CIndexStore

/// A symbol of the compiler's index.
struct IndexedSymbol {
  var name: String
  var kind: Int32
  var subkind: Int32
}

/// A place where the compiler saw a symbol.
struct IndexedOccurrence {
  struct Relation {
    var symbol: Int
    var roles: UInt64
  }
  var file: Int
  var symbol: Int
  var line: Int
  var column: Int
  var roles: UInt64
  var relations: [Relation]
}

/// Bits of `IndexedOccurrence.roles`, as libIndexStore defines them.
enum IndexRole {
  static let declaration: UInt64 = 1 << 0
  static let definition: UInt64 = 1 << 1
  static let reference: UInt64 = 1 << 2
  static let implicit: UInt64 = 1 << 8
  static let childOf: UInt64 = 1 << 9
  static let extendedBy: UInt64 = 1 << 14
}

/// Kinds of `IndexedSymbol`, as libIndexStore defines them.
enum IndexKind {
  static let module: Int32 = 1
  static let macro: Int32 = 4
  static let nominals: ClosedRange<Int32> = 5...8
  static let `extension`: Int32 = 9
  static let `typealias`: Int32 = 11
  static let constructor: Int32 = 22
  static let parameter: Int32 = 25
  static let associatedType: Int32 = 1013
}

/// Occurrences of all files of a store that a filter lets through.
///
/// A store keeps what it ever held: of each file the newest unit counts, and none that is older
/// than the file.
final class IndexStore {
  private static let recordDependency: Int32 = 2

  private(set) var files: [String] = []
  private(set) var symbols: [IndexedSymbol] = []
  private(set) var occurrences: [IndexedOccurrence] = []

  private var functions = indexstore_functions()
  private var symbolOfUSR: [String: Int] = [:]
  private var relations: [IndexedOccurrence.Relation] = []

  /// Files whose newest unit is older than they are.
  private(set) var staleFiles: [String] = []

  /// - Parameters:
  ///   - modified: when a file was last written, in nanoseconds since 1970; `nil` for files that
  ///     are gone or do not matter.
  init(
    library: String, store path: String, modified: (String) -> Int64?
  ) throws(IndexUnavailable) {
    if let problem = indexstore_load(library, &functions) {
      throw IndexUnavailable(reason: "\(library): " + String(cString: problem))
    }
    var error: UnsafeMutableRawPointer?
    guard let store = functions.store_create(path, &error) else {
      throw IndexUnavailable(reason: "there is no index store at \(path)")
    }
    defer { functions.store_dispose(store) }
    var newest: [String: (record: String, time: Int64)] = [:]
    for unit in unitNames(of: store) {
      let time = modificationTime(of: unit, in: store)
      for (file, record) in recordFiles(of: unit, in: store)
      where time > newest[file]?.time ?? .min && modified(file) != nil {
        newest[file] = (record, time)
      }
    }
    for (file, unit) in newest.sorted(by: { $0.key < $1.key }) {
      guard let written = modified(file), written <= unit.time else {
        staleFiles.append(file)
        continue
      }
      files.append(file)
      read(unit.record, of: store)
    }
  }

  private func modificationTime(of unit: String, in store: UnsafeMutableRawPointer) -> Int64 {
    var seconds: Int64 = 0
    var nanoseconds: Int64 = 0
    var error: UnsafeMutableRawPointer?
    _ = functions.store_get_unit_modification_time(store, unit, &seconds, &nanoseconds, &error)
    return FileTime.nanoseconds(seconds: seconds, nanoseconds: nanoseconds)
  }

  private func text(_ raw: indexstore_text) -> String {
    String(decoding: UnsafeRawBufferPointer(start: raw.data, count: raw.length), as: UTF8.self)
  }

  private final class Names { var names: [String] = [] }

  private func unitNames(of store: UnsafeMutableRawPointer) -> [String] {
    let found = Names()
    _ = functions.store_units_apply(store, 1, Unmanaged.passUnretained(found).toOpaque()) {
      context, name in
      guard let context else { return false }
      Unmanaged<Names>.fromOpaque(context).takeUnretainedValue().names.append(
        String(
          decoding: UnsafeRawBufferPointer(start: name.data, count: name.length), as: UTF8.self))
      return true
    }
    return found.names
  }

  private final class Records {
    let store: IndexStore
    var records: [(file: String, record: String)] = []
    init(_ store: IndexStore) { self.store = store }
  }

  private func recordFiles(
    of unit: String, in store: UnsafeMutableRawPointer
  ) -> [(file: String, record: String)] {
    var error: UnsafeMutableRawPointer?
    guard let reader = functions.unit_reader_create(store, unit, &error) else { return [] }
    defer { functions.unit_reader_dispose(reader) }
    guard !functions.unit_reader_is_system_unit(reader) else { return [] }
    let found = Records(self)
    _ = functions.unit_reader_dependencies_apply(
      reader, Unmanaged.passUnretained(found).toOpaque()
    ) { context, dependency in
      guard let context else { return false }
      let found = Unmanaged<Records>.fromOpaque(context).takeUnretainedValue()
      let functions = found.store.functions
      if functions.unit_dependency_get_kind(dependency) == IndexStore.recordDependency {
        found.records.append(
          (
            file: found.store.text(functions.unit_dependency_get_filepath(dependency)),
            record: found.store.text(functions.unit_dependency_get_name(dependency))
          ))
      }
      return true
    }
    return found.records
  }

  private func read(_ record: String, of store: UnsafeMutableRawPointer) {
    var error: UnsafeMutableRawPointer?
    guard let reader = functions.record_reader_create(store, record, &error) else { return }
    defer { functions.record_reader_dispose(reader) }
    _ = functions.record_reader_occurrences_apply(
      reader, Unmanaged.passUnretained(self).toOpaque()
    ) { context, occurrence in
      guard let context, let occurrence else { return false }
      Unmanaged<IndexStore>.fromOpaque(context).takeUnretainedValue().add(occurrence)
      return true
    }
  }

  private func add(_ occurrence: UnsafeMutableRawPointer) {
    relations.removeAll()
    _ = functions.occurrence_relations_apply(
      occurrence, Unmanaged.passUnretained(self).toOpaque()
    ) { context, relation in
      guard let context else { return false }
      let store = Unmanaged<IndexStore>.fromOpaque(context).takeUnretainedValue()
      guard let symbol = store.functions.symbol_relation_get_symbol(relation) else { return true }
      store.relations.append(
        .init(
          symbol: store.index(of: symbol),
          roles: store.functions.symbol_relation_get_roles(relation)))
      return true
    }
    guard let symbol = functions.occurrence_get_symbol(occurrence) else { return }
    var line: UInt32 = 0
    var column: UInt32 = 0
    functions.occurrence_get_line_col(occurrence, &line, &column)
    guard let place = Self.place(line: line, column: column) else { return }
    occurrences.append(
      IndexedOccurrence(
        file: files.count - 1, symbol: index(of: symbol), line: place.line, column: place.column,
        roles: functions.occurrence_get_roles(occurrence), relations: relations))
  }

  /// A place as the model counts; `nil` for what stands nowhere. Indexes of other compilers give
  /// column 0 to what they made up themselves.
  static func place(line: UInt32, column: UInt32) -> (line: Int, column: Int)? {
    guard line > 0, let line = Int32(exactly: line), let column = Int32(exactly: column) else {
      return nil
    }
    return (Int(line), max(1, Int(column)))
  }

  private func index(of symbol: UnsafeMutableRawPointer) -> Int {
    let usr = text(functions.symbol_get_usr(symbol))
    if let known = symbolOfUSR[usr] { return known }
    symbolOfUSR[usr] = symbols.count
    symbols.append(
      IndexedSymbol(
        name: text(functions.symbol_get_name(symbol)), kind: functions.symbol_get_kind(symbol),
        subkind: functions.symbol_get_subkind(symbol)))
    return symbols.count - 1
  }
}
