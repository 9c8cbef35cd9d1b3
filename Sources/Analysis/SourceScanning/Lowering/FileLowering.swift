// SPDX-License-Identifier: Apache-2.0
import SwiftSyntax

/// Turns one syntax tree into `FileFacts`; the tree can be dropped afterwards.
struct FileLowering {
  /// Expressions nested deeper than this are left out; chains of calls do not count as nesting.
  static let depthLimit = 200

  var facts: FactsBuilder
  let conditions: BuildConditions
  var depth = 0
  /// Offset of the first expression that `depthLimit` cut off.
  var firstCut: UInt32?
  /// Links of a chain, calls and names, from which on it is told.
  static let linksOfLongChain = 20_000
  /// The first such chain.
  var longChain: (calls: Int, offset: UInt32)?
  /// Loops lowered so far; a closure compares before and after to know whether it holds one.
  var loops = 0
  /// Function whose body is being lowered: the parent of local declarations.
  var bodyOwner: Handle<Declaration>?
  private var interned: [String: String] = [:]

  init(path: String, module: String, conditions: BuildConditions) {
    facts = FactsBuilder(path: path, module: module)
    self.conditions = conditions
  }

  mutating func lower(_ file: SourceFileSyntax) {
    facts.topLevel = inBody { lowering in
      let block = lowering.lowerFileItems(file.statements)
      return block.isEmpty ? nil : lowering.facts.add(block)
    }
  }

  /// Declarations of a file are globals, not locals of a body.
  private mutating func lowerFileItems(_ items: CodeBlockItemListSyntax) -> Block {
    var block: Block = []
    for item in items {
      switch item.item {
      case .decl(let declaration):
        if let config = declaration.as(IfConfigDeclSyntax.self) {
          if case .statements(let inner)? = conditions.activeClause(of: config)?.elements {
            block += lowerFileItems(inner)
          }
        } else {
          lower(declaration, parent: nil, isLocal: false)
        }
      case .stmt(let statement): block += lower(statement)
      case .expr(let expression): block.append(.expression(lower(expression)))
      }
    }
    return block
  }

  // MARK: Names and places

  func offset(_ node: some SyntaxProtocol) -> UInt32 {
    UInt32(node.positionAfterSkippingLeadingTrivia.utf8Offset)
  }

  /// Identifier without back-ticks. Long names share one allocation per file.
  mutating func name(_ token: TokenSyntax) -> String {
    var text = token.text
    if text.utf8.first == UInt8(ascii: "`") { text = text.filter { $0 != "`" } }
    guard text.utf8.count > 15 else { return text }
    if let known = interned[text] { return known }
    interned[text] = text
    return text
  }

  mutating func add(_ node: TypeExpression, at offset: UInt32) -> TypeExpression.ID {
    facts.add(node, at: offset)
  }

  mutating func add(_ node: Expression, at offset: UInt32) -> Expression.ID {
    facts.add(node, at: offset)
  }

  mutating func add(_ node: Closure) -> Handle<Closure> { facts.add(node) }

  mutating func add(_ node: Pattern) -> Handle<Pattern> { facts.add(node) }

  // MARK: Parts

  /// Lowers what only the walk of the file reads.
  mutating func inBody<Result>(_ lower: (inout FileLowering) -> Result) -> Result {
    lowering(asBody: true, lower)
  }

  /// Lowers what others learn from the file, wherever it stands.
  mutating func inOutline<Result>(_ lower: (inout FileLowering) -> Result) -> Result {
    lowering(asBody: false, lower)
  }

  private mutating func lowering<Result>(
    asBody: Bool, _ lower: (inout FileLowering) -> Result
  ) -> Result {
    let outer = facts.isInBody
    facts.isInBody = asBody
    defer { facts.isInBody = outer }
    return lower(&self)
  }
}
