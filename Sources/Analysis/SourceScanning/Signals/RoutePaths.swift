// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

extension BodyInference {
  private static let pathTypes: Set<String> = [
    "PathComponent", "RouterPath", "String", "Substring",
  ]
  /// Types of pieces of paths whose members can be written without them: `.orders`.
  private static let pieceTypes = ["PathComponent", "RouterPath"]
  /// What stands for a method in front of a path, as member or as call.
  private static let methods = verbs.union(["connect", "trace", "raw", "init"])

  /// Path arguments of a registration, each with a leading slash. Middlewares stand among those of
  /// a group and add nothing.
  func path(of site: CallSite) -> String {
    let isRegistration = site.name == "on" || Self.verbs.contains(site.name)
    return site.arguments.filter { $0.label == nil || $0.label == "path" }
      .map { path($0.value, orElse: isRegistration) }.joined()
  }

  /// What an argument adds to a path: `RouteRegistration.unread` for a path that is computed, and
  /// nothing for an argument that is none.
  ///
  /// - Parameter isPath: what an argument is whose type is not known.
  func path(_ argument: Expression.ID, orElse isPath: Bool = true) -> String {
    if let text = pathText(argument) { return RoutePath.normalised(text) }
    switch facts[argument] {
    case .closure, .literal: return ""
    case .member(nil, let name): return implicitPath(name, orElse: isPath)
    case .call(let callee, _, _):
      if case .member(nil, let kind) = facts[callee] {
        return kind == "parameter" ? "/{parameter}" : implicitPath(kind, orElse: isPath)
      }
    default: break
    }
    var silent = self
    silent.isRecording = false
    let type = silent.infer(argument)
    return isPathType(type) || (isPath && mayBePath(type)) ? "/" + RouteRegistration.unread : ""
  }

  /// What `.orders` or `.orders(id)` adds: the text where the tree says it, a hole where it may be
  /// a path, and nothing for a method or a middleware.
  private func implicitPath(_ name: String, orElse isPath: Bool) -> String {
    let pieces = Self.pieceTypes.compactMap { table.externals[$0] }
    let strings = StaticStrings(table: table, tableNames: tableNames)
    for piece in pieces {
      if let text = strings.constant(name, of: piece) { return RoutePath.normalised(text) }
    }
    let isPiece = name == "constant" || pieces.contains { table[$0].members[name] != nil }
    let isMethod = Self.methods.contains(name.lowercased())
    return isPiece || (isPath && !isMethod) ? "/" + RouteRegistration.unread : ""
  }

  /// Whether a value between the paths of a registration may be one: it is not known, or of a type
  /// of the tree, such as an enumeration of all paths.
  private func mayBePath(_ type: InferredType) -> Bool {
    switch type.unwrapped {
    case .unknown, .nominal: true
    default: false
    }
  }

  /// Fixed text, or that with holes for what is interpolated.
  private func pathText(_ argument: Expression.ID) -> String? {
    if let text = staticString(argument) { return text }
    switch facts[argument] {
    case .string:
      return StaticStrings(table: table, tableNames: tableNames)
        .fold(argument, file: context.file, scope: context.scope, keepingHoles: true)
    case .member(let base?, let name):
      // A constant of a value: `paths.orders`.
      var silent = self
      silent.isRecording = false
      guard case .nominal(let owner, _) = silent.infer(base).unwrapped else { return nil }
      return StaticStrings(table: table, tableNames: tableNames).constant(name, of: owner)
    default: return nil
    }
  }

  private func isPathType(_ type: InferredType) -> Bool {
    guard case .external(let name, let arguments) = type.unwrapped else { return false }
    return Self.pathTypes.contains(name)
      || (name == "Array" && arguments.first.map(isPathType) ?? false)
  }
}

/// Path templates as `RouteRegistration` writes them.
enum RoutePath {
  /// `orders/:id/` becomes `/orders/{id}`.
  static func normalised(_ path: String) -> String {
    path.split(separator: "/").map { part in
      if part.contains(StaticStrings.hole) { return "/" + RouteRegistration.unread }
      return part.hasPrefix(":") ? "/{\(part.dropFirst())}" : "/" + part
    }.joined()
  }
}
