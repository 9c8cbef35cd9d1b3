// SPDX-License-Identifier: Apache-2.0
import DependencyGraph

extension BodyInference {
  private static let pathTypes: Set<String> = [
    "PathComponent", "RouterPath", "String", "Substring",
  ]

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
    case .closure, .literal, .member(nil, _): return ""
    case .call(let callee, _, _):
      if case .member(nil, let kind) = facts[callee] {
        return ["parameter": "/{parameter}", "constant": "/" + RouteRegistration.unread][kind] ?? ""
      }
    default: break
    }
    var silent = self
    silent.isRecording = false
    let type = silent.infer(argument)
    return isPathType(type) || (type.isUnknown && isPath) ? "/" + RouteRegistration.unread : ""
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
