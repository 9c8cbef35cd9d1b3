// SPDX-License-Identifier: Apache-2.0
import SwiftParser
import SwiftSyntax
import Testing

@Suite struct BudgetTests {
  @Test func `a file has at most 500 lines`() {
    let long = SourceTree.shared.swiftFiles.filter { $0.lines.count > 501 }
    #expect(long.map { "\($0.path): \($0.lines.count)" } == [])
  }

  @Test func `a line has at most 100 columns`() {
    let wide = SourceTree.shared.swiftFiles.flatMap { file in
      file.lines.enumerated()
        // A string that cannot be broken (a recorded message, a URL) may be wider.
        .filter { $0.element.count > 100 && !$0.element.contains("\"") }
        .map { "\(file.path):\($0.offset + 1)" }
    }
    #expect(wide == [])
  }

  @Test func `a function has at most 70 lines`() {
    let long = SourceTree.shared.swiftFiles.flatMap { file in
      LongFunctions(limit: 70, in: file).found
    }
    #expect(long == [])
  }

  @Test func `the function budget sees a long function`() {
    let body = String(repeating: "  work()\n", count: 71)
    let file = SourceTree.File(path: "x.swift", text: "func long() {\n\(body)}\n")
    #expect(LongFunctions(limit: 70, in: file).found == ["x.swift:1: long has 73 lines"])
  }
}

/// Functions, initialisers and accessors that are longer than the limit, signature included.
private final class LongFunctions: SyntaxVisitor {
  private(set) var found: [String] = []
  private let limit: Int
  private let path: String
  private let converter: SourceLocationConverter

  init(limit: Int, in file: SourceTree.File) {
    let tree = Parser.parse(source: file.text)
    self.limit = limit
    path = file.path
    converter = SourceLocationConverter(fileName: file.path, tree: tree)
    super.init(viewMode: .sourceAccurate)
    walk(tree)
  }

  override func visit(_ node: FunctionDeclSyntax) -> SyntaxVisitorContinueKind {
    measure(node, name: node.name.text)
  }

  override func visit(_ node: InitializerDeclSyntax) -> SyntaxVisitorContinueKind {
    measure(node, name: "init")
  }

  override func visit(_ node: AccessorDeclSyntax) -> SyntaxVisitorContinueKind {
    measure(node, name: node.accessorSpecifier.text)
  }

  private func measure(
    _ node: some SyntaxProtocol, name: String
  ) -> SyntaxVisitorContinueKind {
    let first = converter.location(for: node.positionAfterSkippingLeadingTrivia).line
    let last = converter.location(for: node.endPositionBeforeTrailingTrivia).line
    let count = last - first + 1
    if count > limit { found.append("\(path):\(first): \(name) has \(count) lines") }
    return .visitChildren
  }
}
