// SPDX-License-Identifier: Apache-2.0

/// All declarations of the tree and the scopes to look names up in.
///
/// Built by passes that run in this order, each needing what the one before it found:
/// 1. `declare`: types, members, globals and scopes, everything outside of extensions;
/// 2. `bindExtensions`: in rounds, since an extension may extend a type that another one declares;
/// 3. `resolveSupertypes`: after each round, since nested types are found through supertypes;
/// 4. `resolveMembers`: types of signatures;
/// 5. `MemberInference`: types of properties that only have a value.
/// Afterwards nothing changes, and bodies are walked from many threads.
struct SymbolTable: Sendable {
  let files: Records<FileFacts>
  let threads: Int
  var nominals = Records<Nominal>()
  var members = Records<Member>()
  var scopes = Records<Scope>()
  /// Module, then name.
  var topLevel: [String: [String: [NominalID]]] = [:]
  var globals: [String: [String: [MemberID]]] = [:]
  /// Types from elsewhere that the tree extends.
  var externals: [String: NominalID] = [:]
  /// Owners of members by member name, for the unique-name fallback.
  var membersByName = NamedMembers()
  /// Scope that a declaration's own signature and body are looked up in, by file and declaration.
  var scopeOfDeclaration: Records<[ScopeID]>
  /// Type that a declaration declares or extends, by file and declaration.
  var nominalOfDeclaration: Records<[NominalID?]>
  /// Member that a declaration declares, by file and declaration.
  var memberOfDeclaration: Records<[MemberID?]>
  /// Outermost scope of each file.
  var fileScopes: [ScopeID] = []
  /// Modules whose names a file sees, own module excluded, in order of import.
  var visibleModules: [[String]]
  var visibleModuleSets: [Set<String>]
  var pendingExtensions: [PendingExtension] = []
  /// Round of extensions that is being bound; 0 for what stands outside of them.
  var round = 0
  /// Where a table is brought up to date: what the numbers of an earlier run are kept for.
  var numbers: EarlierNumbers?
  /// Raised where a type is found in a supertype of the one that is asked.
  var foundInSupertype: Doubt?

  struct PendingExtension: Sendable {
    var file: Int
    var declaration: Handle<Declaration>
  }

  /// - Parameter threads: that look names up. The table does not depend on their number.
  init(files: [FileFacts], threads: Int = 1) {
    self.files = Records(files)
    self.threads = threads
    scopeOfDeclaration = Records(
      files.map { Array(repeating: ScopeID(0), count: $0.declarations.count) })
    nominalOfDeclaration = Records(
      files.map { Array(repeating: nil, count: $0.declarations.count) })
    memberOfDeclaration = Records(
      files.map { Array(repeating: nil, count: $0.declarations.count) })
    visibleModules = ModuleVisibility(files: files).visibleModules()
    visibleModuleSets = visibleModules.map(Set.init)
    for file in files.indices { declareFile(file) }
    bindExtensions()
    resolveMembers()
  }

  /// The table of an earlier run, to be brought up to date.
  ///
  /// - Parameter files: those of the earlier run, and one for what is not there any more.
  init(kept: KeptTable, files: Records<FileFacts>) {
    self.files = files
    threads = 1
    nominals = Records(kept: kept.nominals)
    members = Records(kept: kept.members)
    scopes = Records(kept: kept.scopes)
    func part<Part>(_ part: @escaping @Sendable (KeptTable.Declared) -> [Part]) -> Records<[Part]> {
      Records(
        kept: KeptRecords(count: kept.declarations.count) { part(kept.declarations[$0]) }, [[]])
    }
    scopeOfDeclaration = part(\.scopes)
    nominalOfDeclaration = part(\.nominals)
    memberOfDeclaration = part(\.members)
    topLevel = kept.names.topLevel
    globals = kept.names.globals
    externals = kept.names.externals
    membersByName = NamedMembers { kept.members(named: $0) }
    fileScopes = kept.names.fileScopes + [ScopeID(0)]
    visibleModules = kept.names.visibleModules + [[]]
    let sets = Dictionary(
      Set(visibleModules).map { ($0, Set($0)) }, uniquingKeysWith: { first, _ in first })
    visibleModuleSets = visibleModules.map { sets[$0] ?? [] }
  }

