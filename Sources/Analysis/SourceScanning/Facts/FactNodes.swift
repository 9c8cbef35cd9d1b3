// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Nodes of the outline of a file, or those of its bodies.
struct FactNodes: Sendable {
  var types: [TypeExpression] = []
  var typeOffsets: [UInt32] = []
  var expressions: [Expression] = []
  var expressionOffsets: [UInt32] = []
  var patterns: [Pattern] = []
  var closures: [Closure] = []
  /// Bodies of functions and accessors, and the statements outside of declarations.
  var blocks: [Block] = []
}

/// The nodes of bodies: known at once where the file was parsed, else read from the bytes that an
/// earlier run has kept when somebody first asks for one.
///
/// The bytes have passed their check sum before. Should they not be what was written all the same,
/// nothing is known of the bodies: a node that is missing is an unknown one.
final class BodyNodes: Sendable {
  private let parsed: Box?
  private let kept: ArraySlice<UInt8>
  private let read = AtomicLazyReference<Box>()

  private final class Box: Sendable {
    let nodes: FactNodes

    init(_ nodes: FactNodes) { self.nodes = nodes }
  }

  init(_ nodes: FactNodes) {
    parsed = Box(nodes)
    kept = []
  }

  init(kept: ArraySlice<UInt8>) {
    parsed = nil
    self.kept = kept
  }

  var nodes: FactNodes { box.nodes }
  var isRead: Bool { parsed != nil || read.load() != nil }

  private var box: Box { parsed ?? read.load() ?? readFirst() }

  private func readFirst() -> Box {
    var bytes = ByteReader(kept)
    let nodes = try? FactNodes(from: &bytes)
    return read.storeIfNil(Box(nodes ?? FactNodes()))
  }

  subscript(id: Handle<TypeExpression>) -> TypeExpression {
    box.nodes.types.node(at: id.place) ?? .unknown
  }
  subscript(id: Handle<Expression>) -> Expression {
    box.nodes.expressions.node(at: id.place) ?? .unknown
  }
  subscript(id: Handle<Pattern>) -> Pattern { box.nodes.patterns.node(at: id.place) ?? .wildcard }
  subscript(id: Handle<Closure>) -> Closure { box.nodes.closures.node(at: id.place) ?? Closure() }
  subscript(id: Handle<Block>) -> Block { box.nodes.blocks.node(at: id.place) ?? [] }

  func offset(of id: Handle<TypeExpression>) -> UInt32 {
    box.nodes.typeOffsets.node(at: id.place) ?? 0
  }
  func offset(of id: Handle<Expression>) -> UInt32 {
    box.nodes.expressionOffsets.node(at: id.place) ?? 0
  }
}

extension Array {
  fileprivate func node(at place: Int) -> Element? { place < count ? self[place] : nil }
}
