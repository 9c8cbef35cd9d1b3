// SPDX-License-Identifier: Apache-2.0

internal import JSONDocuments

extension APIDocument {
  /// Most schemas that one is made of.
  private static let partLimit = 500

  /// What schemas say together; none of them say nothing.
  func view(_ nodes: [APINode]) -> SchemaView {
    var seen: Set<String> = []
    var view = SchemaView()
    for node in nodes { view.intersect(self.view(node, &seen)) }
    return view
  }

  /// Choices between alternatives made, each branch one combination; nil for too many.
  func branches(_ view: SchemaView) -> [SchemaView]? {
    var branches = [view]
    if view.choices.isEmpty { branches[0].alternative = view.name }
    while let open = branches.firstIndex(where: { !$0.choices.isEmpty }) {
      var branch = branches.remove(at: open)
      let choice = branch.choices.removeFirst()
      guard branches.count + choice.alternatives.count <= 64 else { return nil }
      for alternative in choice.alternatives {
        var chosen = self.view([alternative])
        let names = [branch.alternative, chosen.name].compactMap(\.self)
        chosen.intersect(branch)
        chosen.alternative = names.isEmpty ? nil : names.joined(separator: " and ")
        branches.append(chosen)
      }
    }
    return branches
  }

  private func view(_ node: APINode, _ seen: inout Set<String>) -> SchemaView {
    var view = SchemaView()
    // A schema that refers to itself by way of `allOf` says no more the second time.
    guard seen.insert(node.pointer).inserted else { return view }
    guard seen.count <= Self.partLimit else {
      view.isIncomplete = true
      return view
    }
    if node.value == .bool(false) { view.types = [] }
    guard case .object(let members) = node.value else {
      view.parts = [node]
      return view
    }
    // A mere reference is no schema of its own.
    if members["$ref"] == nil || !(ignoresSiblings || members.count == 1) { view.parts = [node] }
    if let target = node.text("$ref").flatMap({ self.target(of: $0) }) {
      view.intersect(self.view(target, &seen))
      if ignoresSiblings { return view }
    }
    view.intersect(keywords(node, members))
    for part in node.member("allOf")?.elements ?? [] { view.intersect(self.view(part, &seen)) }
    for keyword in ["oneOf", "anyOf"] {
      let alternatives = node.member(keyword)?.elements ?? []
      let others = alternatives.filter { !Self.isNull($0) }
      guard let first = others.first else {
        if !alternatives.isEmpty { view.types.formIntersection([.null]) }
        continue
      }
      if others.count == 1 {
        // One alternative is none; with null beside it, it is a value that may be absent.
        var one = self.view(first, &seen)
        if alternatives.count > 1 { one.addNull() }
        view.intersect(one)
      } else {
        view.choices.append(.init(keyword: keyword, alternatives: alternatives))
      }
    }
    // 3.0's way to write it. Beside `allOf` it is meant for the whole, whatever the parts say.
    if node.flag("nullable") == true { view.addNull() }
    return view
  }

  private static func isNull(_ node: APINode) -> Bool {
    node.text("type") == "null" || node.member("const")?.value == .null
      || node.member("enum")?.value == .array([.null])
  }

  private static let uncompared = [
    "not", "if", "then", "else", "patternProperties", "propertyNames", "dependentRequired",
    "dependentSchemas", "contains", "minContains", "maxContains", "unevaluatedProperties",
    "unevaluatedItems", "$dynamicRef",
  ]

  private func keywords(_ node: APINode, _ members: [String: JSONValue]) -> SchemaView {
    var view = SchemaView()
    if let values = Self.values(node) {
      view.values = values
      view.types = Set(values.map { SchemaType($0) })
    }
    if let types = Self.types(node) { view.types.formIntersection(types) }
    view.format = node.text("format")
    (view.minimum, view.maximum) = (
      Self.bound(node, "minimum", "exclusiveMinimum"),
      Self.bound(node, "maximum", "exclusiveMaximum")
    )
    if let multiple = node.number("multipleOf") { view.multiples = [multiple] }
    for keyword in SchemaView.leastCounts + SchemaView.mostCounts {
      view.counts[keyword] = node.count(keyword)
    }
    if let pattern = node.text("pattern") { view.patterns = [pattern] }
    view.isUnique = node.flag("uniqueItems") ?? false
    for (name, member) in node.member("properties")?.members ?? [] { view.members[name] = [member] }
    for name in node.member("required")?.elements ?? [] {
      if case .string(let name) = name.value { view.required.insert(name) }
    }
    if let additional = node.member("additionalProperties") {
      switch additional.value {
      case .bool(false): view.additional = .closed
      case .bool(true): view.additional = .open([])
      default: view.additional = .open([additional])
      }
    }
    if let items = node.member("items") { view.items = [items] }
    view.prefix = (node.member("prefixItems")?.elements ?? []).map { [$0] }
    view.isReadOnly = node.flag("readOnly") ?? false
    view.isWriteOnly = node.flag("writeOnly") ?? false
    view.isDeprecated = node.flag("deprecated") ?? false
    view.discriminator = node.member("discriminator")?.text("propertyName")
    for keyword in Self.uncompared { view.others[keyword] = members[keyword] }
    return view
  }

  private static func values(_ node: APINode) -> [JSONValue]? {
    let constant = node.member("const").map { [$0.value] }
    guard let listed = node.member("enum") else { return constant }
    let values = listed.elements.map(\.value)
    return constant.map { $0.filter(values.contains) } ?? values
  }

  /// Nil where a schema tells no type. Many leave it out beside what only objects or arrays have.
  private static func types(_ node: APINode) -> Set<SchemaType>? {
    if let names = node.member("type") {
      let all = names.elements.isEmpty ? [names.value] : names.elements.map(\.value)
      return all.reduce(into: []) { types, name in
        if case .string(let name) = name { types.formUnion(SchemaType.types(named: name)) }
      }
    }
    if ["properties", "additionalProperties"].contains(where: { node.member($0) != nil }) {
      return [.object]
    }
    return node.member("items") == nil ? nil : [.array]
  }

  /// In 3.0 whether a bound is exclusive is said beside it; from 3.1 on it is a number of its own.
  private static func bound(
    _ node: APINode, _ name: String, _ exclusive: String
  ) -> SchemaView.Bound? {
    if let value = node.number(name) {
      return .init(value: value, isOpen: node.flag(exclusive) ?? false)
    }
    return node.number(exclusive).map { .init(value: $0, isOpen: true) }
  }
}
