// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// Takes the fingerprint of a table whose passes have all run.
struct FingerprintBuilder {
  /// Members and nested types that a walk asks for without their name standing in the file.
  static let unwritten: Set<String> = [
    "init", "subscript", "callAsFunction", "boot", "makeIterator", "next", "Element", "Iterator",
    "AsyncIterator",
  ]

  private let table: SymbolTable
  private let tableNames: TableNames
  private let keys: TableKeys
  private let strings: StaticStrings
  /// Generic parameters with their bounds, of each scope and those around it; empty where only some
  /// are asked for.
  private var generics: [UInt64] = []

  /// - Parameter isPartial: a few pieces will be asked for, not the whole fingerprint.
  init(
    _ table: SymbolTable, _ tableNames: TableNames, _ keys: TableKeys, isPartial: Bool = false
  ) {
    self.table = table
    self.tableNames = tableNames
    self.keys = keys
    strings = StaticStrings(table: table, tableNames: tableNames)
    guard !isPartial else { return }
    generics.reserveCapacity(table.scopes.count)
    // A scope stands after the scope around it.
    for index in table.scopes.indices {
      let outer = table.scopes[index].parent.map { generics[Int($0.index)] } ?? 0
      generics.append(hash(genericsOf: ScopeID(index), in: outer))
    }
  }

  private func generics(of scope: ScopeID) -> UInt64 {
    guard generics.isEmpty else { return generics[Int(scope.index)] }
    return hash(genericsOf: scope, in: table[scope].parent.map { generics(of: $0) } ?? 0)
  }

  /// - Parameter threads: members are hashed on this many; the result does not depend on it.
  func fingerprint(threads: Int) -> TableFingerprint {
    let builder = self
    let hashes = StackedThreads.map(Self.pieces(table.members.count), threads: threads) {
      _, piece in piece.map { builder.hash(MemberID($0)) }
    }.flatMap { $0 }
    let members = { @Sendable (id: MemberID) in hashes[Int(id.index)] }
    let parts = StackedThreads.map(Self.pieces(table.nominals.count), threads: threads) {
      _, piece in
      piece.reduce(into: TableFingerprint()) { builder.add(NominalID($1), members, to: &$0) }
    }
    var print = TableFingerprint()
    print.modules = modules
    print.visibility = table.files.indices.map(visibility)
    for part in parts {
      print.shapes += part.shapes
      print.entries += part.entries
    }
    addModules(members, to: &print)
    print.sort()
    return print
  }

  /// Parts that are worth a thread's time.
  private static func pieces(_ count: Int) -> [Range<Int>] {
    let size = 1_024
    return stride(from: 0, to: count, by: size).map { $0..<min(count, $0 + size) }
  }

  var modules: UInt64 {
    var hash = StableHash()
    for module in Set(table.topLevel.keys).union(table.globals.keys).sorted() { hash.add(module) }
    return hash.value
  }

  func visibility(of file: Int) -> UInt64 {
    var hash = StableHash()
    for module in table.visibleModules[file] { hash.add(module) }
    return hash.value
  }

  // MARK: Pieces

  private typealias MemberHash = (MemberID) -> UInt64

  private func add(_ id: NominalID, _ members: MemberHash, to print: inout TableFingerprint) {
    let nominal = table[id]
    let key = keys[id]
    for (name, found) in nominal.members where !Self.unwritten.contains(name) {
      print.entries.append(
        entry(
          name, in: key, .members, hash: hash(found, members), count: found.count))
    }
    for (name, found) in nominal.nested where !Self.unwritten.contains(name) {
      print.entries.append(entry(name, in: key, .nestedType, hash: hash(found), count: 1))
    }
    print.shapes.append(shape(of: id, members))
  }

  private func hash(_ nested: NominalID) -> UInt64 {
    var hash = StableHash()
    hash.add(keys[nested])
    return hash.value
  }

