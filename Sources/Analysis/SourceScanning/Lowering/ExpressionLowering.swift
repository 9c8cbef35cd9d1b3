// SPDX-License-Identifier: Apache-2.0
import SwiftSyntax

extension FileLowering {
  /// Lowers a chain (`a.b(c)[d]?.e`) from its root outwards in a loop: generated code holds chains
  /// of a hundred thousand calls, and one stack frame a call would overflow.
  mutating func lower(_ expression: ExprSyntax) -> Expression.ID {
    guard depth < Self.depthLimit else {
      firstCut = firstCut ?? offset(expression)
      return add(.unknown, at: offset(expression))
    }
    depth += 1
    defer { depth -= 1 }
    var links: [ExprSyntax] = []
    var root = expression
    while let base = chainBase(of: root) {
      links.append(root)
      root = base
    }
    if links.count >= Self.linksOfLongChain, longChain == nil {
      let calls = links.count { $0.is(FunctionCallExprSyntax.self) }
      longChain = (calls, offset(expression))
    }
    var result = lowerRoot(root)
    for link in links.reversed() { result = lower(link, onto: result) }
    return result
  }

  private func chainBase(of expression: ExprSyntax) -> ExprSyntax? {
    switch expression.as(ExprSyntaxEnum.self) {
    case .functionCallExpr(let node): node.calledExpression
    case .memberAccessExpr(let node): node.base
    case .subscriptCallExpr(let node): node.calledExpression
    case .optionalChainingExpr(let node): node.expression
    case .forceUnwrapExpr(let node): node.expression
    case .genericSpecializationExpr(let node): node.expression
    case .postfixOperatorExpr(let node): node.expression
    case .postfixIfConfigExpr(let node): node.base
    case .prefixOperatorExpr(let node): node.expression
    case .tryExpr(let node): node.expression
    case .awaitExpr(let node): node.expression
    case .consumeExpr(let node): node.expression
    case .copyExpr(let node): node.expression
    case .borrowExpr(let node): node.expression
    case .unsafeExpr(let node): node.expression
    case .inOutExpr(let node): node.expression
    case .packExpansionExpr(let node): node.repetitionPattern
    case .packElementExpr(let node): node.pack
    case .tupleExpr(let node): onlyElement(of: node)
    default: nil
    }
  }

  private func onlyElement(of tuple: TupleExprSyntax) -> ExprSyntax? {
    guard tuple.elements.count == 1, let only = tuple.elements.first, only.label == nil
    else { return nil }
    return only.expression
  }

  private mutating func lower(_ link: ExprSyntax, onto base: Expression.ID) -> Expression.ID {
    switch link.as(ExprSyntaxEnum.self) {
    case .functionCallExpr(let node):
      let arguments = lower(node.arguments)
      var trailing: [Argument] = []
      if let closure = node.trailingClosure {
        trailing.append(Argument(label: nil, value: lower(ExprSyntax(closure))))
      }
      for element in node.additionalTrailingClosures {
        let label = name(element.label)
        trailing.append(Argument(label: label, value: lower(ExprSyntax(element.closure))))
      }
      let place = facts.offset(of: base)
      return add(.call(callee: base, arguments: arguments, trailingClosures: trailing), at: place)
    case .memberAccessExpr(let node):
      let place = offset(node.declName)
      return add(.member(base: base, name: name(node.declName.baseName)), at: place)
    case .subscriptCallExpr(let node):
      let arguments = lower(node.arguments)
      return add(.subscripted(base: base, arguments: arguments), at: facts.offset(of: base))
    case .optionalChainingExpr: return add(.optionalChain(base: base), at: facts.offset(of: base))
    case .forceUnwrapExpr: return add(.forceUnwrap(base: base), at: facts.offset(of: base))
    case .genericSpecializationExpr(let node):
      let arguments = lower(node.genericArgumentClause)
      return add(.specialized(base: base, arguments: arguments), at: facts.offset(of: base))
    case .tryExpr(let node):
      guard node.questionOrExclamationMark?.tokenKind == .postfixQuestionMark else { return base }
      return add(.optionalTry(base), at: facts.offset(of: base))
    default: return base
    }
  }

