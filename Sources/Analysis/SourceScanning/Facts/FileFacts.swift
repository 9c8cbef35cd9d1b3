// SPDX-License-Identifier: Apache-2.0

/// Everything the resolver needs to know about one file, as plain values.
///
/// A syntax tree weighs about 28 times its source and lives in one thread's hands; these arenas
/// weigh a fraction of that and may be read from any thread. Nodes name their children by index, so
/// neither reading nor releasing a deep expression recurses.
struct FileFacts: Sendable {
  /// Path relative to the scanned folder.
  var path: String
  /// Module the file belongs to.
  var module: String
  /// Offset of the first byte of each line.
  var lineStarts: [UInt32] = [0]
  var imports: [ImportFact] = []
  /// Parents stand before their children.
  var declarations: [Declaration] = []
  /// Statements outside of any declaration.
  var topLevel: Block = []
  var types: [TypeExpression] = []
  var typeOffsets: [UInt32] = []
  var expressions: [Expression] = []
  var expressionOffsets: [UInt32] = []
  var patterns: [Pattern] = []
  var closures: [Closure] = []

  init(path: String, module: String) {
    self.path = path
    self.module = module
  }

  subscript(id: Handle<Declaration>) -> Declaration { declarations[Int(id.index)] }
  subscript(id: Handle<TypeExpression>) -> TypeExpression { types[Int(id.index)] }
  subscript(id: Handle<Expression>) -> Expression { expressions[Int(id.index)] }
  subscript(id: Handle<Pattern>) -> Pattern { patterns[Int(id.index)] }
  subscript(id: Handle<Closure>) -> Closure { closures[Int(id.index)] }

  func offset(of id: Handle<TypeExpression>) -> UInt32 { typeOffsets[Int(id.index)] }
  func offset(of id: Handle<Expression>) -> UInt32 { expressionOffsets[Int(id.index)] }

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
  let index: Int32
  init(_ index: Int) { self.index = Int32(index) }
}

/// `import Module`, with what it passes on.
struct ImportFact: Sendable {
  var module: String
  /// `import struct Module.Name`: the name.
  var declaration: String?
  /// `@_exported import`: whoever imports this file's module sees `module` too.
  var isExported: Bool
}
