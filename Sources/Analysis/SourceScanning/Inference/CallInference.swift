// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

/// What a call's arguments are matched with.
struct CallSignature {
  struct Parameter {
    var label: String?
    var type: InferredType
    var hasDefault = false
    var isVariadic = false
  }
  var parameters: [Parameter] = []
  var result = InferredType.unknown
  /// Generic parameters that the arguments decide.
  var generics: Set<String> = []
  private var bindings: [String: InferredType] = [:]
  private var next = 0

  init(parameters: [Parameter] = [], result: InferredType = .unknown, generics: Set<String> = []) {
    self.parameters = parameters
    self.result = result
    self.generics = generics
  }

  /// Index of the parameter that an argument with this label goes to.
  mutating func parameter(labelled label: String?) -> Int? {
    var index = next
    while index < parameters.count {
      if parameters[index].label == label {
        next = parameters[index].isVariadic ? index : index + 1
        return index
      }
      guard parameters[index].hasDefault || parameters[index].isVariadic else { return nil }
      index += 1
    }
    return nil
  }

  /// Index of the function-typed parameter that a trailing closure goes to.
  mutating func parameter(ofTrailingClosure label: String?) -> Int? {
    for index in parameters.indices.dropFirst(next) {
      guard case .function = parameters[index].type.unwrapped,
        label == nil || parameters[index].label == label
      else { continue }
      next = index + 1
      return index
    }
    return nil
  }

  func type(of index: Int?) -> InferredType {
    index.map { substitute(parameters[$0].type) } ?? .unknown
  }

  func substitute(_ type: InferredType) -> InferredType {
    bindings.isEmpty ? type : type.substituting { bindings[$0] }
  }

  /// Learns generic arguments from what was passed.
  mutating func unify(_ parameter: InferredType, _ argument: InferredType) {
    guard !generics.isEmpty else { return }
    switch (parameter, argument) {
    case (.generic(let name, _), let type):
      guard generics.contains(name), bindings[name] == nil, !type.isUnknown else { return }
      bindings[name] = type
    case (.nominal(let left, let wanted), .nominal(let right, let given)) where left == right:
      for (one, other) in zip(wanted, given) { unify(one, other) }
    case (.external(let left, let wanted), .external(let right, let given)) where left == right:
      for (one, other) in zip(wanted, given) { unify(one, other) }
    case (.metatype(let one), .metatype(let other)): unify(one, other)
    case (.function(_, let one), .function(_, let other)): unify(one, other)
    case (.external("Optional", let wanted), let type):
      if let wrapped = wanted.first { unify(wrapped, type) }
    default: return
    }
  }

  /// The result with what the arguments taught about a generic type's parameters.
  func finalResult(parametersOf nominal: (NominalID) -> [String]) -> InferredType {
    if case .nominal(let id, let arguments) = result, arguments.isEmpty, !bindings.isEmpty {
      let names = nominal(id)
      if !names.isEmpty { return .nominal(id, names.map { bindings[$0] ?? .unknown }) }
    }
    return substitute(result)
  }
}

extension BodyInference {
  mutating func call(_ site: CallSite, expecting expected: InferredType) -> Value {
    var signature = signature(of: site)
    if case .generic = signature.result, expected.isUnknown {
    } else {
      signature.unify(signature.result, expected)
    }
    let effect = effect(of: site)
    if effect.isTransaction { context.transactionDepth += 1 }
    let outer = context.opening
    noteOpening(site, effect)
    let closureResult = inferArguments(of: site, &signature, effect)
    context.opening = outer
    if effect.isTransaction { context.transactionDepth -= 1 }
    noteCall(site)
    var value = Value(
      signature.finalResult { table[$0].genericParameters })
    if let result = effect.result {
      value.type = result
    } else if site.callee.member == nil, let result = containerResult(of: site, closureResult) {
      value.type = result
    }
    value.member = site.callee.member
    value.isForeign = site.callee.isForeign && value.type.isUnknown
    return value
  }

  // MARK: Signatures