  private func shape(of id: NominalID, _ members: MemberHash) -> TableFingerprint.Shape {
    let nominal = table[id]
    let key = keys[id]
    // Dictionaries have no order: what is folded into a shape is added up.
    var unwritten: UInt64 = 0
    for name in Self.unwritten {
      if let found = nominal.members[name] {
        unwritten &+= entryKey(key, name, .members) &* hash(found, members)
      }
      if let found = nominal.nested[name] {
        unwritten &+= entryKey(key, name, .nestedType) &* hash(found)
      }
    }
    let isFromElsewhere = nominal.kind == .external
    let hasMore =
      unwritten != 0 || nominal.lineage != [id] || !nominal.externalSupertypes.isEmpty
    return .init(
      key: key, hash: hash(of: id, unwritten),
      origin: !isFromElsewhere ? .tree : hasMore ? .elsewhereWithMore : .elsewhere)
  }

  private func addModules(_ members: MemberHash, to print: inout TableFingerprint) {
    for (module, names) in table.topLevel {
      for (name, found) in names {
        print.entries.append(entry(ofTypes: found, named: name, in: module))
      }
    }
    for (module, names) in table.globals {
      for (name, found) in names {
        print.entries.append(entry(ofGlobals: found, named: name, in: module, members))
      }
    }
  }

  private func entry(
    ofTypes found: [NominalID], named name: String, in module: String
  ) -> Entry {
    var hash = StableHash()
    for id in found {
      hash.add(keys[id])
      hash.add(Int(table[id].access.rawValue))
    }
    return entry(
      name, in: StableHash(module).value, .types, hash: hash.value, count: found.count)
  }

  private func entry(
    ofGlobals found: [MemberID], named name: String, in module: String, _ members: MemberHash
  ) -> Entry {
    entry(
      name, in: StableHash(module).value, .globals, hash: hash(found, members),
      count: found.count)
  }

  private typealias Entry = TableFingerprint.Entry

  /// - Returns: the key of each place, whether or not anything is there, and what is.
  func entry(at place: EntryPlace) -> (key: UInt64, entry: TableFingerprint.Entry?) {
    let members = { hash($0 as MemberID) }
    switch place {
    case .members(let owner, let name):
      let key = keys[owner]
      return (
        entryKey(key, name, .members),
        table[owner].members[name].map {
          entry(name, in: key, .members, hash: hash($0, members), count: $0.count)
        }
      )
    case .nested(let owner, let name):
      let key = keys[owner]
      return (
        entryKey(key, name, .nestedType),
        table[owner].nested[name].map {
          entry(name, in: key, .nestedType, hash: hash($0), count: 1)
        }
      )
    case .type(let module, let name):
      return (
        entryKey(StableHash(module).value, name, .types),
        table.topLevel[module]?[name].map { entry(ofTypes: $0, named: name, in: module) }
      )
    case .global(let module, let name):
      return (
        entryKey(StableHash(module).value, name, .globals),
        table.globals[module]?[name].map {
          entry(ofGlobals: $0, named: name, in: module, members)
        }
      )
    }
  }

  func shape(of id: NominalID) -> TableFingerprint.Shape { shape(of: id) { hash($0) } }

  private func entryKey(_ owner: UInt64, _ name: String, _ kind: Entry.Kind) -> UInt64 {
    var hash = StableHash(name)
    hash.add(owner)
    hash.add(UInt64(kind.rawValue))
    return hash.value
  }

  private func entry(
    _ name: String, in owner: UInt64, _ kind: Entry.Kind, hash: UInt64, count: Int
  ) -> Entry {
    Entry(
      key: entryKey(owner, name, kind), owner: owner, hash: hash,
      name: TableFingerprint.name(name), count: UInt32(clamping: count),
      kind: kind, isFoundAlone: BodyInference.isTelling(name))
  }

  private func hash(of id: NominalID, _ unwritten: UInt64) -> UInt64 {
    let nominal = table[id]
    var hash = StableHash()
    hash.add(unwritten)
    hash.add(Int(nominal.access.rawValue))
    hash.add(nominal.parent.map { keys[$0] } ?? 0)
    for name in nominal.genericParameters { hash.add(name) }
    for other in nominal.lineage { hash.add(keys[other]) }
    hash.add(nominal.supertypes.count)
    for other in nominal.supertypes { hash.add(keys[other]) }
    for name in nominal.externalSupertypes { hash.add(name) }
    hash.add(tableNames[id])
    hash.add(nominal.memberCount >= MemberDeclaration.leastOfLargeType)
    if let scope = nominal.scope {
      hash.add(generics(of: scope))
      // An extension sees the local types around the type that it extends.
      let local = table[scope].parent.map { table[$0].localTypes } ?? [:]
      for name in local.keys.sorted() { hash.add(name) }
    }
    if nominal.isAliasLike {
      add(table.value(of: id, []), to: &hash)
      for bound in nominal.inherited { add(resolved(bound), to: &hash) }
    }
    return hash.value
  }

