// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// One call in a chain, with what stands left of its parenthesis.
struct CallSite {
  var id: Expression.ID
  /// Member or function name; empty where the callee is any other expression.
  var name: String
  /// Value that the member was looked up on; `nil` for plain names and implicit members.
  var receiver: Value?
  var receiverID: Expression.ID?
  var callee: Value
  var arguments: [Argument]
  var trailingClosures: [Argument]
  /// Place of the name.
  var offset: UInt32
}

extension BodyInference {
  /// Static properties that by convention hold an instance of their type.
  private static let singletons: Set<String> = ["shared", "default", "standard", "now"]

  /// Evaluates `root.link(link)[link]` from the root outwards in a loop, so that the length of a
  /// chain costs no stack.
  mutating func evaluateChain(
    _ id: Expression.ID, expecting expected: InferredType
  ) -> Value {
    var links: [Expression.ID] = []
    var root = id
    while let base = chainBase(of: root) {
      links.append(root)
      root = base
    }
    var value = evaluateRoot(root, &links, expecting: expected)
    var receiver: Value?
    var receiverID: Expression.ID?
    var calleeID = root
    while let link = links.popLast() {
      switch facts[link] {
      case .member(_, let name):
        receiver = value
        receiverID = chainBase(of: link)
        calleeID = link
        let place = facts.offset(of: link)
        value = access(name, of: value, at: place, calledWith: shape(ofNext: links))
      case .call(_, let arguments, let trailing):
        let site = CallSite(
          id: link, name: name(of: calleeID), receiver: receiver, receiverID: receiverID,
          callee: value, arguments: arguments, trailingClosures: trailing,
          offset: facts.offset(of: calleeID))
        value = call(site, expecting: link == id ? expected : .unknown)
        (receiver, receiverID, calleeID) = (nil, nil, link)
      case .subscripted(_, let arguments):
        value = subscripted(value, arguments)
        (receiver, receiverID, calleeID) = (nil, nil, link)
      case .optionalChain, .forceUnwrap: value.type = value.type.unwrapped
      case .specialized(_, let arguments):
        let types = arguments.map { type($0, as: .typeUse) }
        value.type = specialize(value.type, with: types)
      default: break
      }
    }
    return value
  }

  func chainBase(of id: Expression.ID) -> Expression.ID? {
    switch facts[id] {
    case .member(let base, _): base
    case .call(let callee, _, _): callee
    case .subscripted(let base, _), .optionalChain(let base), .forceUnwrap(let base),
      .specialized(let base, _):
      base
    default: nil
    }
  }

  func name(of id: Expression.ID) -> String {
    switch facts[id] {
    case .name(let name), .member(_, let name): name
    default: ""
    }
  }

  /// Labels of the call that follows directly, if one does.
  private func shape(ofNext links: [Expression.ID]) -> CallShape? {
    for link in links.reversed() {
      switch facts[link] {
      case .specialized: continue
      case .call(_, let arguments, let trailing):
        return CallShape(labels: arguments.map(\.label), trailingClosures: trailing.count)
      default: return nil
      }
    }
    return nil
  }

  private mutating func evaluateRoot(
    _ root: Expression.ID, _ links: inout [Expression.ID], expecting expected: InferredType
  ) -> Value {
    switch facts[root] {
    case .name(let name):
      if let value = moduleMember(name, &links) { return value }
      return evaluate(name: name, at: facts.offset(of: root), calledWith: shape(ofNext: links))
    case .member(nil, let name):
      return implicitMember(
        name, expecting: expected, at: facts.offset(of: root), calledWith: shape(ofNext: links))
    default: return evaluate(root)
    }
  }