  private mutating func lowerRoot(_ expression: ExprSyntax) -> Expression.ID {
    let place = offset(expression)
    switch expression.as(ExprSyntaxEnum.self) {
    case .declReferenceExpr(let node): return add(.name(name(node.baseName)), at: place)
    case .memberAccessExpr(let node):
      let member = name(node.declName.baseName)
      return add(.member(base: nil, name: member), at: offset(node.declName))
    case .tupleExpr(let node): return add(.tuple(lower(node.elements)), at: place)
    case .arrayExpr(let node):
      let elements = node.elements.map { lower($0.expression) }
      return add(.array(elements), at: place)
    case .dictionaryExpr(let node): return lower(node)
    case .closureExpr(let node):
      let closure = lowerClosure(node)
      return add(.closure(closure), at: place)
    case .sequenceExpr(let node):
      let elements = lowerSequence(Array(node.elements))
      return add(.sequence(elements), at: place)
    case .stringLiteralExpr(let node): return add(.string(lower(node)), at: place)
    case .simpleStringLiteralExpr(let node):
      return add(.string(node.segments.map { .text($0.content.text) }), at: place)
    case .integerLiteralExpr: return add(.literal(.integer), at: place)
    case .floatLiteralExpr: return add(.literal(.float), at: place)
    case .booleanLiteralExpr: return add(.literal(.boolean), at: place)
    case .nilLiteralExpr: return add(.literal(.nil), at: place)
    case .regexLiteralExpr: return add(.literal(.regex), at: place)
    case .ifExpr(let node): return lower(node)
    case .switchExpr(let node):
      let subject = lower(node.subject)
      let cases = lower(node.cases)
      return add(.switch(subject: subject, cases: cases), at: place)
    case .superExpr: return add(.superclass, at: place)
    case .typeExpr(let node):
      let type = lower(node.type)
      return add(.type(type), at: place)
    case .keyPathExpr(let node): return lower(node)
    case .macroExpansionExpr(let node): return lower(node)
    case .patternExpr(let node):
      let pattern = add(lower(node.pattern))
      return add(.pattern(pattern), at: place)
    default: return add(.unknown, at: place)
    }
  }

  mutating func lower(_ list: LabeledExprListSyntax) -> [Argument] {
    var arguments: [Argument] = []
    arguments.reserveCapacity(list.count)
    for element in list {
      let label = element.label.map { name($0) }
      arguments.append(Argument(label: label, value: lower(element.expression)))
    }
    return arguments
  }

  private mutating func lower(_ node: DictionaryExprSyntax) -> Expression.ID {
    var entries: [DictionaryEntry] = []
    if case .elements(let list) = node.content {
      for element in list {
        let key = lower(element.key)
        entries.append(DictionaryEntry(key: key, value: lower(element.value)))
      }
    }
    return add(.dictionary(entries), at: offset(node))
  }

  private mutating func lower(_ node: StringLiteralExprSyntax) -> [StringPart] {
    var parts: [StringPart] = []
    for segment in node.segments {
      switch segment {
      case .stringSegment(let text): parts.append(.text(text.content.text))
      case .expressionSegment(let inner): parts.append(.interpolation(lower(inner.expressions)))
      }
    }
    return parts
  }

  /// `else if` chains are flattened in a loop.
  private mutating func lower(_ node: IfExprSyntax) -> Expression.ID {
    var branches: [ConditionalBlock] = []
    var otherwise: Block?
    var next: IfExprSyntax? = node
    while let current = next {
      next = nil
      let conditions = lower(current.conditions)
      branches.append(
        ConditionalBlock(conditions: conditions, body: lower(current.body.statements)))
      switch current.elseBody {
      case .ifExpr(let inner)?: next = inner
      case .codeBlock(let block)?: otherwise = lower(block.statements)
      case nil: break
      }
    }
    return add(.if(branches: branches, otherwise: otherwise), at: offset(node))
  }

  private mutating func lower(_ node: KeyPathExprSyntax) -> Expression.ID {
    let root = node.root.map { lower($0) }
    var components: [KeyPathComponent] = []
    for component in node.components {
      switch component.component {
      case .property(let property):
        let member = name(property.declName.baseName)
        components.append(.property(member, offset: offset(property.declName)))
      case .subscript(let inner): components.append(.subscript(lower(inner.arguments)))
      case .optional: components.append(.optional)
      default: continue
      }
    }
    return add(.keyPath(root: root, components: components), at: offset(node))
  }

  private mutating func lower(_ node: MacroExpansionExprSyntax) -> Expression.ID {
    var arguments = lower(node.arguments)
    if let closure = node.trailingClosure {
      arguments.append(Argument(label: nil, value: lower(ExprSyntax(closure))))
    }
    return add(.macro(arguments: arguments), at: offset(node))
  }
}
