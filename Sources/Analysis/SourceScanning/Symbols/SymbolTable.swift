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
  let files: [FileFacts]
  private let threads: Int
  var nominals: [Nominal] = []
  var members: [Member] = []
  var scopes: [Scope] = []
  /// Module, then name.
  var topLevel: [String: [String: [NominalID]]] = [:]
  var globals: [String: [String: [MemberID]]] = [:]
  /// Types from elsewhere that the tree extends.
  var externals: [String: NominalID] = [:]
  /// Owners of members by member name, for the unique-name fallback.
  var membersByName: [String: [MemberID]] = [:]
  /// Scope that a declaration's own signature and body are looked up in, by file and declaration.
  var scopeOfDeclaration: [[ScopeID]]
  /// Type that a declaration declares or extends, by file and declaration.
  var nominalOfDeclaration: [[NominalID?]]
  /// Member that a declaration declares, by file and declaration.
  var memberOfDeclaration: [[MemberID?]]
  /// Outermost scope of each file.
  var fileScopes: [ScopeID] = []
  /// Modules whose names a file sees, own module excluded, in order of import.
  let visibleModules: [[String]]
  let visibleModuleSets: [Set<String>]
  var pendingExtensions: [PendingExtension] = []

  struct PendingExtension: Sendable {
    var file: Int
    var declaration: Handle<Declaration>
  }

  /// - Parameter threads: that look names up. The table does not depend on their number.
  init(files: [FileFacts], threads: Int = 1) {
    self.files = files
    self.threads = threads
    scopeOfDeclaration = files.map { Array(repeating: ScopeID(0), count: $0.declarations.count) }
    nominalOfDeclaration = files.map { Array(repeating: nil, count: $0.declarations.count) }
    memberOfDeclaration = files.map { Array(repeating: nil, count: $0.declarations.count) }
    visibleModules = ModuleVisibility(files: files).visibleModules()
    visibleModuleSets = visibleModules.map(Set.init)
    for file in files.indices { declareFile(file) }
    bindExtensions()
    resolveMembers()
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
    nominals.append(nominal)
    return NominalID(nominals.count - 1)
  }

  mutating func add(_ scope: Scope) -> ScopeID {
    scopes.append(scope)
    return ScopeID(scopes.count - 1)
  }

  mutating func external(_ name: String) -> NominalID {
    if let known = externals[name] { return known }
    let id = add(Nominal(name: name, kind: .external, file: 0))
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
    var exported: [String: [String]] = [:]
    for file in files {
      for fact in file.imports where fact.isExported {
        exported[file.module, default: []].append(fact.module)
      }
    }
    return files.map { file in
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
}