  private mutating func signature(of site: CallSite) -> CallSignature {
    let callee = site.callee
    if case .metatype(let instance) = callee.type, !isFunction(callee.member) {
      return initializer(of: instance, site)
    }
    if case .function(let types, let result) = callee.type {
      guard let id = callee.member else {
        return CallSignature(parameters: types.map { .init(label: nil, type: $0) }, result: result)
      }
      return declared(id, types: types, result: result)
    }
    if callee.member == nil, let signature = setAlgebra(site) { return signature }
    guard let id = callee.member, table[id].kind == .variable else { return CallSignature() }
    let candidates = members(of: callee.type.unwrapped, named: "callAsFunction")
    guard let chosen = choose(candidates.members, shape(of: site)) else { return CallSignature() }
    record(chosen, at: site.offset)
    let type = memberType(chosen).substituting(candidates.parameters, with: candidates.arguments)
    guard case .function(let types, let result) = type else { return CallSignature() }
    return declared(chosen, types: types, result: result)
  }

  /// Option sets take options, or sets of them, in members that the standard library declares.
  private func setAlgebra(_ site: CallSite) -> CallSignature? {
    guard StandardLibraryTypes.setAlgebra.contains(site.name),
      let receiver = site.receiver?.type.unwrapped, case .nominal(let id, _) = receiver,
      isOptionSet(id)
    else { return nil }
    return CallSignature(
      parameters: site.arguments.prefix(1).map { .init(label: $0.label, type: receiver) })
  }

  private func isFunction(_ member: MemberID?) -> Bool {
    member.map { table[$0].kind == .function } ?? false
  }

  private func shape(of site: CallSite) -> CallShape {
    CallShape(
      labels: site.arguments.map(\.label), trailingClosures: site.trailingClosures.count)
  }

  func declared(
    _ id: MemberID, types: [InferredType], result: InferredType
  ) -> CallSignature {
    let declaration = table.declaration(of: table[id])
    let parameters = zip(declaration.parameters, types).map { parameter, type in
      CallSignature.Parameter(
        label: parameter.label, type: type, hasDefault: parameter.defaultValue != nil,
        isVariadic: parameter.isVariadic)
    }
    return CallSignature(
      parameters: parameters, result: result,
      generics: Set(declaration.generics.parameters.map(\.name)))
  }

  private mutating func initializer(
    of instance: InferredType, _ site: CallSite
  ) -> CallSignature {
    let candidates = members(of: instance, named: "init")
    var found = candidates.members.filter { table[$0].kind == .initializer }
    let shape = shape(of: site)
    if let first = found.first, isExtensionOfExternal(first) {
      found = found.filter {
        fitsExactly(table[$0], shape) && shape.labels.contains { $0 != nil }
      }
      if let chosen = choose(found, shape) { record(chosen, at: site.offset, as: .construction) }
    }
    guard let chosen = choose(found, shape) else { return memberwise(instance, site) }
    let types = table[chosen].parameterTypes.map {
      $0.substituting(candidates.parameters, with: candidates.arguments)
    }
    let isFailable = table.declaration(of: table[chosen]).isFailable
    var signature = declared(chosen, types: types, result: instance)
    if isFailable { signature.result = .optional(instance) }
    if case .nominal(let id, let arguments) = instance, arguments.isEmpty {
      signature.generics.formUnion(table[id].genericParameters)
    }
    return signature
  }

  /// The initialiser that the compiler writes for a struct.
  private mutating func memberwise(
    _ instance: InferredType, _ site: CallSite
  ) -> CallSignature {
    var signature = CallSignature(result: instance)
    guard case .nominal(let id, let arguments) = instance, table[id].kind == .struct
    else { return signature }
    for argument in site.arguments {
      guard let label = argument.label,
        let property = table[id].members[label]?.first(where: { table[$0].kind == .variable })
      else { continue }
      let type = memberType(property).substituting(table[id].genericParameters, with: arguments)
      signature.parameters.append(.init(label: label, type: type, hasDefault: true))
    }
    if arguments.isEmpty { signature.generics = Set(table[id].genericParameters) }
    return signature
  }

  // MARK: Arguments

