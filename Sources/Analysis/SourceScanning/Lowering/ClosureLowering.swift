// SPDX-License-Identifier: Apache-2.0
import SwiftSyntax

extension FileLowering {
  mutating func lowerClosure(_ node: ClosureExprSyntax) -> Handle<Closure> {
    var closure = Closure()
    if let signature = node.signature { lower(signature, into: &closure) }
    let loopsBefore = loops
    closure.body = lower(node.statements)
    closure.hasLoop = loops > loopsBefore
    return add(closure)
  }

  private mutating func lower(_ signature: ClosureSignatureSyntax, into closure: inout Closure) {
    for item in signature.capture?.items ?? [] {
      guard let value = item.initializer?.value else { continue }
      let captured = name(item.name)
      closure.captures.append(.init(name: captured, value: lower(value)))
    }
    switch signature.parameterClause {
    case .simpleInput(let list)?:
      for parameter in list {
        closure.parameters.append(.init(name: name(parameter.name), type: nil))
      }
    case .parameterClause(let clause)?:
      for parameter in clause.parameters {
        let type = parameter.type.map { lower($0) }
        let parameterName = name(parameter.secondName ?? parameter.firstName)
        closure.parameters.append(.init(name: parameterName, type: type))
      }
    case nil: break
    }
    closure.result = (signature.returnClause?.type).map { lower($0) }
  }

  /// Operators keep their written order: folding them would need every operator declaration, and
  /// inference gets by with the neighbours of an operand.
  mutating func lowerSequence(_ elements: [ExprSyntax]) -> [SequenceElement] {
    var lowered: [SequenceElement] = []
    lowered.reserveCapacity(elements.count)
    var index = 0
    while index < elements.count {
      let following = index + 1 < elements.count ? elements[index + 1] : nil
      switch elements[index].as(ExprSyntaxEnum.self) {
      case .assignmentExpr: lowered.append(.assignment)
      case .binaryOperatorExpr(let node): lowered.append(.operator(name(node.operator)))
      case .unresolvedTernaryExpr(let node):
        lowered.append(.ternary(then: lower(node.thenExpression)))
      case .unresolvedAsExpr(let node):
        if let type = following?.as(TypeExprSyntax.self)?.type {
          let isConditional = node.questionOrExclamationMark?.tokenKind == .postfixQuestionMark
          lowered.append(.cast(lower(type), isConditional: isConditional))
          index += 1
        }
      case .unresolvedIsExpr:
        if let type = following?.as(TypeExprSyntax.self)?.type {
          lowered.append(.typeCheck(lower(type)))
          index += 1
        }
      default: lowered.append(.operand(lower(elements[index])))
      }
      index += 1
    }
    return lowered
  }
}
