// SPDX-License-Identifier: Apache-2.0

extension SymbolTable {
  mutating func declareFile(_ file: Int) {
    let scope = add(Scope(parent: nil, nominal: nil, file: file))
    if file < fileScopes.count { fileScopes[file] = scope } else { fileScopes.append(scope) }
    // What no pass declares, such as extensions nested deeper than the rounds reach, is looked up
    // in its own file.
    scopeOfDeclaration[file] = Array(repeating: scope, count: files[file].declarations.count)
    declare(0..<files[file].declarations.count, of: file)
  }

  /// Declares a run of declarations, leaving extensions (with all they hold) for binding.
  mutating func declare(_ range: Range<Int>, of file: Int) {
    var index = range.lowerBound
    while index < range.upperBound {
      let handle = Handle<Declaration>(index)
      if files[file][handle].kind == .extension {
        pendingExtensions.append(PendingExtension(file: file, declaration: handle))
        index = subtree(of: handle, in: file).upperBound
      } else {
        declare(handle, in: file)
        index += 1
      }
    }
  }

  /// A declaration with everything declared in it: parents stand before children, so that is a run.
  func subtree(of handle: Handle<Declaration>, in file: Int) -> Range<Int> {
    let declarations = files[file].declarations
    let first = Int(handle.index)
    var end = first + 1
    while end < declarations.count, let parent = declarations[end].parent,
      parent.index >= handle.index
    {
      end += 1
    }
    return first..<end
  }

  private mutating func declare(_ handle: Handle<Declaration>, in file: Int) {
    let declaration = files[file][handle]
    let outer = enclosingScope(of: declaration, in: file)
    switch declaration.kind {
    case .class: declareNominal(.class, handle, file, outer)
    case .struct: declareNominal(.struct, handle, file, outer)
    case .enum: declareNominal(.enum, handle, file, outer)
    case .actor: declareNominal(.actor, handle, file, outer)
    case .protocol: declareNominal(.protocol, handle, file, outer)
    case .typealias: declareNominal(.alias, handle, file, outer)
    case .associatedType: declareNominal(.associatedType, handle, file, outer)
    case .function: declareMember(.function, handle, file, outer)
    case .initializer: declareMember(.initializer, handle, file, outer)
    case .subscript: declareMember(.subscript, handle, file, outer)
    case .variable: declareMember(.variable, handle, file, outer)
    case .enumCase: declareMember(.enumCase, handle, file, outer)
    case .deinitializer, .extension: scopeOfDeclaration[file][Int(handle.index)] = outer
    }
  }

  func enclosingScope(of declaration: Declaration, in file: Int) -> ScopeID {
    guard let parent = declaration.parent else { return fileScopes[file] }
    return scopeOfDeclaration[file][Int(parent.index)]
  }

  /// The type that a declaration is a member of.
  private func owner(of declaration: Declaration, in file: Int) -> NominalID? {
    guard let parent = declaration.parent, !declaration.isLocal else { return nil }
    return nominalOfDeclaration[file][Int(parent.index)]
  }

  mutating func bind(_ generics: GenericSignature, in scope: ScopeID) {
    for parameter in generics.parameters {
      let bounds = parameter.bound.map { [ScopedType(type: $0, scope: scope)] } ?? []
      self[scope].generics[parameter.name, default: []] += bounds
    }
    let facts = files[self[scope].file]
    for requirement in generics.requirements where requirement.isConformance {
      guard case .named(let name, _) = facts[requirement.left] else { continue }
      let bound = ScopedType(type: requirement.right, scope: scope)
      self[scope].generics[name, default: []].append(bound)
    }
  }

