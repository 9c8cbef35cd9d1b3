// SPDX-License-Identifier: Apache-2.0

/// Declared types that a type expression names, when somebody wants to know.
struct MentionLog {
  struct Mention {
    var nominal: NominalID
    var offset: UInt32
  }
  var isActive = false
  var mentions: [Mention] = []

  mutating func note(_ nominal: NominalID, at offset: UInt32) {
    if isActive { mentions.append(Mention(nominal: nominal, offset: offset)) }
  }
}

extension SymbolTable {
  /// Aliases of aliases, nested lookups through supertypes and bounds of bounds stop here.
  static let resolutionDepth = 12

  func resolve(
    _ id: TypeExpression.ID, in scope: ScopeID, log: inout MentionLog, depth: Int = 0
  ) -> InferredType {
    guard depth < Self.resolutionDepth else { return .unknown }
    let facts = file(of: scope)
    func inner(_ id: TypeExpression.ID, _ log: inout MentionLog) -> InferredType {
      resolve(id, in: scope, log: &log, depth: depth + 1)
    }
    switch facts[id] {
    case .unknown: return .unknown
    case .named(let name, let arguments):
      let resolved = arguments.map { inner($0, &log) }
      return resolve(name, resolved, at: facts.offset(of: id), in: scope, log: &log, depth: depth)
    case .member(let base, let name, let arguments):
      let resolved = arguments.map { inner($0, &log) }
      let place = facts.offset(of: id)
      if case .named(let module, _) = facts[base],
        let found = qualified(module, name, in: scope)
      {
        log.note(found, at: place)
        return value(of: found, resolved, depth: depth)
      }
      let outer = inner(base, &log)
      return nested(name, of: outer, resolved, at: place, log: &log, depth: depth)
    case .optional(let wrapped): return .optional(inner(wrapped, &log))
    case .array(let element): return .array(inner(element, &log))
    case .dictionary(let key, let value):
      let resolvedKey = inner(key, &log)
      return .dictionary(resolvedKey, inner(value, &log))
    case .tuple(let elements):
      return .tuple(elements.map { .init(label: $0.label, type: inner($0.type, &log)) })
    case .function(let parameters, let result):
      let resolved = parameters.map { inner($0, &log) }
      return .function(resolved, result: inner(result, &log))
    case .metatype(let instance): return .metatype(inner(instance, &log))
    case .composition(let parts): return .composition(parts.map { inner($0, &log) })
    case .attributed(let attributes, let base):
      for attribute in attributes { _ = inner(attribute, &log) }
      return inner(base, &log)
    }
  }

  private func resolve(
    _ name: String, _ arguments: [InferredType], at offset: UInt32, in scope: ScopeID,
    log: inout MentionLog, depth: Int
  ) -> InferredType {
    if name == "Self" {
      return enclosingNominal(of: scope).map { .nominal($0, []) } ?? .unknown
    }
    switch lookUpType(name, in: scope, depth: depth) {
    case .generic(let scope): return .generic(name, scope)
    case .nominal(let found):
      log.note(found, at: offset)
      return value(of: found, arguments, depth: depth)
    case nil:
      return name == "Any" || name == "AnyObject" ? .unknown : .external(name, arguments)
    }
  }

  /// `Module.Type`, unless a type of the module's name shadows it.
  private func qualified(_ module: String, _ name: String, in scope: ScopeID) -> NominalID? {
    guard let names = topLevel[module], lookUpType(module, in: scope) == nil else { return nil }
    return names[name]?.first
  }

  func nested(
    _ name: String, of base: InferredType, _ arguments: [InferredType], at offset: UInt32,
    log: inout MentionLog, depth: Int
  ) -> InferredType {
    guard depth < Self.resolutionDepth else { return .unknown }
    switch base {
    case .nominal(let outer, let outerArguments):
      guard let found = nestedType(name, of: outer, depth: depth + 1) else { return .unknown }
      log.note(found, at: offset)
      return value(of: found, arguments, depth: depth)
        .substituting(self[outer].genericParameters, with: outerArguments)
    case .external(let outer, let outerArguments):
      if let id = externals[outer], let found = self[id].nested[name] {
        log.note(found, at: offset)
        return value(of: found, arguments, depth: depth)
      }
      return .external(outer + "." + name, arguments.isEmpty ? outerArguments : arguments)
    case .generic, .associated, .composition:
      for bound in bounds(of: base, depth: depth + 1) {
        let found = nested(name, of: bound, arguments, at: offset, log: &log, depth: depth + 1)
        if !found.isUnknown { return found }
      }
      return .unknown
    default: return .unknown
    }
  }

