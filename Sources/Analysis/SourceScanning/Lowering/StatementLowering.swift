// SPDX-License-Identifier: Apache-2.0
import SwiftSyntax

extension FileLowering {
  /// Lowers a body; local declarations become children of `parent`.
  ///
  /// - Parameter isBody: false for the few that others read too.
  mutating func lower(
    _ items: CodeBlockItemListSyntax, in parent: Parent, isBody: Bool = true
  ) -> (handle: Handle<Block>, block: Block) {
    let outer = bodyOwner
    bodyOwner = parent
    defer { bodyOwner = outer }
    func lowered(_ lowering: inout FileLowering) -> (Handle<Block>, Block) {
      let block = lowering.lower(items)
      return (lowering.facts.add(block), block)
    }
    return isBody ? inBody(lowered) : inOutline(lowered)
  }

  mutating func lower(_ items: CodeBlockItemListSyntax) -> Block {
    var block: Block = []
    block.reserveCapacity(items.count)
    for item in items {
      switch item.item {
      case .decl(let declaration): block += lowerLocal(declaration)
      case .stmt(let statement): block += lower(statement)
      case .expr(let expression): block.append(.expression(lower(expression)))
      }
    }
    return block
  }

  private mutating func lowerLocal(_ node: DeclSyntax) -> Block {
    if let variable = node.as(VariableDeclSyntax.self) {
      return variable.bindings.map { .binding(lower($0)) }
    }
    if let config = node.as(IfConfigDeclSyntax.self) {
      guard case .statements(let inner)? = conditions.activeClause(of: config)?.elements
      else { return [] }
      return [.inline(lower(inner))]
    }
    let next = facts.declarations.count
    lower(node, parent: bodyOwner, isLocal: true)
    guard facts.declarations.count > next else { return [] }
    return [.declaration(Handle(next))]
  }

  private mutating func lower(_ node: PatternBindingSyntax) -> Binding {
    let type = (node.typeAnnotation?.type).map { lower($0) }
    let value = (node.initializer?.value).map { lower($0) }
    let accessors = node.accessorBlock.map { lower($0, in: bodyOwner) } ?? []
    return Binding(
      pattern: lower(node.pattern), type: type, value: value, accessors: accessors)
  }

  mutating func lower(_ node: StmtSyntax) -> Block {
    switch node.as(StmtSyntaxEnum.self) {
    case .returnStmt(let node): return [.return(node.expression.map { lower($0) })]
    case .throwStmt(let node): return [.expression(lower(node.expression))]
    case .expressionStmt(let node): return [.expression(lower(node.expression))]
    case .guardStmt(let node):
      let conditions = lower(node.conditions)
      return [.guard(conditions: conditions, otherwise: lower(node.body.statements))]
    case .whileStmt(let node):
      loops += 1
      return [scope(lower(node.conditions), node.body)]
    case .repeatStmt(let node):
      loops += 1
      return [scope([], node.body), .expression(lower(node.condition))]
    case .forStmt(let node): return [.forIn(lower(node))]
    case .doStmt(let node): return lower(node)
    case .deferStmt(let node): return [scope([], node.body)]
    case .labeledStmt(let node): return lower(node.statement)
    case .yieldStmt(let node): return lower(node)
    default: return []
    }
  }

  private mutating func scope(_ conditions: [Condition], _ body: CodeBlockSyntax) -> Statement {
    .scope(ConditionalBlock(conditions: conditions, body: lower(body.statements)))
  }

  private mutating func lower(_ node: ForStmtSyntax) -> ForLoop {
    if node.awaitKeyword != nil { loops += 1 }
    let sequence = lower(node.sequence)
    let type = (node.typeAnnotation?.type).map { lower($0) }
    let filter = (node.whereClause?.condition).map { lower($0) }
    return ForLoop(
      pattern: lower(node.pattern), type: type, sequence: sequence, filter: filter,
      body: lower(node.body.statements))
  }

  private mutating func lower(_ node: DoStmtSyntax) -> Block {
    var block = [scope([], node.body)]
    for clause in node.catchClauses {
      var conditions: [Condition] = []
      for item in clause.catchItems {
        if let pattern = item.pattern { conditions.append(.matching(lower(pattern), value: nil)) }
        if let filter = item.whereClause?.condition { conditions.append(.boolean(lower(filter))) }
      }
      block.append(scope(conditions, clause.body))
    }
    return block
  }

  private mutating func lower(_ node: YieldStmtSyntax) -> Block {
    switch node.yieldedExpressions {
    case .single(let expression): [.expression(lower(expression))]
    case .multiple(let clause): clause.elements.map { .expression(lower($0.expression)) }
    }
  }

  mutating func lower(_ list: ConditionElementListSyntax) -> [Condition] {
    var conditions: [Condition] = []
    for element in list {
      switch element.condition {
      case .expression(let expression): conditions.append(.boolean(lower(expression)))
      case .optionalBinding(let binding):
        let type = (binding.typeAnnotation?.type).map { lower($0) }
        let value = (binding.initializer?.value).map { lower($0) }
        conditions.append(
          .optionalBinding(
            lower(binding.pattern), type: type, value: value, offset: offset(binding.pattern)))
      case .matchingPattern(let matching):
        let value = lower(matching.initializer.value)
        conditions.append(.matching(lower(matching.pattern), value: value))
      case .availability: continue
      }
    }
    return conditions
  }

  // MARK: Patterns

  mutating func lower(_ node: PatternSyntax) -> Pattern {
    switch node.as(PatternSyntaxEnum.self) {
    case .identifierPattern(let node): return .name(name(node.identifier))
    case .valueBindingPattern(let node): return lower(node.pattern)
    case .tuplePattern(let node):
      if node.elements.count == 1, let only = node.elements.first { return lower(only.pattern) }
      var elements: [Pattern] = []
      for element in node.elements { elements.append(lower(element.pattern)) }
      return .tuple(elements)
    case .isTypePattern(let node): return .type(lower(node.type))
    case .expressionPattern(let node): return .expression(lower(node.expression))
    default: return .wildcard
    }
  }

  mutating func lower(_ list: SwitchCaseListSyntax) -> [SwitchCase] {
    var cases: [SwitchCase] = []
    for element in list {
      switch element {
      case .switchCase(let node):
        var items: [SwitchCase.Item] = []
        if case .case(let label) = node.label {
          for item in label.caseItems {
            let filter = (item.whereClause?.condition).map { lower($0) }
            items.append(.init(pattern: lower(item.pattern), filter: filter))
          }
        }
        cases.append(SwitchCase(items: items, body: lower(node.statements)))
      case .ifConfigDecl(let config):
        if case .switchCases(let inner)? = conditions.activeClause(of: config)?.elements {
          cases += lower(inner)
        }
      }
    }
    return cases
  }
}