  private mutating func declareNominal(
    _ kind: Nominal.Kind, _ handle: Handle<Declaration>, _ file: Int, _ outer: ScopeID
  ) {
    let declaration = files[file][handle]
    let owner = owner(of: declaration, in: file)
    var nominal = Nominal(name: declaration.name, kind: kind, file: file)
    nominal.declaration = handle
    nominal.parent = owner ?? enclosingNominal(of: outer)
    nominal.access = declaration.access ?? .module
    nominal.genericParameters = declaration.generics.parameters.map(\.name)
    nominal.birth = round
    let id = add(nominal)
    let membersInScope = kind == .alias || kind == .associatedType ? nil : id
    let scope = add(
      Scope(parent: outer, nominal: membersInScope, file: file),
      as: nominals.before(Int(id.index))?.scope)
    self[id].scope = scope
    self[id].inherited = declaration.inherited.map { ScopedType(type: $0, scope: scope) }
    self[id].aliased = declaration.type.map { ScopedType(type: $0, scope: scope) }
    self[id].lineage = [id]
    bind(declaration.generics, in: scope)
    scopeOfDeclaration[file][Int(handle.index)] = scope
    nominalOfDeclaration[file][Int(handle.index)] = id
    register(id, named: declaration.name, owner: owner, outer: outer, isLocal: declaration.isLocal)
  }

  private mutating func register(
    _ id: NominalID, named name: String, owner: NominalID?, outer: ScopeID, isLocal: Bool
  ) {
    if isLocal {
      self[outer].localTypes[name] = id
    } else if let owner {
      if self[owner].nested[name] != nil { self[owner].isIrregular = true }
      // A concrete type or alias is the witness of an associated type of the same name.
      if let known = self[owner].nested[name], self[known].kind != .associatedType { return }
      self[owner].nested[name] = id
    } else {
      let module = files[self[id].file].module
      topLevel[module, default: [:]][name, default: []].append(id)
    }
  }

  func enclosingNominal(of scope: ScopeID) -> NominalID? {
    var current: ScopeID? = scope
    while let id = current {
      if let nominal = self[id].nominal { return nominal }
      current = self[id].parent
    }
    return nil
  }

  private mutating func declareMember(
    _ kind: Member.Kind, _ handle: Handle<Declaration>, _ file: Int, _ outer: ScopeID
  ) {
    let declaration = files[file][handle]
    let owner = owner(of: declaration, in: file)
    var member = Member(
      name: kind == .initializer ? "init" : declaration.name, kind: kind, owner: owner, file: file,
      declaration: handle, scope: outer, isStatic: declaration.isStatic,
      access: access(of: declaration, owner: owner, file: file))
    member.isInExtension = isExtension(declaration.parent, in: file)
    let known = declaration.isLocal ? nil : number(of: member)
    if kind != .variable && kind != .enumCase {
      member.scope = add(
        Scope(parent: outer, nominal: nil, file: file), as: known.flatMap(scopeBefore))
      bind(declaration.generics, in: member.scope)
    }
    scopeOfDeclaration[file][Int(handle.index)] = member.scope
    guard !declaration.isLocal else { return }
    let id = add(member, as: known)
    memberOfDeclaration[file][Int(handle.index)] = id
    if let owner {
      self[owner].members[member.name, default: []].append(id)
      self[owner].memberCount += 1
      membersByName.append(id, named: member.name)
    } else {
      globals[files[file].module, default: [:]][member.name, default: []].append(id)
    }
  }

  private func isExtension(_ parent: Handle<Declaration>?, in file: Int) -> Bool {
    parent.map { files[file][$0].kind == .extension } ?? false
  }

  /// Scope of its own that a function had in an earlier run.
  private func scopeBefore(_ id: MemberID) -> ScopeID? {
    guard let before = members.before(Int(id.index)) else { return nil }
    return before.kind == .variable || before.kind == .enumCase ? nil : before.scope
  }

  /// Requirements are as visible as their protocol; extension members take the extension's level.
  private func access(
    of declaration: Declaration, owner: NominalID?, file: Int
  ) -> Declaration.Access {
    if let written = declaration.access { return written }
    guard let parent = declaration.parent else { return .module }
    let context = files[file][parent]
    if context.kind == .extension { return context.access ?? .module }
    if context.kind == .protocol { return .everywhere }
    return .module
  }
}