  /// The type itself, or what an alias stands for.
  func value(of id: NominalID, _ arguments: [InferredType], depth: Int = 0) -> InferredType {
    switch self[id].kind {
    case .associatedType: return .associated(id)
    case .alias:
      guard let aliased = self[id].aliased else { return .unknown }
      var silent = MentionLog()
      return resolve(aliased.type, in: aliased.scope, log: &silent, depth: depth + 1)
        .substituting(self[id].genericParameters, with: arguments)
    default: return .nominal(id, arguments)
    }
  }

  /// What a generic parameter, an associated type or a composition is known to conform to.
  func bounds(of type: InferredType, depth: Int = 0) -> [InferredType] {
    guard depth < Self.resolutionDepth else { return [] }
    var silent = MentionLog()
    func resolved(_ items: [ScopedType]) -> [InferredType] {
      items.map { resolve($0.type, in: $0.scope, log: &silent, depth: depth + 1) }
        .filter { !$0.isUnknown }
    }
    switch type {
    case .generic(let name, let scope): return resolved(written(boundsOf: name, in: scope) ?? [])
    case .associated(let id): return resolved(self[id].inherited)
    case .composition(let parts): return parts
    default: return []
    }
  }

  /// Bounds of a generic parameter as written, in an extension those of the extended type first;
  /// `nil` when the scope has no such parameter.
  func written(boundsOf name: String, in scope: ScopeID) -> [ScopedType]? {
    let own = self[scope].generics[name]
    guard self[scope].isExtension, let inner = self[scope].nominal.flatMap({ self[$0].scope }),
      let outer = self[inner].generics[name]
    else { return own }
    return own.map { outer + $0 } ?? outer
  }

  // MARK: Names

  enum TypeName: Equatable {
    case nominal(NominalID)
    /// A generic parameter of that scope.
    case generic(ScopeID)
  }

  /// Looks a type name up from a scope outwards: generic parameters, local types, the enclosing
  /// types with their supertypes, the module, imported modules.
  func lookUpType(_ name: String, in scope: ScopeID, depth: Int = 0) -> TypeName? {
    var current: ScopeID? = scope
    while let id = current {
      let here = self[id]
      if written(boundsOf: name, in: id) != nil { return .generic(id) }
      if let local = here.localTypes[name] { return .nominal(local) }
      if let found = lookUpType(name, inside: here, depth: depth) { return found }
      current = here.parent
    }
    return topLevelType(name, seenFrom: self[scope].file).map { .nominal($0) }
  }

  /// An extension scope stands for the extended type and the types around it.
  private func lookUpType(_ name: String, inside scope: Scope, depth: Int) -> TypeName? {
    var nominal = scope.nominal
    while let id = nominal {
      if self[id].name == name, self[id].kind != .external { return .nominal(id) }
      if let nested = nestedType(name, of: id, depth: depth + 1) { return .nominal(nested) }
      if self[id].genericParameters.contains(name), let inner = self[id].scope {
        return .generic(inner)
      }
      nominal = self[id].parent
    }
    return nil
  }

  func nestedType(_ name: String, of id: NominalID, depth: Int = 0) -> NominalID? {
    guard depth < Self.resolutionDepth else { return nil }
    for ancestor in self[id].lineage {
      guard let found = self[ancestor].nested[name] else { continue }
      if ancestor != id { foundInSupertype?.note() }
      return found
    }
    guard self[id].kind == .alias, case .nominal(let target, _) = value(of: id, [], depth: depth)
    else { return nil }
    return nestedType(name, of: target, depth: depth + 1)
  }

  func topLevelType(_ name: String, seenFrom file: Int) -> NominalID? {
    if let found = topLevel[files[file].module]?[name] {
      let visible = found.filter { self[$0].access > .file || self[$0].file == file }
      return visible.first { self[$0].file == file }
        ?? visible.first { self[$0].kind != .alias } ?? visible.first
    }
    for module in visibleModules[file] {
      if let found = topLevel[module]?[name]?.first(where: { self[$0].access > .file }) {
        return found
      }
    }
    return nil
  }
}
