// SPDX-License-Identifier: Apache-2.0

/// Brings the symbol table of an earlier run up to date where a few files changed, without visiting
/// the others.
///
/// What those files declared is taken out and what they declare now is put in; what both have keeps
/// its number. Where what comes out may not be what building the table anew gives, there is no
/// table: the result of this is the same one, or none.
struct TableUpdate {
  private(set) var table: SymbolTable
  /// Places that may hold something else than before.
  private(set) var places: Set<EntryPlace> = []
  /// Types in which something may have changed that no name tells of.
  private(set) var shapes: Set<NominalID> = []
  /// Types whose number of members may be another one.
  private(set) var grown: Set<NominalID> = []
  /// Types whose supertypes are to be resolved.
  private var inheriting: Set<NominalID> = []
  /// Types that are not there any more.
  private var gone: Set<NominalID> = []
  /// Types that the changed files declared before.
  private(set) var before: [NominalID] = []
  private(set) var membersBefore: Set<MemberID> = []
  /// Raised when somebody asks for what is not there any more.
  let doubt = Doubt()
  private let kept: KeptTable
  private let dirty: [Int]
  private let isDirty: Set<Int>
  /// What other files declare in a type that a changed file declares.
  private var others: [NominalID: Nominal] = [:]

  /// - Parameters:
  ///   - files: facts of all files, read when they are asked for.
  ///   - dirty: indices of the files that are declared anew, sorted.
  ///   - keys: of the files.
  init?(_ kept: KeptTable, files: Records<FileFacts>, dirty: [Int], keys: [UInt64]) {
    self.kept = kept
    self.dirty = dirty
    isDirty = Set(dirty)
    table = SymbolTable(kept: kept, files: files)
    guard takeOut() else { return nil }
    bury()
    let keys = TableKeys(
      nominals: KeyList(kept: kept.nominalKeys), members: KeyList(kept: kept.memberKeys),
      // The last one is that of what is not there any more.
      files: keys + [0])
    table.numbers = EarlierNumbers(
      keys: keys, nominals: before, members: Array(membersBefore))
    guard putIn() else { return nil }
  }

  /// Types that the changed files declare now, and types from elsewhere that are new.
  var now: [NominalID] { table.numbers?.takenNominals ?? [] }
  /// Members that they declare now, by key.
  var membersNow: [UInt64: MemberID] { table.numbers?.takenMembers ?? [:] }

  // MARK: What was there

  private mutating func takeOut() -> Bool {
    var targets: Set<NominalID> = []
    var extensions: [NominalID: Int] = [:]
    for file in dirty {
      let declared = kept.declarations[file]
      for (index, nominal) in declared.nominals.enumerated() {
        guard let id = nominal else { continue }
        let record = table[id]
        if record.kind != .external, record.file == file, record.declaration == Handle(index) {
          before.append(id)
        } else {
          targets.insert(id)
          extensions[id, default: 0] += 1
        }
      }
      for case let id? in declared.members {
        membersBefore.insert(id)
        takeOut(id)
      }
    }
    for (id, count) in extensions { table[id].extensionCount -= count }
    for id in before { takeOut(id) }
    for id in targets.union(before) {
      if table[id].isIrregular { return false }
      let inherited = table[id].inherited.filter { !isDirty.contains(table[$0.scope].file) }
      if inherited.count != table[id].inherited.count {
        table[id].inherited = inherited
        inheriting.insert(id)
      }
    }
    for id in before { others[id] = table[id] }
    for id in targets where table[id].kind == .external && table[id].extensionCount == 0 {
      table.externals[table[id].name] = nil
      before.append(id)
      shapes.insert(id)
    }
    return true
  }

  private mutating func takeOut(_ id: MemberID) {
    let member = table[id]
    guard let owner = member.owner else {
      let module = table.files[member.file].module
      places.insert(.global(module: module, name: member.name))
      table.globals[module]?[member.name]?.removeAll { $0 == id }
      Self.dropEmpty(&table.globals, module, member.name)
      return
    }
    note(member, of: owner)
    table[owner].memberCount -= 1
    table[owner].members[member.name]?.removeAll { $0 == id }
    if table[owner].members[member.name]?.isEmpty == true {
      table[owner].members[member.name] = nil
    }
    table.membersByName[member.name] = table.membersByName[member.name]?.filter { $0 != id }
  }

  private mutating func takeOut(_ id: NominalID) {
    let nominal = table[id]
    shapes.insert(id)
    if let parent = nominal.parent, table[parent].nested[nominal.name] == id {
      table[parent].nested[nominal.name] = nil
      note(nestedType: nominal.name, of: parent)
    }
    let module = table.files[nominal.file].module
    guard table.topLevel[module]?[nominal.name]?.contains(id) == true else { return }
    places.insert(.type(module: module, name: nominal.name))
    table.topLevel[module]?[nominal.name]?.removeAll { $0 == id }
    Self.dropEmpty(&table.topLevel, module, nominal.name)
  }

