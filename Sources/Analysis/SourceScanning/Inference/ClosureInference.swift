// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

extension BodyInference {
  mutating func infer(
    _ handle: Handle<Closure>, expecting expected: InferredType
  ) -> InferredType {
    let closure = facts[handle]
    var parameters: [InferredType] = []
    var result = InferredType.unknown
    if case .function(let wanted, let wantedResult) = expected.unwrapped {
      parameters = wanted
      result = wantedResult
    }
    let outerReturn = context.returnType
    let outerReturned = context.returned
    context.locals.append([:])
    bindParameters(of: closure, to: parameters)
    if let written = closure.result { result = type(written, as: .signature) }
    context.returnType = result
    context.returned = .unknown
    var value = InferredType.unknown
    if closure.body.count == 1, case .expression(let only) = closure.body[0] {
      value = infer(only, expecting: result)
    } else {
      walk(closure.body)
      value = context.returned
    }
    context.locals.removeLast()
    context.returnType = outerReturn
    context.returned = outerReturned
    return .function(parameters, result: result.isUnknown || isGeneric(result) ? value : result)
  }

  private func isGeneric(_ type: InferredType) -> Bool {
    if case .generic = type { true } else { false }
  }

  private mutating func bindParameters(of closure: Closure, to types: [InferredType]) {
    for capture in closure.captures { bind(capture.name, to: infer(capture.value)) }
    for (index, type) in types.enumerated() { bind("$\(index)", to: type) }
    var given = types
    if closure.parameters.count > 1, types.count == 1, case .tuple(let parts) = types[0] {
      given = parts.map(\.type)
    }
    for (index, parameter) in closure.parameters.enumerated() {
      let expected = index < given.count ? given[index] : .unknown
      let written = parameter.type.map { type($0, as: .signature) }
      bind(parameter.name, to: written.map { routerValue(of: $0) } ?? expected)
    }
  }
}
