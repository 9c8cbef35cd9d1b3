// SPDX-License-Identifier: Apache-2.0

/// The facts of a file while its tree is lowered.
struct FactsBuilder: Sendable {
  let path: String
  let module: String
  var imports: [ImportFact] = []
  var declarations: [Declaration] = []
  var topLevel: Handle<Block>?
  private var outline = FactNodes()
  private var bodies = FactNodes()
  /// Whether what is added now belongs to a body.
  var isInBody = false

  init(path: String, module: String) {
    self.path = path
    self.module = module
  }

  mutating func add(_ node: TypeExpression, at offset: UInt32) -> TypeExpression.ID {
    add { nodes in
      nodes.types.append(node)
      nodes.typeOffsets.append(offset)
      return nodes.types.count
    }
  }

  mutating func add(_ node: Expression, at offset: UInt32) -> Expression.ID {
    add { nodes in
      nodes.expressions.append(node)
      nodes.expressionOffsets.append(offset)
      return nodes.expressions.count
    }
  }

  mutating func add(_ node: Closure) -> Handle<Closure> {
    add { nodes in
      nodes.closures.append(node)
      return nodes.closures.count
    }
  }

  mutating func add(_ node: Pattern) -> Handle<Pattern> {
    add { nodes in
      nodes.patterns.append(node)
      return nodes.patterns.count
    }
  }

  mutating func add(_ node: Block) -> Handle<Block> {
    add { nodes in
      nodes.blocks.append(node)
      return nodes.blocks.count
    }
  }

  /// - Parameter append: appends a node and returns how many there are now.
  private mutating func add<Node>(_ append: (inout FactNodes) -> Int) -> Handle<Node> {
    let count = isInBody ? append(&bodies) : append(&outline)
    return Handle(count - 1, isInBody: isInBody)
  }

  subscript(id: Handle<Expression>) -> Expression {
    id.isInBody ? bodies.expressions[id.place] : outline.expressions[id.place]
  }

  func offset(of id: Handle<Expression>) -> UInt32 {
    id.isInBody ? bodies.expressionOffsets[id.place] : outline.expressionOffsets[id.place]
  }

  func facts(lineStarts: [UInt32]) -> FileFacts {
    FileFacts(
      path: path, module: module, lineStarts: lineStarts, imports: imports,
      declarations: declarations, topLevel: topLevel, outline: outline, bodies: BodyNodes(bodies))
  }
}
