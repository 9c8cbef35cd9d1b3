// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

extension BodyInference {
  mutating func walk(_ block: Block) {
    // Local functions may be called above their declaration.
    for case .declaration(let handle) in block { bindLocalFunction(handle) }
    for (index, statement) in block.enumerated() {
      let isOnly = block.count == 1 && index == 0
      walk(statement, expecting: isOnly ? context.returnType : .unknown)
    }
  }

  private mutating func bindLocalFunction(_ handle: Handle<Declaration>) {
    let declaration = facts[handle]
    guard declaration.kind == .function else { return }
    let scope = table.scopeOfDeclaration[context.file][Int(handle.index)]
    var silent = MentionLog()
    let parameters = declaration.parameters.map {
      table.resolve($0.type, in: scope, log: &silent)
    }
    let result = declaration.result.map { table.resolve($0, in: scope, log: &silent) } ?? .void
    bind(declaration.name, to: .function(parameters, result: result))
  }

  private mutating func walk(_ statement: Statement, expecting expected: InferredType) {
    switch statement {
    case .expression(let id): infer(id, expecting: expected)
    case .return(let id):
      guard let id else { return }
      let type = infer(id, expecting: context.returnType)
      if context.returned.isUnknown { context.returned = type }
    case .binding(let binding): walk(binding)
    case .declaration(let handle): walkLocal(handle)
    case .scope(let block): walk(block)
    case .guard(let conditions, let otherwise):
      inScope { $0.walk(otherwise) }
      for condition in conditions { walk(condition) }
    case .forIn(let loop): walk(loop)
    case .inline(let block): walk(block)
    }
  }

  /// A local function sees the locals around it; a local type is walked with the file's
  /// declarations.
  private mutating func walkLocal(_ handle: Handle<Declaration>) {
    guard facts[handle].kind == .function else { return }
    let outerScope = context.scope
    context.scope = table.scopeOfDeclaration[context.file][Int(handle.index)]
    walkFunction(facts[handle])
    context.scope = outerScope
  }

  mutating func walk(_ binding: Binding) {
    var type = binding.type.map { self.type($0, as: .typeUse) } ?? .unknown
    if let value = binding.value {
      let inferred = infer(value, expecting: type)
      if binding.type == nil { type = inferred }
    }
    bind(binding.pattern, to: type)
    walk(binding.accessors, of: type)
  }

  mutating func walk(_ accessors: [Accessor], of type: InferredType) {
    guard !accessors.isEmpty else { return }
    let outer = context.returnType
    for accessor in accessors {
      context.returnType = accessor.isGetter ? type : .unknown
      inScope { inner in
        if !accessor.isGetter {
          inner.bind("newValue", to: type)
          inner.bind("oldValue", to: type)
          if let name = accessor.parameterName { inner.bind(name, to: type) }
        }
        inner.walk(inner.facts[accessor.body])
      }
    }
    context.returnType = outer
  }

  mutating func walk(_ block: ConditionalBlock) {
    inScope { inner in
      for condition in block.conditions { inner.walk(condition) }
      inner.walk(block.body)
    }
  }

  mutating func walk(_ condition: Condition) {
    switch condition {
    case .boolean(let id): infer(id)
    case .optionalBinding(let pattern, let written, let value, let offset):
      var type = InferredType.unknown
      let annotation = written.map { self.type($0, as: .typeUse) }
      if let value {
        type = infer(value, expecting: annotation.map { .optional($0) } ?? .unknown).unwrapped
      } else if case .name(let name) = pattern {
        type = evaluate(name: name, at: offset, calledWith: nil).type.unwrapped
      }
      bind(pattern, to: annotation ?? type)
    case .matching(let pattern, let value):
      let type = value.map { infer($0) } ?? .unknown
      bind(pattern, to: type)
    }
  }

  private mutating func walk(_ loop: ForLoop) {
    let sequence = infer(loop.sequence)
    let element = element(of: sequence)
    inScope { inner in
      let written = loop.type.map { inner.type($0, as: .typeUse) }
      inner.bind(loop.pattern, to: written ?? element)
      if let filter = loop.filter { inner.infer(filter) }
      inner.walk(loop.body)
    }
  }

  mutating func walk(_ item: SwitchCase, subject: InferredType) {
    inScope { inner in
      for entry in item.items {
        inner.bind(entry.pattern, to: subject)
        if let filter = entry.filter { inner.infer(filter) }
      }
      inner.walk(item.body)
    }
  }

  // MARK: Patterns

  mutating func bind(_ pattern: Pattern, to type: InferredType) {
    switch pattern {
    case .wildcard: return
    case .name(let name): bind(name, to: type)
    case .tuple(let elements):
      var types: [InferredType] = []
      if case .tuple(let parts) = type { types = parts.map(\.type) }
      for (index, element) in elements.enumerated() {
        bind(element, to: index < types.count ? types[index] : .unknown)
      }
    case .type(let id): _ = self.type(id, as: .typeUse)
    case .expression(let id): match(id, against: type)
    }
  }

  /// An expression in a pattern: an enum case with payload, a cast, a tuple, or a plain value.
  private mutating func match(_ id: Expression.ID, against type: InferredType) {
    switch facts[id] {
    case .pattern(let handle): bind(facts[handle], to: type)
    case .call(let callee, let arguments, _):
      let payload = payload(of: callee, matching: type)
      if arguments.count == 1, payload.count > 1 {
        let tuple = InferredType.tuple(payload.map { .init(label: nil, type: $0) })
        match(arguments[0].value, against: tuple)
      } else {
        for (index, argument) in arguments.enumerated() {
          match(argument.value, against: index < payload.count ? payload[index] : .unknown)
        }
      }
    case .tuple(let elements):
      var types: [InferredType] = []
      if case .tuple(let parts) = type { types = parts.map(\.type) }
      for (index, element) in elements.enumerated() {
        match(element.value, against: index < types.count ? types[index] : .unknown)
      }
    case .sequence(let elements):
      if elements.count == 2, case .operand(let inner) = elements[0],
        case .cast(let target, _) = elements[1]
      {
        match(inner, against: self.type(target, as: .typeUse))
      } else {
        infer(id, expecting: type)
      }
    case .optionalChain(let inner): match(inner, against: type.unwrapped)
    default: infer(id, expecting: type)
    }
  }

  private mutating func payload(
    of callee: Expression.ID, matching type: InferredType
  ) -> [InferredType] {
    let value = evaluate(callee, expecting: type)
    if let id = value.member, table[id].kind == .enumCase {
      guard case .nominal(let owner, let arguments) = type.unwrapped else {
        return table[id].parameterTypes
      }
      let parameters = table[owner].genericParameters
      return table[id].parameterTypes.map { $0.substituting(parameters, with: arguments) }
    }
    guard case .member(nil, let name) = facts[callee] else { return [] }
    if name == "some" { return [type.unwrapped] }
    if case .external("Result", let arguments) = type, arguments.count == 2 {
      return name == "success" ? [arguments[0]] : [arguments[1]]
    }
    return []
  }
}
