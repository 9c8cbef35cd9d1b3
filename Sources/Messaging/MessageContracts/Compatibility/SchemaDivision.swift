// SPDX-License-Identifier: Apache-2.0

import JSONDocuments

/// Divides a branch by what tells alternatives apart, so that each piece may be within one of them.
struct SchemaDivision {
  /// Most values of a member that are looked at one by one.
  private static let valueLimit = 64

  let expansion: SchemaExpansion
  /// Of the alternatives.
  let document: SchemaDocument

  /// Pieces that together are the branch; nil where nothing divides it.
  func pieces(_ branch: SchemaBranch, _ alternatives: [LocatedSchema]) -> [SchemaBranch]? {
    if branch.types.count > 1 {
      return JSONType.allCases.filter(branch.types.contains).map { type in
        constrained(branch, "type \(type.rawValue)") { $0.types = [type] }
      }
    }
    guard let type = branch.types.first else { return nil }
    let others = alternatives.flatMap { expansion.branches([$0]) ?? [] }
    switch type {
    case .null, .boolean: return nil
    case .number: return numbers(branch, others)
    case .string:
      return counts(branch, branch.length, others.map(\.length), "length") { $0.length = $1 }
    case .array:
      return counts(branch, expansion.itemCount(branch), others.map(\.itemCount), "items") {
        $0.itemCount = $1
      }
    case .object:
      return members(branch, others)
        ?? counts(branch, expansion.memberCount(branch), others.map(\.memberCount), "members") {
          $0.memberCount = $1
        }
    }
  }

  private func constrained(
    _ branch: SchemaBranch, _ name: String, _ change: (inout SchemaNode) -> Void
  ) -> SchemaBranch {
    // A blank begins no pointer, so that no schema of the document has the same key.
    var node = SchemaNode(pointer: " \(name)")
    change(&node)
    return branch.merging(SchemaBranch(LocatedSchema(node: node, document: document)))
  }

  // MARK: - Ranges

  private func numbers(_ branch: SchemaBranch, _ others: [SchemaBranch]) -> [SchemaBranch]? {
    for other in others {
      for (bound, isLower) in [(other.minimum, true), (other.maximum, false)] {
        guard let bound else { continue }
        // What is above the cut, and what is not.
        let isOpen = isLower ? bound.isOpen : !bound.isOpen
        let above = NumberBound(value: bound.value, isOpen: isOpen)
        let below = NumberBound(value: bound.value, isOpen: !isOpen)
        let upper = constrained(branch, "above \(bound.value.text) \(isOpen)") {
          $0.minimum = above
        }
        let lower = constrained(branch, "below \(bound.value.text) \(isOpen)") {
          $0.maximum = below
        }
        if !expansion.isEmpty(upper), !expansion.isEmpty(lower) { return [lower, upper] }
      }
    }
    return nil
  }

  private func counts(
    _ branch: SchemaBranch, _ range: CountRange, _ others: [CountRange], _ name: String,
    _ change: (inout SchemaNode, CountRange) -> Void
  ) -> [SchemaBranch]? {
    let cuts = others.flatMap { [$0.least, $0.most.map { $0 &+ 1 }].compactMap(\.self) }
    guard let cut = cuts.first(where: { $0 > range.least && $0 <= range.most ?? .max }) else {
      return nil
    }
    return [
      CountRange(least: range.least, most: cut - 1), CountRange(least: cut, most: range.most),
    ]
    .map { piece in constrained(branch, "\(name) \(piece.text)") { change(&$0, piece) } }
  }

  // MARK: - Members

  /// By the values of a member that alternatives speak of, and by whether it is there.
  private func members(_ branch: SchemaBranch, _ others: [SchemaBranch]) -> [SchemaBranch]? {
    let names = Set(others.flatMap { $0.properties.keys }).union(others.flatMap(\.required))
    for name in names.sorted() {
      let isRequired = branch.required.contains(name)
      if let values = values(branch.member(name)), values.count <= Self.valueLimit,
        values.count + (isRequired ? 0 : 1) > 1
      {
        let present = values.map { value in
          constrained(branch, "\(name.text) = \(value.compactJSON)") { node in
            var constant = SchemaNode(pointer: " = \(value.compactJSON)")
            constant.constant = value
            node.types = [.object]
            node.required = [name]
            node.properties[name] = constant
          }
        }
        return present + (isRequired ? [] : [without(branch, name)])
      }
    }
    for name in names.sorted() where !branch.required.contains(name) {
      guard others.contains(where: { $0.required.contains(name) || $0.hasMember(name) }),
        !expansion.isEmpty(branch.member(name), depth: 1)
      else { continue }
      let present = constrained(branch, "with \(name.text)") {
        $0.types = [.object]
        $0.required = [name]
      }
      return [present, without(branch, name)]
    }
    return nil
  }

  private func without(_ branch: SchemaBranch, _ name: ExactText) -> SchemaBranch {
    constrained(branch, "without \(name.text)") { node in
      node.types = [.object]
      node.properties[name] = .never(at: " never")
    }
  }

  /// All values of a member, where they can be listed.
  private func values(_ schemas: [LocatedSchema]) -> [JSONValue]? {
    guard !schemas.isEmpty, let branches = expansion.branches(schemas) else { return nil }
    var values: [JSONValue] = []
    for branch in branches {
      guard let listed = branch.listed else { return nil }
      values += listed.filter { value in !values.contains { $0.isSame(value) } }
    }
    return values.filter { value in schemas.allSatisfy { $0.accepts(value) } }
  }
}

extension SchemaBranch {
  fileprivate func hasMember(_ name: ExactText) -> Bool { properties[name] != nil }
}
