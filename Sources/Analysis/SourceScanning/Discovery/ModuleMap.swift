// SPDX-License-Identifier: Apache-2.0
import SwiftParser
import SwiftSyntax

/// Which module a file belongs to: the target whose folder holds it, as far as the manifest can be
/// read without running it, else the folder layout.
struct ModuleMap: Sendable {
  /// Folder (with a trailing slash) and module, longest folder first.
  private(set) var folders: [(folder: String, module: String)] = []
  /// Names that the manifests define: traits that are on by default, and `.define` without a
  /// condition.
  private(set) var defines: Set<String> = []
  /// Module of files outside of every known folder.
  let fallback: String

  /// - Parameters:
  ///   - manifests: relative path and text of each `Package.swift`.
  ///   - sources: relative paths of the files to place.
  ///   - rootName: name of the scanned folder.
  init(manifests: [(path: String, text: String)], sources: [String], rootName: String) {
    fallback = rootName
    let present = Self.folders(of: sources)
    for manifest in manifests {
      let package = String(manifest.path.dropLast("Package.swift".count))
      let reader = ManifestReader(text: manifest.text)
      defines.formUnion(reader.defines)
      for target in reader.targets {
        let candidates =
          target.path.map { [$0] }
          ?? ["Sources", "Source", "src", "srcs", "Tests", "Plugins"].map { "\($0)/\(target.name)" }
        for candidate in candidates where present.contains(package + candidate) {
          folders.append((package + candidate + "/", target.name))
        }
      }
      // Manifests that build targets in helper functions still name them in literals.
      for folder in present where folder.hasPrefix(package + "Sources/") {
        let name = String(folder.split(separator: "/").last ?? "")
        if reader.literals.contains(name) { folders.append((folder + "/", name)) }
      }
    }
    folders.sort {
      $0.folder.utf8.count != $1.folder.utf8.count
        ? $0.folder.utf8.count > $1.folder.utf8.count : $0.folder < $1.folder
    }
  }

  var modules: Set<String> { Set(folders.map(\.module)) }

  func module(of path: String) -> String {
    if let found = folders.first(where: { path.hasPrefix($0.folder) }) { return found.module }
    let parts = path.split(separator: "/").dropLast()
    if let sources = parts.firstIndex(of: "Sources"), sources + 1 < parts.endIndex {
      return String(parts[sources + 1])
    }
    return fallback
  }

  private static func folders(of sources: [String]) -> Set<String> {
    var present: Set<String> = []
    for source in sources {
      var folder = source[...]
      while let slash = folder.lastIndex(of: "/") {
        folder = folder[..<slash]
        guard present.insert(String(folder)).inserted else { break }
      }
    }
    return present
  }
}

/// Reads `.target(name: "X", path: "Y")` and its kin from a manifest's syntax.
struct ManifestReader {
  struct Target: Equatable {
    var name: String
    var path: String?
  }
  private(set) var targets: [Target] = []
  /// Every plain string in the manifest.
  private(set) var literals: Set<String> = []
  private(set) var defines: Set<String> = []

  private static let calls: Set<String> = [
    "target", "executableTarget", "testTarget", "macro", "plugin",
  ]

  init(text: String) {
    let visitor = Visitor(viewMode: .sourceAccurate)
    visitor.walk(Parser.parse(source: text))
    targets = visitor.targets
    literals = visitor.literals
    defines = visitor.defines
  }

  private final class Visitor: SyntaxVisitor {
    var targets: [Target] = []
    var literals: Set<String> = []
    var defines: Set<String> = []

    override func visit(_ node: FunctionCallExprSyntax) -> SyntaxVisitorContinueKind {
      guard let callee = node.calledExpression.as(MemberAccessExprSyntax.self) else {
        return .visitChildren
      }
      addDefines(of: node, callee.declName.baseName.text)
      guard ManifestReader.calls.contains(callee.declName.baseName.text) else {
        return .visitChildren
      }
      var values: [String: String] = [:]
      for argument in node.arguments {
        if let label = argument.label?.text, let text = literal(argument.expression) {
          values[label] = text
        }
      }
      if let name = values["name"] {
        targets.append(Target(name: name, path: values["path"].map(normalise)))
      }
      return .visitChildren
    }

    override func visit(_ node: StringLiteralExprSyntax) -> SyntaxVisitorContinueKind {
      if let text = literal(ExprSyntax(node)) { literals.insert(text) }
      return .visitChildren
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
        defines.insert(text)
      } else if name == "default", let first = arguments.first,
        first.label?.text == "enabledTraits",
        let list = first.expression.as(ArrayExprSyntax.self)
      {
        defines.formUnion(list.elements.compactMap { literal($0.expression) }.filter(isCondition))
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
