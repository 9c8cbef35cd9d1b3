// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// Type of an expression, and the member it names.
struct Value {
  var type: InferredType
  var member: MemberID?
  /// The expression hangs off code from elsewhere, about whose members nothing is known.
  var isForeign = false

  init(_ type: InferredType, member: MemberID? = nil) {
    self.type = type
    self.member = member
  }
}

extension BodyInference {
  @discardableResult
  mutating func infer(
    _ id: Expression.ID, expecting expected: InferredType = .unknown
  ) -> InferredType {
    evaluate(id, expecting: expected).type
  }

  mutating func evaluate(
    _ id: Expression.ID, expecting expected: InferredType = .unknown
  ) -> Value {
    guard depth < Self.depthLimit else { return Value(.unknown) }
    depth += 1
    defer { depth -= 1 }
    if depth > LazyMemberTypes.sureDepth { lazyTypes?.noteOrder() }
    switch facts[id] {
    case .member, .call, .subscripted, .optionalChain, .forceUnwrap, .specialized:
      return evaluateChain(id, expecting: expected)
    case .name(let name): return evaluate(name: name, at: facts.offset(of: id), calledWith: nil)
    default: return Value(inferRoot(id, expecting: expected))
    }
  }

  mutating func inferRoot(_ id: Expression.ID, expecting expected: InferredType) -> InferredType {
    switch facts[id] {
    case .optionalTry(let inner):
      let type = infer(inner, expecting: expected)
      return type.isOptional ? type : .optional(type)
    case .tuple(let elements): return inferTuple(elements, expecting: expected)
    case .array(let elements): return inferArray(elements, expecting: expected)
    case .dictionary(let entries): return inferDictionary(entries, expecting: expected)
    case .closure(let closure): return infer(closure, expecting: expected)
    case .sequence(let elements): return infer(elements, expecting: expected)
    case .string(let parts):
      for case .interpolation(let arguments) in parts { infer(arguments) }
      noteSQL(id)
      return .string
    case .literal(let literal): return type(of: literal, expecting: expected)
    case .if(let branches, let otherwise):
      for branch in branches { walk(branch) }
      if let otherwise { inScope { $0.walk(otherwise) } }
      return expected
    case .switch(let subject, let cases):
      let type = infer(subject)
      for item in cases { walk(item, subject: type) }
      return expected
    case .superclass: return superclass
    case .type(let type): return .metatype(self.type(type, as: .typeUse))
    case .keyPath(let root, let components):
      return inferKeyPath(root, components, expecting: expected)
    case .macro(let arguments):
      infer(arguments)
      return .unknown
    case .pattern(let pattern):
      bind(facts[pattern], to: expected)
      return .unknown
    default: return .unknown
    }
  }

  mutating func infer(_ arguments: [Argument]) {
    for argument in arguments { infer(argument.value) }
  }

  private func type(
    of literal: Expression.Literal, expecting expected: InferredType
  ) -> InferredType {
    switch literal {
    case .integer: .external("Int", [])
    case .float: .external("Double", [])
    case .boolean: .bool
    case .nil, .regex: expected
    }
  }

  private var superclass: InferredType {
    guard case .nominal(let id, _) = selfType,
      let parent = table[id].supertypes.first(where: { table[$0].kind == .class })
    else { return .unknown }
    return .nominal(parent, [])
  }

  // MARK: Literals with elements

  private mutating func inferTuple(
    _ elements: [Argument], expecting expected: InferredType
  ) -> InferredType {
    var wanted: [InferredType] = []
    if case .tuple(let parts) = expected { wanted = parts.map(\.type) }
    var types: [InferredType.Element] = []
    for (index, element) in elements.enumerated() {
      let type = infer(element.value, expecting: index < wanted.count ? wanted[index] : .unknown)
      types.append(.init(label: element.label, type: type))
    }
    return .tuple(types)
  }

  private mutating func inferArray(
    _ elements: [Expression.ID], expecting expected: InferredType
  ) -> InferredType {
    let wanted = literalElement(of: expected.unwrapped)
    var type = InferredType.unknown
    for element in elements {
      let inferred = infer(element, expecting: wanted)
      if type.isUnknown { type = inferred }
    }
    if case .metatype(let instance) = type, elements.count == 1 {
      return .metatype(.array(instance))
    }
    if case .nominal = expected.unwrapped, !wanted.isUnknown { return expected }
    return .array(wanted.isUnknown ? type : wanted)
  }

  /// What an array literal of that type holds.
  private mutating func literalElement(of type: InferredType) -> InferredType {
    guard case .nominal(let id, let arguments) = type else { return element(of: type) }
    if isOptionSet(id) { return type }
    for initializer in members(of: id, named: "init") {
      let parameters = table.declaration(of: table[initializer]).parameters
      guard parameters.count == 1, parameters[0].label == "arrayLiteral",
        let element = table[initializer].parameterTypes.first
      else { continue }
      return element.substituting(table[id].genericParameters, with: arguments)
    }
    return element(of: type)
  }

  func isOptionSet(_ id: NominalID) -> Bool {
    table[id].lineage.contains { ancestor in
      table[ancestor].externalSupertypes.contains { $0 == "OptionSet" || $0 == "SetAlgebra" }
    }
  }

  private mutating func inferDictionary(
    _ entries: [DictionaryEntry], expecting expected: InferredType
  ) -> InferredType {
    var wanted: [InferredType] = [.unknown, .unknown]
    if case .external("Dictionary", let arguments) = expected.unwrapped, arguments.count == 2 {
      wanted = arguments
    }
    var key = InferredType.unknown
    var value = InferredType.unknown
    for entry in entries {
      let entryKey = infer(entry.key, expecting: wanted[0])
      let entryValue = infer(entry.value, expecting: wanted[1])
      if key.isUnknown { key = entryKey }
      if value.isUnknown { value = entryValue }
    }
    if case .metatype(let keyType) = key, case .metatype(let valueType) = value {
      return .metatype(.dictionary(keyType, valueType))
    }
    return entries.isEmpty ? expected : .dictionary(key, value)
  }

  private mutating func inferKeyPath(
    _ root: TypeExpression.ID?, _ components: [KeyPathComponent], expecting expected: InferredType
  ) -> InferredType {
    var base = InferredType.unknown
    if let root {
      base = type(root, as: .typeUse)
    } else if case .external(_, let arguments) = expected, let wanted = arguments.first {
      base = wanted
    }
    for component in components {
      switch component {
      case .property(let name, let offset):
        base = access(name, of: Value(base), at: offset, calledWith: nil).type
      case .subscript(let arguments):
        infer(arguments)
        base = .unknown
      case .optional: base = base.unwrapped
      }
    }
    return .unknown
  }
}