  private static func dropEmpty<ID>(
    _ names: inout [String: [String: [ID]]], _ module: String, _ name: String
  ) {
    if names[module]?[name]?.isEmpty == true { names[module]?[name] = nil }
    if names[module]?.isEmpty == true { names[module] = nil }
  }

  private mutating func note(_ member: Member, of owner: NominalID) {
    if FingerprintBuilder.unwritten.contains(member.name) {
      shapes.insert(owner)
    } else {
      places.insert(.members(of: owner, name: member.name))
    }
    grown.insert(owner)
  }

  private mutating func note(nestedType name: String, of owner: NominalID) {
    if FingerprintBuilder.unwritten.contains(name) {
      shapes.insert(owner)
    } else {
      places.insert(.nested(in: owner, name: name))
    }
  }

  private mutating func bury() {
    let isDirty = isDirty
    let graveyard = table.files.count - 1
    table.nominals.bury(
      Nominal(name: "", kind: .external, file: graveyard), doubt: doubt
    ) { $0.kind != .external && isDirty.contains($0.file) }
    table.members.bury(.standIn(file: graveyard), doubt: doubt) { isDirty.contains($0.file) }
    table.scopes.bury(Scope(parent: nil, nominal: nil, file: graveyard), doubt: doubt) {
      isDirty.contains($0.file)
    }
    // Read before they were buried: nobody may take them for what is there now.
    for id in before where table[id].kind != .external {
      table.nominals.restore(Int(id.index))
    }
  }

  // MARK: What is there now

  private mutating func putIn() -> Bool {
    for file in dirty {
      guard table.files[file].exported == kept.declarations[file].exported else { return false }
      let count = table.files[file].declarations.count
      table.nominalOfDeclaration[file] = Array(repeating: nil, count: count)
      table.memberOfDeclaration[file] = Array(repeating: nil, count: count)
      let visible = ModuleVisibility.visibleModules(
        of: table.files[file], kept.names.exported)
      table.visibleModules[file] = visible
      table.visibleModuleSets[file] = Set(visible)
    }
    for file in dirty { table.declareFile(file) }
    let pending = table.pendingExtensions
    table.pendingExtensions = []
    guard putBackOthers() else { return false }
    table.foundInSupertype = doubt
    resolveSupertypes(of: now)
    guard bind(pending) else { return false }
    gone = Set(before).subtracting(now)
    noteWhatIsDeclared()
    shapes.formUnion(inheriting)
    sortWhatIsDeclared()
    resolveSupertypes(of: Array(inheriting.union(now).subtracting(gone)))
    table.foundInSupertype = nil
    for id in membersNow.values {
      let signature = table.signature(of: table[id])
      table[id].type = signature.type
      table[id].parameterTypes = signature.parameters
    }
    return !shapes.union(grown).subtracting(gone).contains { table[$0].isIrregular }
  }

  /// Whether a type was not taken out for good.
  func isThere(_ id: NominalID) -> Bool { !gone.contains(id) }

  /// A type that is declared anew keeps what others have declared in it.
  private mutating func putBackOthers() -> Bool {
    for id in now {
      guard let other = others.removeValue(forKey: id) else { continue }
      for (name, members) in other.members {
        table[id].members[name, default: []] += members
      }
      for (name, nested) in other.nested {
        guard table[id].nested[name] == nil else { return false }
        table[id].nested[name] = nested
      }
      table[id].memberCount += other.memberCount
      table[id].extensionCount += other.extensionCount
      table[id].inherited += other.inherited
    }
    return true
  }

  private mutating func resolveSupertypes(of ids: [NominalID]) {
    for id in ids {
      let supertypes = table.supertypes(of: id)
      table[id].supertypes = supertypes.declared
      table[id].externalSupertypes = supertypes.external
    }
    for id in ids { table[id].lineage = table.lineage(of: id) }
  }

  // MARK: Extensions

  private enum Target {
    /// A type that is found where it is declared.
    case type(NominalID)
    case elsewhere
    /// A nested type that is not declared, or not yet.
    case missing
    /// Found in a way whose order of steps matters.
    case unclear
  }

