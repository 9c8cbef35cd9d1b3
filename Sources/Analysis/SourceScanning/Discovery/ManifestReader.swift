// SPDX-License-Identifier: Apache-2.0
import SwiftParser
import SwiftSyntax

/// Reads `.target(name: "X", path: "Y")` and its kin from a manifest's syntax, without running it.
///
/// Anybody may have written the manifest: it is read up to a size and a depth, and what goes beyond
/// them is a problem to tell of, never a hang or a crash.
struct ManifestReader {
  struct Target: Equatable {
    var name: String
    var path: String?
  }

  enum Problem: Equatable {
    case unreadable
    case tooLarge
    case tooDeep
    case doesNotParse
  }

  /// The largest manifests of public packages have a tenth of this. In bytes.
  static let sizeLimit = 1 << 20
  /// Nesting of syntax that is looked into.
  static let depthLimit = 512

  private(set) var targets: [Target] = []
  /// Every plain string in the manifest.
  private(set) var literals: Set<String> = []
  private(set) var defines: Set<String> = []
  private(set) var problem: Problem?

  private static let calls: Set<String> = [
    "target", "executableTarget", "testTarget", "macro", "plugin",
  ]

  /// Reads on a stack that carries the depth limit, whatever thread calls.
  ///
  /// - Parameter bytes: what the file holds; `nil` when it cannot be read.
  init(bytes: [UInt8]?) {
    guard let bytes else {
      problem = .unreadable
      return
    }
    guard bytes.count <= Self.sizeLimit else {
      problem = .tooLarge
      return
    }
    guard !BracketTower.stands(in: bytes) else {
      problem = .tooDeep
      return
    }
    let found = StackedThreads.map([bytes], threads: 1) { _, bytes in Self.found(in: bytes) }
    guard let found = found.first else { return }
    targets = found.targets
    literals = found.literals
    defines = found.defines
    problem = found.problem
  }

  private struct Found: Sendable {
    var targets: [Target] = []
    var literals: Set<String> = []
    var defines: Set<String> = []
    var problem: Problem?
  }

  private static func found(in bytes: [UInt8]) -> Found {
    let tree = bytes.withUnsafeBufferPointer {
      Parser.parse(source: $0, maximumNestingLevel: FileReader.nestingLimit)
    }
    let visitor = Visitor(viewMode: .sourceAccurate)
    visitor.walk(tree)
    var found = visitor.found
    if visitor.isCut {
      found.problem = .tooDeep
    } else if tree.hasError {
      found.problem = .doesNotParse
    }
    return found
  }

  private final class Visitor: SyntaxAnyVisitor {
    var found = Found()
    var isCut = false
    private var depth = 0

    override func visitAny(_ node: Syntax) -> SyntaxVisitorContinueKind {
      depth += 1
      guard depth <= ManifestReader.depthLimit else {
        isCut = true
        return .skipChildren
      }
      return .visitChildren
    }

    override func visitAnyPost(_ node: Syntax) { depth -= 1 }

    override func visit(_ node: FunctionCallExprSyntax) -> SyntaxVisitorContinueKind {
      if let callee = node.calledExpression.as(MemberAccessExprSyntax.self) {
        let name = callee.declName.baseName.text
        addDefines(of: node, name)
        if ManifestReader.calls.contains(name) { addTarget(node) }
      }
      return visitAny(Syntax(node))
    }

    override func visit(_ node: StringLiteralExprSyntax) -> SyntaxVisitorContinueKind {
      if let text = literal(ExprSyntax(node)) { found.literals.insert(text) }
      return visitAny(Syntax(node))
    }

    private func addTarget(_ node: FunctionCallExprSyntax) {
      var values: [String: String] = [:]
      for argument in node.arguments {
        if let label = argument.label?.text, let text = literal(argument.expression) {
          values[label] = text
        }
      }
      guard let name = values["name"] else { return }
      found.targets.append(Target(name: name, path: values["path"].map(normalise)))
    }

    /// A compiler takes what begins with `@` for a file of further arguments.
    private func isCondition(_ name: String) -> Bool {
      name.first?.isNumber == false
        && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    }

    private func addDefines(of node: FunctionCallExprSyntax, _ name: String) {
      let arguments = Array(node.arguments)
      if name == "define", arguments.count == 1, let text = literal(arguments[0].expression),
        isCondition(text)
      {
        found.defines.insert(text)
      } else if name == "default", let first = arguments.first,
        first.label?.text == "enabledTraits",
        let list = first.expression.as(ArrayExprSyntax.self)
      {
        found.defines.formUnion(
          list.elements.compactMap { literal($0.expression) }.filter(isCondition))
      }
    }

    private func literal(_ expression: ExprSyntax) -> String? {
      expression.as(StringLiteralExprSyntax.self)?.representedLiteralValue
    }

    private func normalise(_ path: String) -> String {
      var path = path[...]
      if path.hasPrefix("./") { path = path.dropFirst(2) }
      while path.hasSuffix("/") { path = path.dropLast() }
      return String(path)
    }
  }
}
