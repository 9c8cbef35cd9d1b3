// SPDX-License-Identifier: Apache-2.0

/// Labels of a call: what overloads are told apart by.
struct CallShape {
  var labels: [String?]
  var trailingClosures: Int
}

extension BodyInference {
  struct Candidates {
    var members: [MemberID] = []
    /// Generic parameters of the type and what they stand for.
    var parameters: [String] = []
    var arguments: [InferredType] = []
  }

  /// Members of that name, own ones first, then those of supertypes and bounds.
  func members(of type: InferredType, named name: String, depth: Int = 0) -> Candidates {
    guard depth < SymbolTable.resolutionDepth else { return Candidates() }
    switch type {
    case .nominal(let id, let arguments):
      return Candidates(
        members: members(of: id, named: name), parameters: table[id].genericParameters,
        arguments: arguments)
    case .external(let external, let arguments):
      var found = Candidates(arguments: arguments)
      if let id = table.externals[external] {
        found.members = members(of: id, named: name)
        found.parameters = table[id].genericParameters
      }
      if found.members.isEmpty {
        found.members = members(
          ofExternal: StandardLibraryTypes.conformances[external] ?? [], named: name)
      }
      return found
    case .metatype(let instance): return members(of: instance, named: name, depth: depth + 1)
    case .generic, .associated, .composition:
      for bound in table.bounds(of: type) {
        let found = members(of: bound, named: name, depth: depth + 1)
        if !found.members.isEmpty { return found }
      }
      return Candidates()
    default: return Candidates()
    }
  }

  func members(of id: NominalID, named name: String) -> [MemberID] {
    var found: [MemberID] = []
    for ancestor in table[id].lineage {
      guard let members = table[ancestor].members[name] else { continue }
      for member in members where isVisible(table[member]) { found.append(member) }
    }
    if found.isEmpty {
      for ancestor in table[id].lineage where !table[ancestor].externalSupertypes.isEmpty {
        found += members(ofExternal: table[ancestor].externalSupertypes, named: name)
      }
    }
    return found
  }

  /// Members that extensions add to protocols from elsewhere, and to those that they refine.
  private func members(ofExternal protocols: [String], named name: String) -> [MemberID] {
    var found: [MemberID] = []
    var seen: Set<String> = []
    var queue = protocols
    while let next = queue.popLast() {
      guard seen.insert(next).inserted else { continue }
      queue += StandardLibraryTypes.refinements[next] ?? []
      guard let members = table.externals[next].flatMap({ table[$0].members[name] }) else {
        continue
      }
      for member in members where isVisible(table[member]) { found.append(member) }
    }
    return found
  }

  func isVisible(_ member: Member) -> Bool {
    if member.file == context.file { return true }
    let module = table.files[member.file].module
    if module == facts.module { return member.access >= .module }
    guard member.access == .everywhere else { return false }
    guard let owner = member.owner, table[owner].kind == .external else { return true }
    return table.visibleModuleSets[context.file].contains(module)
  }

  func globals(named name: String) -> [MemberID] {
    if let found = table.globals[facts.module]?[name]?.filter({ isVisible(table[$0]) }),
      !found.isEmpty
    {
      return found
    }
    for module in table.visibleModules[context.file] {
      if let found = table.globals[module]?[name]?.filter({ isVisible(table[$0]) }), !found.isEmpty
      {
        return found
      }
    }
    return []
  }

  // MARK: Overloads

  /// The overload that a call means; properties win where nothing is called.
  func choose(_ candidates: [MemberID], _ shape: CallShape?) -> MemberID? {
    guard let shape else {
      return candidates.first {
        table[$0].kind == .variable || table[$0].kind == .enumCase
      } ?? candidates.first
    }
    guard candidates.count > 1 else { return candidates.first }
    var best: (member: MemberID, score: Int)?
    for candidate in candidates where table[candidate].kind != .variable || shape.labels.isEmpty {
      guard let score = score(table[candidate], shape), score > (best?.score ?? -1) else {
        continue
      }
      best = (candidate, score)
    }
    return best?.member
      ?? candidates.first { table[$0].kind == .variable } ?? candidates.first
  }

  /// Where a value is only known by its protocol, a requirement is called before a member that an
  /// extension adds, even one of a refining protocol.
  func preferringRequirement(_ chosen: MemberID, among candidates: [MemberID]) -> MemberID {
    guard let owner = table[chosen].owner, table[owner].kind == .protocol, !isRequirement(chosen)
    else { return chosen }
    let labels = table.declaration(of: table[chosen]).parameters.map(\.label)
    return candidates.first { candidate in
      table[candidate].kind == table[chosen].kind && isRequirement(candidate)
        && table.declaration(of: table[candidate]).parameters.map(\.label) == labels
    } ?? chosen
  }

