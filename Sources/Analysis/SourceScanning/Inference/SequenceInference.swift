// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

extension BodyInference {
  private static let comparisons: Set<String> = [
    "==", "!=", "<", ">", "<=", ">=", "===", "!==", "~=", "&&", "||",
  ]
  /// Operators whose right side has the type of the left one.
  private static let homogeneous: Set<String> = [
    "==", "!=", "??", "<", ">", "<=", ">=", "+", "-", "|", "&", "~=", "+=", "-=", "|=",
  ]

  /// An expression with operators, unfolded: the type of an operand is guessed from the one before.
  mutating func infer(
    _ elements: [SequenceElement], expecting expected: InferredType
  ) -> InferredType {
    var result = InferredType.unknown
    var previous = InferredType.unknown
    var lastOperator: String?
    var isTernary = false
    var isComparison = false
    for (index, element) in elements.enumerated() {
      switch element {
      case .assignment: lastOperator = "="
      case .operator(let name):
        lastOperator = name
        if Self.comparisons.contains(name) { isComparison = true }
      case .ternary(let then):
        result = infer(then, expecting: expected)
        previous = result
        lastOperator = nil
        isTernary = true
        isComparison = false
      case .cast(let id, let isConditional):
        let target = type(id, as: .typeUse)
        result = isConditional ? .optional(target) : target
        previous = result
      case .typeCheck(let id):
        _ = type(id, as: .typeUse)
        isComparison = true
      case .operand(let id):
        let wanted: InferredType
        if index == 0 {
          wanted = startsWithCondition(elements) ? .unknown : expected
        } else if let name = lastOperator, name == "=" || Self.homogeneous.contains(name) {
          wanted = previous.unwrapped
        } else {
          wanted = isTernary ? expected : .unknown
        }
        let type = infer(id, expecting: wanted)
        result = combine(result, type, lastOperator, isFirst: index == 0)
        previous = type
      }
    }
    return isComparison ? .bool : result
  }

  private func startsWithCondition(_ elements: [SequenceElement]) -> Bool {
    guard elements.count > 1 else { return false }
    switch elements[1] {
    case .operator(let name): return name != "??" && name != "+"
    case .assignment, .ternary: return true
    default: return false
    }
  }

  private func combine(
    _ result: InferredType, _ operand: InferredType, _ name: String?, isFirst: Bool
  ) -> InferredType {
    if isFirst { return operand }
    if name == "=" { return .void }
    if name == "??" {
      if result.unwrapped.isUnknown { return operand }
      return operand.isOptional ? operand : result.unwrapped
    }
    return result.isUnknown ? operand : result
  }
}