  /// Fewer lookups than these are done sooner than threads are started.
  private static let leastShared = 4_000

  /// What is found for each of so many indices by looking at the table as it is now.
  func concurrently<Found: Sendable>(
    _ count: Int, _ find: @escaping @Sendable (SymbolTable, Int) -> Found
  ) -> [Found] {
    guard threads > 1, count >= Self.leastShared else { return (0..<count).map { find(self, $0) } }
    let size = (count + threads - 1) / threads
    let parts = stride(from: 0, to: count, by: size).map { $0..<min(count, $0 + size) }
    return StackedThreads.map(parts, threads: threads) { [self] _, part in
      part.map { find(self, $0) }
    }.flatMap(\.self)
  }

  subscript(id: NominalID) -> Nominal {
    _read { yield nominals[Int(id.index)] }
    _modify { yield &nominals[Int(id.index)] }
  }
  subscript(id: MemberID) -> Member {
    _read { yield members[Int(id.index)] }
    _modify { yield &members[Int(id.index)] }
  }
  subscript(id: ScopeID) -> Scope {
    _read { yield scopes[Int(id.index)] }
    _modify { yield &scopes[Int(id.index)] }
  }

  func declaration(of member: Member) -> Declaration { files[member.file][member.declaration] }
  func file(of scope: ScopeID) -> FileFacts { files[self[scope].file] }

  mutating func add(_ nominal: Nominal) -> NominalID {
    if let known = number(of: nominal) {
      nominals.replace(Int(known.index), with: nominal)
      return known
    }
    nominals.append(nominal)
    return NominalID(nominals.count - 1)
  }

  /// - Parameter known: the number that the member had in an earlier run.
  mutating func add(_ member: Member, as known: MemberID?) -> MemberID {
    if let known {
      members.replace(Int(known.index), with: member)
      return known
    }
    members.append(member)
    return MemberID(members.count - 1)
  }

  /// - Parameter known: the number that the scope had in an earlier run.
  mutating func add(_ scope: Scope, as known: ScopeID? = nil) -> ScopeID {
    if let known {
      scopes.replace(Int(known.index), with: scope)
      return known
    }
    scopes.append(scope)
    return ScopeID(scopes.count - 1)
  }

  mutating func external(_ name: String) -> NominalID {
    if let known = externals[name] { return known }
    var nominal = Nominal(name: name, kind: .external, file: 0)
    nominal.birth = Nominal.bornLast
    let id = add(nominal)
    self[id].lineage = [id]
    externals[name] = id
    return id
  }

  /// The type in whose name a reference is counted: aliases and associated types inside of a type
  /// stand for that type.
  func accountable(_ id: NominalID) -> NominalID? {
    var current = id
    while self[current].isAliasLike, let parent = self[current].parent { current = parent }
    return self[current].kind == .external || self[current].kind == .associatedType ? nil : current
  }
}

/// Which modules a file sees: its imports and what those pass on.
struct ModuleVisibility {
  let files: [FileFacts]

  func visibleModules() -> [[String]] {
    let exported = exported()
    return files.map { Self.visibleModules(of: $0, exported) }
  }

  /// What each module passes on, in order of files.
  func exported() -> [String: [String]] {
    var exported: [String: [String]] = [:]
    for file in files {
      for module in file.exported { exported[file.module, default: []].append(module) }
    }
    return exported
  }

  static func visibleModules(of file: FileFacts, _ exported: [String: [String]]) -> [String] {
    var visible: [String] = []
    var seen: Set<String> = [file.module]
    var queue = file.imports.map(\.module) + (exported[file.module] ?? [])
    var next = 0
    while next < queue.count {
      let module = queue[next]
      next += 1
      guard seen.insert(module).inserted else { continue }
      visible.append(module)
      queue += exported[module] ?? []
    }
    return visible
  }
}