  private func isRequirement(_ id: MemberID) -> Bool {
    let member = table[id]
    guard let parent = table.declaration(of: member).parent else { return false }
    return table.files[member.file][parent].kind == .protocol
  }

  /// The value's own type is unknown here; only what it conforms to counts.
  func isProtocolTyped(_ type: InferredType) -> Bool {
    switch type {
    case .generic, .associated, .composition: true
    case .metatype(let instance): isProtocolTyped(instance)
    case .nominal(let id, _): table[id].kind == .protocol
    default: false
    }
  }

  /// How well labels fit; `nil` when they do not.
  func score(_ member: Member, _ shape: CallShape) -> Int? {
    let parameters = table.declaration(of: member).parameters
    var next = 0
    var score = 0
    for label in shape.labels {
      var fits = false
      while next < parameters.count {
        if parameters[next].label == label {
          fits = true
          score += 2
          if !parameters[next].isVariadic { next += 1 }
          break
        }
        guard parameters[next].defaultValue != nil || parameters[next].isVariadic else { break }
        next += 1
      }
      if !fits {
        let continuesVariadic = next > 0 && parameters[next - 1].isVariadic && label == nil
        guard continuesVariadic else { return nil }
      }
    }
    let missing = required(parameters[min(next, parameters.count)...]) - shape.trailingClosures
    return missing > 0 ? nil : 100 + score - abs(missing)
  }

  private func required(_ parameters: ArraySlice<Parameter>) -> Int {
    parameters.count { $0.defaultValue == nil && !$0.isVariadic }
  }

  /// Extensions of types from elsewhere compete with members that nobody here has read, so only an
  /// exact match of labels counts.
  func fitsExactly(_ member: Member, _ shape: CallShape) -> Bool {
    let parameters = table.declaration(of: member).parameters
    var next = 0
    for label in shape.labels {
      while next < parameters.count, parameters[next].label != label,
        parameters[next].defaultValue != nil
      {
        next += 1
      }
      guard next < parameters.count, parameters[next].label == label else { return false }
      if !parameters[next].isVariadic { next += 1 }
    }
    return required(parameters[min(next, parameters.count)...]) <= shape.trailingClosures
  }

  // MARK: Unique names

  /// Short and everyday names say nothing about who declares them.
  private static let everydayNames: Set<String> = [
    "append", "contains", "isEmpty", "filter", "remove", "encode", "decode", "index", "start",
    "close", "write", "makeIterator", "subscript", "rawValue", "values", "flatMap", "compactMap",
    "forEach", "unlock", "withLock", "description", "debugDescription", "insert", "store", "method",
    "headers", "status", "message", "result", "bytes", "shared", "default", "success", "failure",
    "joined", "reduce", "sorted", "reversed", "allSatisfy", "string", "lowercased", "uppercased",
    "split", "prefix", "suffix", "dropFirst", "dropLast", "removeAll", "reserveCapacity", "first",
    "removeFirst", "removeLast", "popFirst", "popLast", "endIndex", "startIndex", "hasPrefix",
    "hasSuffix", "baseAddress", "advanced", "yield", "finish", "cancel", "resume", "succeed",
    "count",
    "value", "error", "update", "delete", "create", "query", "execute", "fetchOne", "fetchAll",
  ]
  private static let shortestUniqueName = 5

  /// Whether the name alone may lead to a member.
  static func isTelling(_ name: String) -> Bool {
    name.utf8.count >= shortestUniqueName && !everydayNames.contains(name)
  }

  /// The one visible type that declares a member of this name, where the receiver is unknown.
  mutating func uniqueMember(
    _ name: String, isStatic: Bool, _ shape: CallShape?, at offset: UInt32
  ) -> Value {
    guard Self.isTelling(name),
      let all = table.membersByName[name]
    else { return Value(.unknown) }
    let visible = all.filter { id in
      let member = table[id]
      guard member.isStatic == isStatic, let owner = member.owner else { return false }
      if table[owner].kind == .external, !fits(member, shape) { return false }
      let module = table.files[member.file].module
      return isVisible(member)
        && (module == facts.module || table.visibleModuleSets[context.file].contains(module))
    }
    guard let owner = visible.first.flatMap({ table[$0].owner }),
      visible.allSatisfy({ table[$0].owner == owner }), let chosen = choose(visible, shape)
    else { return Value(.unknown) }
    record(chosen, at: offset, byNameAlone: true)
    return Value(memberType(chosen), member: chosen)
  }
}
