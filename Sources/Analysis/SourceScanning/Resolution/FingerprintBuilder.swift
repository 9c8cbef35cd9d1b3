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
  /// Generic parameters with their bounds, of each scope and those around it.
  private var generics: [UInt64] = []

  init(_ table: SymbolTable, _ tableNames: TableNames, _ keys: TableKeys) {
    self.table = table
    self.tableNames = tableNames
    self.keys = keys
    strings = StaticStrings(table: table, tableNames: tableNames)
    generics.reserveCapacity(table.scopes.count)
    // A scope stands after the scope around it.
    for scope in table.scopes {
      let outer = scope.parent.map { generics[Int($0.index)] } ?? 0
      generics.append(scope.generics.isEmpty ? outer : hash(scope.generics, in: outer))
    }
  }

  /// - Parameter threads: members are hashed on this many; the result does not depend on it.
  func fingerprint(threads: Int) -> TableFingerprint {
    let builder = self
    let members = StackedThreads.map(Self.pieces(table.members.count), threads: threads) {
      _, piece in piece.map { builder.hash(MemberID($0)) }
    }.flatMap { $0 }
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
    print.shapes.sort { $0.key < $1.key }
    print.entries.sort { $0.key < $1.key }
    return print
  }

  /// Parts that are worth a thread's time.
  private static func pieces(_ count: Int) -> [Range<Int>] {
    let size = 1_024
    return stride(from: 0, to: count, by: size).map { $0..<min(count, $0 + size) }
  }

  private var modules: UInt64 {
    var hash = StableHash()
    for module in Set(table.topLevel.keys).union(table.globals.keys).sorted() { hash.add(module) }
    return hash.value
  }

  private func visibility(of file: Int) -> UInt64 {
    var hash = StableHash()
    for module in table.visibleModules[file] { hash.add(module) }
    return hash.value
  }

  // MARK: Pieces

  private func add(_ id: NominalID, _ members: [UInt64], to print: inout TableFingerprint) {
    let nominal = table[id]
    let key = keys[id]
    // Dictionaries have no order: what is folded into a shape is added up.
    var unwritten: UInt64 = 0
    for (name, found) in nominal.members {
      let hash = hash(found, members)
      if Self.unwritten.contains(name) {
        unwritten &+= entryKey(key, name, .members) &* hash
      } else {
        print.entries.append(
          entry(name, in: key, .members, hash: hash, count: found.count))
      }
    }
    for (name, found) in nominal.nested {
      var hash = StableHash()
      hash.add(keys[found])
      if Self.unwritten.contains(name) {
        unwritten &+= entryKey(key, name, .nestedType) &* hash.value
      } else {
        print.entries.append(entry(name, in: key, .nestedType, hash: hash.value, count: 1))
      }
    }
    let isFromElsewhere = nominal.kind == .external
    let hasMore =
      unwritten != 0 || nominal.lineage != [id] || !nominal.externalSupertypes.isEmpty
    print.shapes.append(
      .init(
        key: key, hash: shape(of: id, unwritten),
        origin: !isFromElsewhere ? .tree : hasMore ? .elsewhereWithMore : .elsewhere))
  }

  private func addModules(_ members: [UInt64], to print: inout TableFingerprint) {
    for (module, names) in table.topLevel {
      for (name, found) in names {
        var hash = StableHash()
        for id in found {
          hash.add(keys[id])
          hash.add(Int(table[id].access.rawValue))
        }
        print.entries.append(
          entry(
            name, in: StableHash(module).value, .types, hash: hash.value, count: found.count))
      }
    }
    for (module, names) in table.globals {
      for (name, found) in names {
        print.entries.append(
          entry(
            name, in: StableHash(module).value, .globals, hash: hash(found, members),
            count: found.count))
      }
    }
  }

  private typealias Entry = TableFingerprint.Entry

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

  private func shape(of id: NominalID, _ unwritten: UInt64) -> UInt64 {
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
      hash.add(generics[Int(scope.index)])
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

  private func hash(_ found: [MemberID], _ members: [UInt64]) -> UInt64 {
    var hash = StableHash()
    for id in found { hash.add(members[Int(id.index)]) }
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
    hash.add(generics[Int(member.scope.index)])
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

  private func hash(_ generics: [String: [ScopedType]], in outer: UInt64) -> UInt64 {
    var hash = StableHash()
    hash.add(outer)
    for name in generics.keys.sorted() {
      hash.add(name)
      for bound in generics[name] ?? [] { add(resolved(bound), to: &hash) }
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
