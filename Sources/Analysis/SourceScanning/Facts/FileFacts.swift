// SPDX-License-Identifier: Apache-2.0

/// Everything the resolver needs to know about one file, as plain values.
///
/// A syntax tree weighs about 28 times its source and lives in one thread's hands; these arenas
/// weigh a fraction of that and may be read from any thread. Nodes name their children by index, so
/// neither reading nor releasing a deep expression recurses.
///
/// The outline is what others learn from the file: its declarations, the types that they name, and
/// the values of its properties. The rest only the walk of the file itself reads; of a file that is
/// not walked again it stays the bytes that an earlier run has kept.
final class FileFacts: Sendable {
  /// Path relative to the scanned folder.
  let path: String
  /// Module the file belongs to.
  let module: String
  /// Offset of the first byte of each line.
  let lineStarts: [UInt32]
  let imports: [ImportFact]
  /// Parents stand before their children.
  let declarations: [Declaration]
  /// Statements outside of any declaration; `nil` for none.
  let topLevel: Handle<Block>?
  let outline: FactNodes
  private let bodies: BodyNodes

  init(
    path: String, module: String, lineStarts: [UInt32] = [0], imports: [ImportFact] = [],
    declarations: [Declaration] = [], topLevel: Handle<Block>? = nil,
    outline: FactNodes = FactNodes(), bodies: BodyNodes = BodyNodes(FactNodes())
  ) {
    self.path = path
    self.module = module
    self.lineStarts = lineStarts
    self.imports = imports
    self.declarations = declarations
    self.topLevel = topLevel
    self.outline = outline
    self.bodies = bodies
  }

  /// Modules that the file passes on to whoever imports its own.
  var exported: [String] { imports.filter(\.isExported).map(\.module) }

  /// Nodes that only the walk of the file reads.
  var body: FactNodes { bodies.nodes }
  /// Whether somebody had to read them.
  var isBodyRead: Bool { bodies.isRead }

  subscript(id: Handle<Declaration>) -> Declaration {
    _read { yield declarations[Int(id.index)] }
  }
  subscript(id: Handle<TypeExpression>) -> TypeExpression {
    id.isInBody ? bodies[id] : outline.types[id.place]
  }
  subscript(id: Handle<Expression>) -> Expression {
    id.isInBody ? bodies[id] : outline.expressions[id.place]
  }
  subscript(id: Handle<Pattern>) -> Pattern {
    id.isInBody ? bodies[id] : outline.patterns[id.place]
  }
  subscript(id: Handle<Closure>) -> Closure {
    id.isInBody ? bodies[id] : outline.closures[id.place]
  }
  subscript(id: Handle<Block>) -> Block {
    id.isInBody ? bodies[id] : outline.blocks[id.place]
  }

  func offset(of id: Handle<TypeExpression>) -> UInt32 {
    id.isInBody ? bodies.offset(of: id) : outline.typeOffsets[id.place]
  }
  func offset(of id: Handle<Expression>) -> UInt32 {
    id.isInBody ? bodies.offset(of: id) : outline.expressionOffsets[id.place]
  }

  /// 1-based line and UTF-8 column of a byte offset.
  func location(of offset: UInt32) -> (line: Int, column: Int) {
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    return (low + 1, Int(offset - lineStarts[low]) + 1)
  }
}

/// Index of a node in one of the arenas of a file.
struct Handle<Node>: Hashable, Sendable {
  /// Nodes of bodies count down from -1.
  let index: Int32

  init(_ index: Int) { self.index = Int32(index) }

  init(_ place: Int, isInBody: Bool) { index = isInBody ? ~Int32(place) : Int32(place) }

  var isInBody: Bool { index < 0 }
  /// Index in the arena.
  var place: Int { Int(index < 0 ? ~index : index) }
}

/// `import Module`, with what it passes on.
struct ImportFact: Sendable {
  var module: String
  /// `import struct Module.Name`: the name.
  var declaration: String?
  /// `@_exported import`: whoever imports this file's module sees `module` too.
  var isExported: Bool
}
