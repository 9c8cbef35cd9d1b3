// SPDX-License-Identifier: Apache-2.0

/// Folds expressions whose text is fixed: literals, `Model.schema`, constants, concatenations, and
/// pieces of paths, which become what one literal would spell: `:id`, `*`, `**`, and `/a/b` for a
/// list.
///
/// In some code bases all table names and paths are written this way.
struct StaticStrings {
  /// Constants that refer to constants stop here.
  private static let depthLimit = 8
  /// Stands for an interpolated value that is not fixed.
  static let hole: Character = "\u{1}"

  let table: SymbolTable
  /// Known while bodies are walked; `nil` while the names themselves are being found.
  var tableNames: TableNames?

  /// Whether an expression's text may be fixed, judged by its kind.
  static func mayFold(_ expression: Expression) -> Bool {
    switch expression {
    case .string, .sequence, .name, .member, .array: true
    default: false
    }
  }

  func fold(
    _ id: Expression.ID, file: Int, scope: ScopeID, keepingHoles: Bool = false, depth: Int = 0
  ) -> String? {
    guard depth < Self.depthLimit else { return nil }
    let facts = table.files[file]
    func inner(_ id: Expression.ID) -> String? {
      fold(id, file: file, scope: scope, keepingHoles: keepingHoles, depth: depth + 1)
    }
    switch facts[id] {
    case .string(let parts):
      var text = ""
      for part in parts {
        switch part {
        case .text(let piece): text += piece
        case .interpolation(let arguments):
          let value = arguments.count == 1 ? inner(arguments[0].value) : nil
          guard let piece = value ?? (keepingHoles ? String(Self.hole) : nil) else { return nil }
          text += piece
        }
      }
      return text
    case .sequence(let elements):
      var text = ""
      for element in elements {
        switch element {
        case .operand(let id):
          guard let piece = inner(id) else { return nil }
          text += piece
        case .operator("+"): continue
        default: return nil
        }
      }
      return text
    case .array(let pieces):
      var path = ""
      for piece in pieces {
        guard let text = inner(piece) else { return nil }
        path += "/" + text
      }
      return path
    case .call(let callee, let arguments, _):
      guard arguments.count == 1, let kind = Self.pathPiece(callee, arguments[0].label, facts)
      else {
        return nil
      }
      return inner(arguments[0].value).map { kind + $0 }
    case .member(nil, "anything"): return "*"
    case .member(nil, "catchall"): return "**"
    case .member(let base?, "pathComponents"): return inner(base)
    case .name(let name): return constant(name, scope: scope, depth: depth)
    case .member(let base?, "rawValue"):
      guard case .member(let type?, let name) = facts[base],
        let nominal = self.nominal(type, file: file, scope: scope)
      else { return nil }
      return rawValue(name, of: nominal, depth: depth)
    case .member(let base?, let name):
      guard let nominal = nominal(base, file: file, scope: scope) else { return nil }
      if name == "databaseTableName" || name == "schema", let known = tableNames?[nominal] {
        return known
      }
      return constant(name, of: nominal, depth: depth)
    default: return nil
    }
  }

  /// What stands before the text of `.constant("a")`, `.parameter("a")` and
  /// `PathComponent(stringLiteral: "a")`; nil for a call of something else.
  private static func pathPiece(
    _ callee: Expression.ID, _ label: String?, _ facts: FileFacts
  ) -> String? {
    func isComponent(_ id: Expression.ID) -> Bool {
      if case .name("PathComponent") = facts[id] { true } else { false }
    }
    switch facts[callee] {
    case .name("PathComponent"): return ""
    case .member(let base, let name) where base.map(isComponent) ?? true:
      switch (name, label) {
      case ("constant", nil), ("init", "stringLiteral"): return ""
      case ("parameter", nil): return ":"
      default: return nil
      }
    default: return nil
    }
  }

  /// The type that `Outer.Inner` names in an expression.
  private func nominal(_ id: Expression.ID, file: Int, scope: ScopeID) -> NominalID? {
    switch table.files[file][id] {
    case .name("Self"), .name("self"): return table.enclosingNominal(of: scope)
    case .name(let name):
      guard case .nominal(let found)? = table.lookUpType(name, in: scope) else { return nil }
      guard case .nominal(let target, _) = table.value(of: found, []) else { return nil }
      return target
    case .member(let base?, let name):
      return nominal(base, file: file, scope: scope).flatMap { table.nestedType(name, of: $0) }
    default: return nil
    }
  }

  private func constant(_ name: String, scope: ScopeID, depth: Int) -> String? {
    var current: ScopeID? = scope
    while let id = current {
      if let nominal = table[id].nominal, let found = constant(name, of: nominal, depth: depth) {
        return found
      }
      current = table[id].parent
    }
    let module = table.file(of: scope).module
    return table.globals[module]?[name]?.first.flatMap { value(of: $0, depth: depth) }
  }

  func constant(_ name: String, of nominal: NominalID, depth: Int = 0) -> String? {
    for ancestor in table[nominal].lineage {
      for member in table[ancestor].members[name] ?? [] where table[member].kind == .variable {
        if let found = value(of: member, depth: depth) { return found }
      }
    }
    return nil
  }

  /// Text of a constant or a case with a value; `nil` for everything else.
  func text(of member: MemberID) -> String? { value(of: member, depth: 0) }

  /// Behind how many constants the text is still found: whoever refers to a constant has used up
  /// more of the limit than the constant itself.
  ///
  /// What is not found with more of the limit left is not found with less.
  func reach(of member: MemberID) -> Int {
    (0..<Self.depthLimit).prefix { value(of: member, depth: $0) != nil }.count
  }

  private func rawValue(_ name: String, of nominal: NominalID, depth: Int) -> String? {
    guard let id = table[nominal].members[name]?.first, table[id].kind == .enumCase else {
      return nil
    }
    return value(of: id, depth: depth) ?? name
  }

  /// Text of a constant, or of a getter that only returns one.
  private func value(of id: MemberID, depth: Int) -> String? {
    let member = table[id]
    let declaration = table.declaration(of: member)
    let expression = declaration.initializer ?? declaration.accessors.first?.constant
    return expression.flatMap {
      fold($0, file: member.file, scope: member.scope, depth: depth + 1)
    }
  }
}