  private mutating func bind(_ extensions: [SymbolTable.PendingExtension]) -> Bool {
    var pending = extensions
    guard pending.allSatisfy({ table.files[$0.file][$0.declaration].parent == nil }) else {
      return false
    }
    for round in 1...Self.rounds where !pending.isEmpty {
      table.round = round
      var later: [SymbolTable.PendingExtension] = []
      for item in pending {
        guard case .type(let id) = target(of: item), table[id].birth < round else {
          later.append(item)
          continue
        }
        // What a round before this one could have found, it would have.
        guard table[id].birth == round - 1 else { return false }
        noteExtended(id, item)
        table.bind(item, to: id)
      }
      // Extensions declare types as well.
      guard putBackOthers() else { return false }
      pending = later
    }
    for item in pending {
      guard case .elsewhere = target(of: item) else { return false }
      let name = table.externalName(item)
      table.bind(item, toTypeFromElsewhere: name)
      if let id = table.externals[name] { noteExtended(id, item) }
    }
    table.round = 0
    return putBackOthers() && table.pendingExtensions.isEmpty
  }

  /// Rounds in which types of the tree are extended, one less than there may be.
  private static let rounds = 3

  private mutating func noteExtended(
    _ id: NominalID, _ item: SymbolTable.PendingExtension
  ) {
    if !table.files[item.file][item.declaration].inherited.isEmpty { inheriting.insert(id) }
    grown.insert(id)
  }

  private func target(of item: SymbolTable.PendingExtension) -> Target {
    guard let type = table.files[item.file][item.declaration].type else { return .unclear }
    return target(type, in: item.file)
  }

  private func target(_ type: TypeExpression.ID, in file: Int) -> Target {
    let facts = table.files[file]
    switch facts[type] {
    case .named("Self", _), .named("Any", _), .named("AnyObject", _): return .unclear
    case .named(let name, _):
      return table.topLevelType(name, seenFrom: file).map(plain) ?? .elsewhere
    case .member(let base, let name, _):
      if case .named(let module, _) = facts[base], let names = table.topLevel[module],
        table.topLevelType(module, seenFrom: file) == nil, let found = names[name]?.first
      {
        return plain(found)
      }
      guard case .type(let outer) = target(base, in: file) else { return .unclear }
      // What a supertype declares hides what is declared in a later round.
      guard
        !table[outer].lineage.contains(where: { $0 != outer && table[$0].nested[name] != nil })
      else { return .unclear }
      return table[outer].nested[name].map(plain) ?? .missing
    case .array, .optional, .dictionary: return .elsewhere
    default: return .unclear
    }
  }

  private func plain(_ id: NominalID) -> Target {
    table[id].isAliasLike || table[id].kind == .external ? .unclear : .type(id)
  }

  // MARK: Order

  private mutating func noteWhatIsDeclared() {
    for id in now where table[id].kind != .external {
      shapes.insert(id)
      let (name, module) = (table[id].name, table.files[table[id].file].module)
      if let parent = table[id].parent, table[parent].nested[name] == id {
        note(nestedType: name, of: parent)
      }
      if table.topLevel[module]?[name]?.contains(id) == true {
        places.insert(.type(module: module, name: name))
      }
    }
    for id in now where table[id].kind == .external { shapes.insert(id) }
    for id in membersNow.values {
      let member = table[id]
      if let owner = member.owner {
        note(member, of: owner)
      } else {
        places.insert(.global(module: table.files[member.file].module, name: member.name))
      }
    }
  }

  /// Puts what stands under one name in the order of files in which a whole table has it.
  private mutating func sortWhatIsDeclared() {
    for place in places {
      switch place {
      case .members(let owner, let name): sortMembers(of: owner, named: name)
      case .nested: break
      case .type(let module, let name):
        let found = table.topLevel[module]?[name]?.sorted {
          Self.order(table[$0]) < Self.order(table[$1])
        }
        table.topLevel[module]?[name] = found
      case .global(let module, let name):
        let found = table.globals[module]?[name]?.sorted {
          Self.order(table[$0]) < Self.order(table[$1])
        }
        table.globals[module]?[name] = found
      }
    }
    for id in shapes.subtracting(gone) {
      for name in FingerprintBuilder.unwritten { sortMembers(of: id, named: name) }
      let own = table[id].scope
      let sorted = table[id].inherited.enumerated().map { offset, type in
        (type.scope == own ? -1 : table[type.scope].file, offset, type)
      }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
      table[id].inherited = sorted.map(\.2)
    }
  }

  private static func order(_ nominal: Nominal) -> (Int, Int) {
    (nominal.file, Int(nominal.declaration?.index ?? 0))
  }

  private static func order(_ member: Member) -> (Int, Int, Int) {
    (member.isInExtension ? 1 : 0, member.file, Int(member.declaration.index))
  }

  private mutating func sortMembers(of owner: NominalID, named name: String) {
    guard isThere(owner), let members = table[owner].members[name], members.count > 1 else {
      return
    }
    let sorted = members.sorted { Self.order(table[$0]) < Self.order(table[$1]) }
    table[owner].members[name] = sorted
    let rest = (table.membersByName[name] ?? []).filter { table[$0].owner != owner }
    table.membersByName[name] = rest + sorted
  }
}
