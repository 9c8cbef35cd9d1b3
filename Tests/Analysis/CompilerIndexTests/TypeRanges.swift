// SPDX-License-Identifier: Apache-2.0
import SwiftParser
import SwiftSyntax

/// Byte ranges of the types and extensions of a file, for telling whose code a position is in.
struct TypeRanges {
  struct Range {
    var bytes: Swift.Range<Int>
    var line: Int
    var column: Int
    /// The position is that of an extended type's name.
    var isExtension: Bool
  }
  private(set) var ranges: [Range] = []
  private var lineStarts: [Int] = [0]

  init(source: String) {
    for (index, byte) in source.utf8.enumerated() where byte == UInt8(ascii: "\n") {
      lineStarts.append(index + 1)
    }
    let visitor = Visitor(viewMode: .sourceAccurate)
    visitor.walk(Parser.parse(source: source))
    for (bytes, name, isExtension) in visitor.found {
      let line = lineStarts.lastIndex { $0 <= name } ?? 0
      ranges.append(
        Range(
          bytes: bytes, line: line + 1, column: name - lineStarts[line] + 1,
          isExtension: isExtension))
    }
  }

  /// The innermost type around a position.
  func innermost(line: Int, column: Int) -> Range? {
    let offset = lineStarts[line - 1] + column - 1
    return ranges.filter { $0.bytes.contains(offset) }.min { $0.bytes.count < $1.bytes.count }
  }

  private final class Visitor: SyntaxVisitor {
    var found: [(bytes: Swift.Range<Int>, name: Int, isExtension: Bool)] = []

    private func add(_ node: some SyntaxProtocol, _ name: TokenSyntax, isExtension: Bool = false) {
      let start = node.positionAfterSkippingLeadingTrivia.utf8Offset
      found.append(
        (
          start..<node.endPosition.utf8Offset,
          name.positionAfterSkippingLeadingTrivia.utf8Offset, isExtension
        ))
    }
    override func visit(_ node: ClassDeclSyntax) -> SyntaxVisitorContinueKind {
      add(node, node.name)
      return .visitChildren
    }
    override func visit(_ node: StructDeclSyntax) -> SyntaxVisitorContinueKind {
      add(node, node.name)
      return .visitChildren
    }
    override func visit(_ node: EnumDeclSyntax) -> SyntaxVisitorContinueKind {
      add(node, node.name)
      return .visitChildren
    }
    override func visit(_ node: ActorDeclSyntax) -> SyntaxVisitorContinueKind {
      add(node, node.name)
      return .visitChildren
    }
    override func visit(_ node: ProtocolDeclSyntax) -> SyntaxVisitorContinueKind {
      add(node, node.name)
      return .visitChildren
    }
    /// Members of a type count as that type's code already.
    override func visit(_ node: TypeAliasDeclSyntax) -> SyntaxVisitorContinueKind {
      if node.parent?.is(CodeBlockItemSyntax.self) == true { add(node, node.name) }
      return .visitChildren
    }
    override func visit(_ node: ExtensionDeclSyntax) -> SyntaxVisitorContinueKind {
      if let name = node.extendedType.as(MemberTypeSyntax.self)?.name
        ?? node.extendedType.as(IdentifierTypeSyntax.self)?.name
      {
        add(node, name, isExtension: true)
      }
      return .visitChildren
    }
  }
}
