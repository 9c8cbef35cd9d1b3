// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

extension BodyInference {
  /// Walks every declaration of the file, then the statements outside of declarations.
  mutating func walkFile() {
    for index in facts.declarations.indices {
      walk(Handle<Declaration>(index))
    }
    context = Context(file: context.file, scope: table.fileScopes[context.file])
    if let statements = facts.topLevel { walk(facts[statements]) }
    for fact in facts.imports { recordImport(fact) }
  }

  /// `import struct Module.Name` ties this file to the one that declares the name.
  private mutating func recordImport(_ fact: ImportFact) {
    guard let name = fact.declaration else { return }
    if let type = table.topLevel[fact.module]?[name]?.first {
      recordUse(ofFile: table[type].file)
    } else if let global = table.globals[fact.module]?[name]?.first {
      recordUse(ofFile: table[global].file)
    }
  }

  private mutating func walk(_ handle: Handle<Declaration>) {
    let declaration = facts[handle]
    // A local function is walked where it stands: it uses the locals around it.
    guard !(declaration.isLocal && declaration.kind == .function) else { return }
    context = Context(
      file: context.file, scope: table.scopeOfDeclaration[context.file][Int(handle.index)])
    context.member = table.memberOfDeclaration[context.file][Int(handle.index)]
    context.function = functionName(of: declaration)
    switch declaration.kind {
    case .class, .struct, .enum, .actor, .protocol: walkType(declaration)
    case .extension:
      if let extended = declaration.type { _ = type(extended, as: .typeUse) }
      walkType(declaration)
    case .typealias, .associatedType:
      context.alias = table.nominalOfDeclaration[context.file][Int(handle.index)]
      walkType(declaration)
      if let aliased = declaration.type { _ = type(aliased, as: .typeUse) }
    case .function, .initializer, .subscript: walkFunction(declaration)
    case .deinitializer: if let body = declaration.body { inScope { $0.walk($0.facts[body]) } }
    case .variable: walkVariable(declaration)
    case .enumCase: walkParameters(declaration.parameters, as: .storedProperty)
    }
  }

  private func functionName(of declaration: Declaration) -> String {
    guard declaration.kind != .enumCase else { return "" }
    guard let nominal = table.enclosingNominal(of: context.scope) else { return declaration.name }
    return table[nominal].name + "." + declaration.name
  }

  private mutating func walkType(_ declaration: Declaration) {
    walk(declaration.attributes)
    walk(declaration.generics)
    for (index, inherited) in declaration.inherited.enumerated() {
      let isSuperclass = declaration.kind == .class && index == 0 && namesClass(inherited)
      _ = type(inherited, as: isSuperclass ? .inheritance : .conformance)
    }
  }

  private func namesClass(_ id: TypeExpression.ID) -> Bool {
    guard case .nominal(let found, _) = silentType(id) else { return false }
    return table[found].kind == .class
  }

  private mutating func walk(_ attributes: [Attribute], hasInitialValue: Bool = false) {
    for attribute in attributes {
      let wrapper = type(attribute.type, as: .typeUse)
      inferWrapper(wrapper, attribute.arguments, hasInitialValue: hasInitialValue)
    }
  }

  /// Arguments of an attribute are those of an initialiser, which also takes the initial value.
  private mutating func inferWrapper(
    _ wrapper: InferredType, _ arguments: [Argument], hasInitialValue: Bool
  ) {
    let labels = arguments.map(\.label)
    let shapes = (hasInitialValue ? [["wrappedValue"] + labels] : []) + [labels]
    for labels in shapes where !arguments.isEmpty {
      let shape = CallShape(labels: labels, trailingClosures: 0)
      let found = members(of: wrapper, named: "init").members
        .first { score(table[$0], shape) != nil }
      guard let found else { continue }
      var signature = declared(found, types: table[found].parameterTypes, result: wrapper)
      if labels.count > arguments.count { _ = signature.parameter(labelled: "wrappedValue") }
      for argument in arguments {
        let wanted = signature.type(of: signature.parameter(labelled: argument.label))
        infer(argument.value, expecting: wanted)
      }
      return
    }
    infer(arguments)
  }

  private mutating func walk(_ generics: GenericSignature) {
    for parameter in generics.parameters {
      if let bound = parameter.bound { _ = type(bound, as: .signature) }
    }
    for requirement in generics.requirements {
      _ = type(requirement.left, as: .signature)
      _ = type(requirement.right, as: .signature)
    }
  }

  mutating func walkFunction(_ declaration: Declaration) {
    let outerReturn = context.returnType
    let outerReturned = context.returned
    context.locals.append([:])
    walk(declaration.attributes)
    walk(declaration.generics)
    walkParameters(declaration.parameters, as: .signature)
    let result = declaration.result.map { type($0, as: .signature) }
    if let thrown = declaration.thrown { _ = type(thrown, as: .signature) }
    context.returnType = declaration.kind == .initializer ? .unknown : result ?? .void
    if let body = declaration.body { walk(facts[body]) }
    walk(declaration.accessors, of: result ?? .unknown)
    context.locals.removeLast()
    context.returnType = outerReturn
    context.returned = outerReturned
  }

  private mutating func walkParameters(_ parameters: [Parameter], as kind: Reference.Kind) {
    for (index, parameter) in parameters.enumerated() {
      walk(parameter.attributes)
      var written = type(parameter.type, as: kind)
      if let value = parameter.defaultValue { infer(value, expecting: written) }
      if parameter.isVariadic { written = .array(written) }
      bind(parameter.name, to: routerParameter(index, of: written))
    }
  }

  private mutating func walkVariable(_ declaration: Declaration) {
    walk(declaration.attributes, hasInitialValue: declaration.initializer != nil)
    var isStored = declaration.accessors.isEmpty
    if let owner = declaration.parent, facts[owner].kind == .protocol { isStored = false }
    var written = InferredType.unknown
    if let annotation = declaration.type {
      written = type(annotation, as: isStored ? .storedProperty : .signature)
    }
    if let value = declaration.initializer {
      let inferred = infer(value, expecting: written)
      if written.isUnknown { written = inferred }
    }
    walk(declaration.accessors, of: written)
  }
}
