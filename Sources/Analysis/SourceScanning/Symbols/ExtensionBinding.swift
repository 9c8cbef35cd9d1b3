// SPDX-License-Identifier: Apache-2.0

extension SymbolTable {
  /// Extensions of extensions of extensions exist; longer ladders do not.
  private static let extensionRounds = 4

  /// Binds each extension to the type it extends. What is still unknown in the last round comes
  /// from outside of the tree.
  mutating func bindExtensions() {
    resolveSupertypes()
    // What one round does not find the next does not find either, unless something was bound.
    var isStuck = false
    for round in 1...Self.extensionRounds where !pendingExtensions.isEmpty {
      self.round = round
      let pending = pendingExtensions
      pendingExtensions = []
      let isLast = isStuck || round == Self.extensionRounds
      let targets = concurrently(pending.count) { $0.extendedNominal(pending[$1]) }
      isStuck = !isLast && targets.allSatisfy { $0 == nil }
      for (item, target) in zip(pending, targets) {
        if let target {
          bind(item, to: target)
        } else if isLast {
          bind(item, toTypeFromElsewhere: externalName(item))
        } else {
          pendingExtensions.append(item)
        }
      }
      if !isStuck { resolveSupertypes() }
      if isLast { break }
    }
    // Extensions that the last round's extensions declared: nesting deeper than the rounds reach.
    pendingExtensions = []
  }

  /// What is declared in an extension of a type from elsewhere stands in the order of files,
  /// however many rounds there were.
  mutating func bind(_ item: PendingExtension, toTypeFromElsewhere name: String) {
    let inner = round
    round = Nominal.bornLast
    bind(item, to: external(name))
    round = inner
  }

  func externalName(_ item: PendingExtension) -> String {
    let declaration = files[item.file][item.declaration]
    guard let type = declaration.type else { return declaration.name }
    var log = MentionLog()
    if case .external(let name, _) = resolve(type, in: fileScopes[item.file], log: &log) {
      return name
    }
    return declaration.name
  }

  private func extendedNominal(_ item: PendingExtension) -> NominalID? {
    guard let type = files[item.file][item.declaration].type else { return nil }
    var log = MentionLog()
    switch resolve(type, in: fileScopes[item.file], log: &log) {
    case .nominal(let id, _): return id
    case .composition(let parts):
      for case .nominal(let id, _) in parts { return id }
      return nil
    default: return nil
    }
  }

  mutating func bind(_ item: PendingExtension, to target: NominalID) {
    let declaration = files[item.file][item.declaration]
    self[target].extensionCount += 1
    if self[target].kind != .external, round != self[target].birth + 1 {
      self[target].isIrregular = true
    }
    // Names are found as the extended type finds them, but with this file's imports.
    var scope = Scope(parent: fileScopes[item.file], nominal: target, file: item.file)
    scope.isExtension = true
    if let inner = self[target].scope { scope.localTypes = outerLocalTypes(of: inner) }
    let id = add(scope)
    bind(declaration.generics, in: id)
    scopeOfDeclaration[item.file][Int(item.declaration.index)] = id
    nominalOfDeclaration[item.file][Int(item.declaration.index)] = target
    self[target].inherited += declaration.inherited.map { ScopedType(type: $0, scope: id) }
    let held = subtree(of: item.declaration, in: item.file)
    declare(held.lowerBound + 1..<held.upperBound, of: item.file)
  }

  private func outerLocalTypes(of scope: ScopeID) -> [String: NominalID] {
    self[scope].parent.map { self[$0].localTypes } ?? [:]
  }

  // MARK: Supertypes

  mutating func resolveSupertypes() {
    let found = concurrently(nominals.count) { $0.supertypes(of: NominalID($1)) }
    for (index, supertypes) in found.enumerated() {
      nominals[index].supertypes = supertypes.declared
      nominals[index].externalSupertypes = supertypes.external
    }
    let lineages = concurrently(nominals.count) { $0.lineage(of: NominalID($1)) }
    for (index, lineage) in lineages.enumerated() { nominals[index].lineage = lineage }
  }

  func supertypes(of id: NominalID) -> (declared: [NominalID], external: [String]) {
    var declared: [NominalID] = []
    var external: [String] = []
    func collect(_ type: InferredType) {
      switch type {
      case .nominal(let other, _): if other != id { declared.append(other) }
      case .external(let name, _): external.append(name)
      case .composition(let parts): parts.forEach(collect)
      default: return
      }
    }
    var log = MentionLog()
    for item in self[id].inherited {
      // The inheritance clause is looked up outside of the type: it may not find its own members.
      let scope = self[item.scope].nominal == id ? self[item.scope].parent : item.scope
      collect(resolve(item.type, in: scope ?? item.scope, log: &log))
    }
    return (declared, external)
  }

  func lineage(of id: NominalID) -> [NominalID] {
    var order: [NominalID] = []
    var seen: Set<NominalID> = []
    var stack = [id]
    while let next = stack.popLast() {
      guard seen.insert(next).inserted else { continue }
      order.append(next)
      stack += self[next].supertypes.reversed()
    }
    return order
  }
}