  /// `Module.Type` or `Module.function`: takes the member's link as well.
  private mutating func moduleMember(_ name: String, _ links: inout [Expression.ID]) -> Value? {
    guard let link = links.last, case .member(_, let member) = facts[link],
      name == facts.module || table.visibleModuleSets[context.file].contains(name),
      local(name) == nil, table.lookUpType(name, in: context.scope) == nil
    else { return nil }
    let place = facts.offset(of: link)
    let following = shape(ofNext: Array(links.dropLast()))
    if let found = table.topLevel[name]?[member]?.first {
      links.removeLast()
      record(found, following == nil ? .typeUse : .construction, at: place)
      return Value(.metatype(table.value(of: found, [])))
    }
    guard let found = choose(table.globals[name]?[member] ?? [], following) else { return nil }
    links.removeLast()
    record(found, at: place)
    return Value(memberType(found), member: found)
  }

  private mutating func implicitMember(
    _ name: String, expecting expected: InferredType, at offset: UInt32,
    calledWith shape: CallShape?
  ) -> Value {
    let type = expected.unwrapped
    guard !type.isUnknown else {
      var value = uniqueMember(name, isStatic: true, shape, at: offset)
      // Without a contextual type a plain case is still a value of its enum.
      if let result = value.type.functionResult, shape == nil { value.type = result }
      return value
    }
    return access(name, of: Value(.metatype(type)), at: offset, calledWith: shape)
  }

  // MARK: Names

  mutating func evaluate(
    name: String, at offset: UInt32, calledWith shape: CallShape?
  ) -> Value {
    if name == "self" { return Value(selfType) }
    if name == "Self" { return Value(.metatype(selfType)) }
    if let type = local(name) { return Value(type) }
    if let value = enclosingMember(name, at: offset, calledWith: shape) { return value }
    switch table.lookUpType(name, in: context.scope) {
    case .generic(let scope): return Value(.metatype(.generic(name, scope)))
    case .nominal(let found):
      record(found, shape == nil ? .typeUse : .construction, at: offset)
      return Value(.metatype(table.value(of: found, [])))
    case nil: break
    }
    if let found = choose(globals(named: name), shape) {
      record(found, at: offset)
      return Value(memberType(found), member: found)
    }
    guard let first = name.first, first.isUppercase, table.topLevel[name] == nil else {
      return Value(.unknown)
    }
    return Value(.metatype(.external(name, [])))
  }

  /// A member of the type around the code, or of the types around that.
  private mutating func enclosingMember(
    _ name: String, at offset: UInt32, calledWith shape: CallShape?
  ) -> Value? {
    var scope: ScopeID? = context.scope
    var seen: Set<NominalID> = []
    while let current = scope {
      var nominal = table[current].nominal
      while let id = nominal, seen.insert(id).inserted {
        let found = members(of: id, named: name)
        if var chosen = choose(found, shape) {
          if table[id].kind == .protocol { chosen = preferringRequirement(chosen, among: found) }
          record(chosen, at: offset)
          return Value(memberType(chosen), member: chosen)
        }
        nominal = table[id].parent
      }
      scope = table[current].parent
    }
    return nil
  }

  // MARK: Members

  mutating func access(
    _ name: String, of base: Value, at offset: UInt32, calledWith shape: CallShape?
  ) -> Value {
    var type = base.type
    var candidates = members(of: type, named: name)
    if candidates.members.isEmpty, type.isOptional {
      type = type.unwrapped
      candidates = members(of: type, named: name)
    }
    if case .tuple(let elements) = type {
      if let index = Int(name), index < elements.count { return Value(elements[index].type) }
      return Value(elements.first { $0.label == name }?.type ?? .unknown)
    }
    if name == "self" { return base }
    if case .metatype(let instance) = type, name == "init" {
      if case .nominal(let id, _) = instance { record(id, .construction, at: offset) }
      return Value(type)
    }
    var found = candidates.members
    let matching = found.filter { table[$0].isStatic == type.isMetatype }
    if !matching.isEmpty { found = matching }
    if let first = found.first, let owner = table[first].owner, table[owner].kind == .external {
      found = found.filter { fits(table[$0], shape) }
    }
    guard var chosen = choose(found, shape) else {
      return absent(name, of: type, base, at: offset, calledWith: shape)
    }
    if isProtocolTyped(type) { chosen = preferringRequirement(chosen, among: found) }
    record(chosen, at: offset)
    let memberType = memberType(chosen)
      .substituting(candidates.parameters, with: candidates.arguments)
    return Value(memberType, member: chosen)
  }