  private func hash(_ found: [MemberID], _ members: MemberHash) -> UInt64 {
    var hash = StableHash()
    for id in found { hash.add(members(id)) }
    return hash.value
  }

  /// Everything that another file can learn of a member.
  private func hash(_ id: MemberID) -> UInt64 {
    let member = table[id]
    let declaration = table.declaration(of: member)
    var hash = StableHash()
    hash.add(keys[id])
    hash.add(keys.files[member.file])
    hash.add(member.isStatic)
    hash.add(Int(member.access.rawValue))
    hash.add(generics(of: member.scope))
    add(member.type, to: &hash)
    for type in member.parameterTypes { add(type, to: &hash) }
    for parameter in declaration.parameters {
      hash.add(parameter.label)
      hash.add(parameter.defaultValue != nil)
      hash.add(parameter.isVariadic)
    }
    for parameter in declaration.generics.parameters { hash.add(parameter.name) }
    hash.add(declaration.isFailable)
    hash.add(declaration.parent.map { Int(table.files[member.file][$0].kind.rawValue) } ?? -1)
    switch member.kind {
    case .variable, .enumCase:
      hash.add(strings.text(of: id))
      hash.add(strings.reach(of: id))
    case .function, .initializer, .subscript: break
    }
    return hash.value
  }

  // MARK: Types

  private func resolved(_ type: ScopedType) -> InferredType {
    var silent = MentionLog()
    return table.resolve(type.type, in: type.scope, log: &silent)
  }

  private func hash(genericsOf scope: ScopeID, in outer: UInt64) -> UInt64 {
    var names = Set(table[scope].generics.keys)
    if table[scope].isExtension, let extended = table[scope].nominal,
      let inner = table[extended].scope
    {
      names.formUnion(table[inner].generics.keys)
    }
    guard !names.isEmpty else { return outer }
    var hash = StableHash()
    hash.add(outer)
    for name in names.sorted() {
      hash.add(name)
      for bound in table.written(boundsOf: name, in: scope) ?? [] {
        add(resolved(bound), to: &hash)
      }
    }
    return hash.value
  }

  private func add(_ types: [InferredType], to hash: inout StableHash) {
    hash.add(types.count)
    for type in types { add(type, to: &hash) }
  }

  private func add(_ type: InferredType, to hash: inout StableHash) {
    switch type {
    case .unknown: hash.add(1 as UInt64)
    case .nominal(let id, let arguments):
      hash.add(keys[id])
      add(arguments, to: &hash)
    case .external(let name, let arguments):
      hash.add(name)
      add(arguments, to: &hash)
    case .generic(let name, let scope):
      // Its bounds are part of whatever declares it.
      hash.add(4 as UInt64)
      hash.add(name)
      hash.add(keys.files[table[scope].file])
    case .associated(let id):
      hash.add(5 as UInt64)
      hash.add(keys[id])
    case .composition(let parts):
      hash.add(6 as UInt64)
      add(parts, to: &hash)
    case .metatype(let instance):
      hash.add(7 as UInt64)
      add(instance, to: &hash)
    case .function(let parameters, let result):
      hash.add(8 as UInt64)
      add(parameters, to: &hash)
      add(result, to: &hash)
    case .tuple(let elements):
      hash.add(9 as UInt64)
      hash.add(elements.count)
      for element in elements {
        hash.add(element.label)
        add(element.type, to: &hash)
      }
    case .router(let origin):
      hash.add(10 as UInt64)
      hash.add(origin.path)
      hash.add(origin.carrier.map { keys[$0.member] } ?? 0)
      hash.add(origin.carrier?.parameter ?? -1)
    case .query(let id):
      hash.add(11 as UInt64)
      hash.add(keys[id])
    }
  }
}