  /// Returns what the last closure argument returns.
  private mutating func inferArguments(
    of site: CallSite, _ signature: inout CallSignature, _ effect: CallEffect
  ) -> InferredType {
    var closureResult = InferredType.unknown
    func learn(_ parameter: InferredType, _ argument: InferredType) {
      signature.unify(parameter, argument)
      if case .function(_, let result) = argument { closureResult = result }
    }
    let isSaid = isSaidToBeSQL
    defer { isSaidToBeSQL = isSaid }
    for argument in site.arguments {
      let index = signature.parameter(labelled: argument.label)
      let wanted = signature.type(of: index)
      isSaidToBeSQL = argument.label.map(Self.labelsOfSQL.contains) ?? false
      if case .closure = facts[argument.value] {
        learn(wanted, infer(argument.value, expecting: closureType(wanted, site, effect)))
      } else {
        let value = evaluate(argument.value, expecting: wanted)
        learn(wanted, value.type)
        noteRouterPassed(value, toParameter: index, of: site)
      }
    }
    isSaidToBeSQL = false
    for argument in site.trailingClosures {
      let index = signature.parameter(ofTrailingClosure: argument.label)
      let wanted = signature.type(of: index)
      learn(wanted, infer(argument.value, expecting: closureType(wanted, site, effect)))
    }
    return closureResult
  }

  /// What a closure argument is given, where only the receiver tells.
  private mutating func closureType(
    _ wanted: InferredType, _ site: CallSite, _ effect: CallEffect
  ) -> InferredType {
    if let parameters = effect.closureParameters {
      return .function(parameters, result: wanted.functionResult ?? .unknown)
    }
    guard wanted.isUnknown, let receiver = site.receiver?.type.unwrapped else { return wanted }
    if case .nominal = receiver, site.callee.member == nil,
      StandardLibraryTypes.elementClosures.contains(site.name)
    {
      let element = element(of: receiver)
      let before: [InferredType] = site.name == "reduce" ? [.unknown] : []
      return element.isUnknown ? wanted : .function(before + [element, element], result: .unknown)
    }
    guard case .external(let type, let arguments) = receiver else { return wanted }
    if StandardLibraryTypes.lockClosures.contains(site.name), let value = arguments.first {
      return .function([value], result: .unknown)
    }
    guard StandardLibraryTypes.elementClosures.contains(site.name) else { return wanted }
    let element = StandardLibraryTypes.element(of: type, arguments)
    switch site.name {
    case "reduce": return .function([.unknown, element], result: .unknown)
    case "mapValues", "compactMapValues":
      return .function([arguments.count > 1 ? arguments[1] : .unknown], result: .unknown)
    case "map", "flatMap", "compactMap", "filter", "forEach", "first", "contains", "allSatisfy":
      if type == "Optional" { return .function(arguments, result: .unknown) }
      return .function([element], result: .unknown)
    default: return .function([element, element], result: .unknown)
    }
  }

  /// Result of the standard library's functions over containers.
  private func containerResult(
    of site: CallSite, _ closureResult: InferredType
  ) -> InferredType? {
    guard case .external(let type, let arguments)? = site.receiver?.type.unwrapped else {
      return nil
    }
    if StandardLibraryTypes.lockClosures.contains(site.name) { return closureResult }
    let element = StandardLibraryTypes.element(of: type, arguments)
    switch site.name {
    case "map", "flatMap", "compactMap":
      let isOptionalReceiver = site.receiver?.type.isOptional == true && type == "Optional"
      if isOptionalReceiver { return .optional(closureResult.unwrapped) }
      return StandardLibraryTypes.isStandardContainer(type)
        ? .array(site.name == "map" ? closureResult : flattened(closureResult)) : nil
    case "mapValues", "compactMapValues":
      return .external(type, [arguments.first ?? .unknown, closureResult.unwrapped])
    case "first", "last", "min", "max":
      return StandardLibraryTypes.isStandardContainer(type) ? .optional(element) : nil
    default: return nil
    }
  }

  private func flattened(_ type: InferredType) -> InferredType {
    if case .external(let name, let arguments) = type,
      StandardLibraryTypes.sequences.contains(name), let element = arguments.first
    {
      return element
    }
    return type.unwrapped
  }
}