  func fits(_ member: Member, _ shape: CallShape?) -> Bool {
    guard member.kind != .variable else { return shape?.labels.isEmpty ?? true }
    return shape.map { fitsExactly(member, $0) } ?? false
  }

  /// A member that the tree does not declare, or a nested type.
  private mutating func absent(
    _ name: String, of type: InferredType, _ base: Value, at offset: UInt32,
    calledWith shape: CallShape?
  ) -> Value {
    switch type {
    case .metatype(.nominal(let outer, _)):
      if let nested = table.nestedType(name, of: outer) {
        record(nested, shape == nil ? .typeUse : .construction, at: offset)
        return Value(.metatype(table.value(of: nested, [])))
      }
    case .metatype(.external(let outer, _)):
      if let id = table.externals[outer], let nested = table[id].nested[name] {
        record(nested, shape == nil ? .typeUse : .construction, at: offset)
        return Value(.metatype(table.value(of: nested, [])))
      }
      if name.first?.isUppercase == true { return Value(.metatype(.external(name, []))) }
      if Self.singletons.contains(name) { return Value(.external(outer, [])) }
    case .external(let external, let arguments):
      var value = Value(StandardLibraryTypes.member(name, of: external, arguments))
      value.isForeign = !StandardLibraryTypes.isStandardContainer(external)
      if value.type.isUnknown,
        let found = extensionOfProtocol(name, shape, at: offset)
      {
        return found
      }
      return value
    case .unknown where !base.isForeign:
      return uniqueMember(name, isStatic: false, shape, at: offset)
    default: break
    }
    var value = Value(.unknown)
    value.isForeign = true
    return value
  }

  /// What an extension adds to a protocol of the standard library, for a type from elsewhere that
  /// may conform to it: only where exactly one declaration fits.
  private mutating func extensionOfProtocol(
    _ name: String, _ shape: CallShape?, at offset: UInt32
  ) -> Value? {
    let candidates = (table.membersByName[name] ?? []).filter { id in
      guard let owner = table[id].owner, table[owner].kind == .external,
        StandardLibraryTypes.refinements[table[owner].name] != nil
      else { return false }
      return isVisible(table[id]) && fits(table[id], shape)
    }
    guard candidates.count == 1, table.membersByName[name]?.count == 1 else { return nil }
    record(candidates[0], at: offset)
    return Value(memberType(candidates[0]), member: candidates[0])
  }

  private mutating func subscripted(_ base: Value, _ arguments: [Argument]) -> Value {
    let labels = arguments.map(\.label)
    let shape = CallShape(labels: labels, trailingClosures: 0)
    var candidates = members(of: base.type, named: "subscript")
    if candidates.members.isEmpty {
      candidates = members(of: base.type.unwrapped, named: "subscript")
    }
    if let chosen = choose(candidates.members, shape),
      !isExtensionOfExternal(chosen) || labels.contains(where: { $0 != nil })
    {
      if let first = arguments.first { record(chosen, at: facts.offset(of: first.value)) }
      let parameters = table[chosen].parameterTypes
      for (index, argument) in arguments.enumerated() {
        infer(argument.value, expecting: index < parameters.count ? parameters[index] : .unknown)
      }
      return Value(
        memberType(chosen).substituting(candidates.parameters, with: candidates.arguments))
    }
    infer(arguments)
    guard case .external(let name, let types) = base.type.unwrapped else { return Value(.unknown) }
    let hasDefault = labels.contains("default")
    return Value(StandardLibraryTypes.subscripted(name, types, hasDefault: hasDefault))
  }

  func isExtensionOfExternal(_ id: MemberID) -> Bool {
    table[id].owner.map { table[$0].kind == .external } ?? false
  }

  private func specialize(_ type: InferredType, with arguments: [InferredType]) -> InferredType {
    switch type {
    case .metatype(.nominal(let id, _)): .metatype(.nominal(id, arguments))
    case .metatype(.external(let name, _)): .metatype(.external(name, arguments))
    default: type
    }
  }
}
