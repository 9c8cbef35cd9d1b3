// SPDX-License-Identifier: Apache-2.0

import JSONDocuments

/// Schemas as alternatives of branches. What comes out allows at least what went in: `oneOf` is
/// taken for `anyOf`.
struct SchemaExpansion {
  /// Most branches of one value, and deepest look for what cannot be.
  private static let branchLimit = 128
  private static let depthLimit = 3

  /// What all of the schemas allow; nil where there are too many alternatives.
  func branches(_ schemas: [LocatedSchema]) -> [SchemaBranch]? {
    var branches = [SchemaBranch()]
    var seen: Set<String> = []
    for schema in schemas where seen.insert(schema.key).inserted {
      guard let expanded = self.branches(schema),
        let product = product(branches, expanded)
      else { return nil }
      branches = product
    }
    return branches
  }

  /// What writers write who keep to all of the schemas, without what cannot be.
  func written(_ schemas: [LocatedSchema]) -> [SchemaBranch]? {
    branches(schemas)?.map { possible($0.written) }.filter { !$0.types.isEmpty }
  }

  private func branches(_ schema: LocatedSchema) -> [SchemaBranch]? {
    if schema.node.isNever { return [] }
    var branches = [SchemaBranch(schema.withoutApplied)]
    for inner in [schema.referenced].compactMap(\.self) + schema.node.allOf.map(schema.located) {
      guard let expanded = self.branches(inner), let product = product(branches, expanded)
      else { return nil }
      branches = product
    }
    for (alternatives, isSingle) in [(schema.node.anyOf, false), (schema.node.oneOf, true)]
    where !alternatives.isEmpty {
      var expanded: [SchemaBranch] = []
      for alternative in alternatives {
        guard let inner = self.branches(schema.located(alternative)) else { return nil }
        expanded += inner
      }
      guard var product = product(branches, expanded) else { return nil }
      if isSingle { for index in product.indices { product[index].singled.append(schema) } }
      branches = product
    }
    return branches
  }

  private func product(
    _ left: [SchemaBranch], _ right: [SchemaBranch]
  ) -> [SchemaBranch]? {
    guard left.count * right.count <= Self.branchLimit else { return nil }
    return left.flatMap { one in right.map { one.merging($0) } }
      .filter { !$0.types.isEmpty }
  }

  // MARK: - What cannot be

  /// The branch without the types of which it is certain that they have no value.
  func possible(_ branch: SchemaBranch, depth: Int = 0) -> SchemaBranch {
    var possible = branch
    if let listed = branch.listed {
      possible.types = Set(listed.map { JSONType($0) })
    } else {
      possible.types = branch.types.filter { !isEmpty(branch, $0, depth) }
    }
    return possible
  }

  /// Whether it is certain that no value is allowed.
  func isEmpty(_ branch: SchemaBranch, depth: Int = 0) -> Bool {
    possible(branch, depth: depth).types.isEmpty
  }

  /// Whether it is certain that the schemas together allow nothing.
  func isEmpty(_ schemas: [LocatedSchema], depth: Int = 0) -> Bool {
    guard depth <= Self.depthLimit, let branches = branches(schemas) else { return false }
    return branches.allSatisfy { isEmpty($0, depth: depth) }
  }

  private func isEmpty(_ branch: SchemaBranch, _ type: JSONType, _ depth: Int) -> Bool {
    switch type {
    case .null, .boolean: return false
    case .number:
      guard let minimum = branch.minimum, let maximum = branch.maximum else { return false }
      if branch.isWhole, let least = minimum.whole(lower: true),
        let most = maximum.whole(lower: false), least > most
      {
        return true
      }
      return minimum.value > maximum.value
        || (minimum.value == maximum.value && (minimum.isOpen || maximum.isOpen))
    case .string:
      return branch.length.isEmpty
        || (!branch.patterns.isEmpty
          && TextPattern.text(matching: branch.texts, avoiding: nil) == .included)
    case .array: return itemCount(branch, depth: depth).isEmpty
    case .object:
      return memberCount(branch, depth: depth).isEmpty
        || branch.required.contains { isEmpty(branch.member($0), depth: depth + 1) }
    }
  }

  /// How many items there really can be.
  func itemCount(_ branch: SchemaBranch, depth: Int = 0) -> CountRange {
    var count = branch.itemCount
    if count.most != 0, isEmpty(branch.items, depth: depth + 1) { count.most = 0 }
    if branch.isUnique, !branch.items.isEmpty, let branches = branches(branch.items) {
      var different: [JSONValue] = []
      for branch in branches {
        guard let listed = branch.listed else { return count }
        different += listed.filter { value in !different.contains { $0.isSame(value) } }
      }
      count.most = min(count.most ?? .max, different.count)
    }
    return count
  }

  /// How many members there really can be.
  func memberCount(_ branch: SchemaBranch, depth: Int = 0) -> CountRange {
    var count = branch.memberCount
    count.least = max(count.least, branch.required.count)
    if isEmpty(branch.additional, depth: depth + 1), !branch.additional.isEmpty {
      count.most = min(count.most ?? .max, names(branch, depth: depth).count)
    }
    return count
  }

  /// Named members that can be there.
  func names(_ branch: SchemaBranch, depth: Int = 0) -> Set<ExactText> {
    let isFull = branch.memberCount.most.map { branch.required.count >= $0 } ?? false
    return branch.required.union(
      isFull
        ? [] : branch.properties.keys.filter { !isEmpty(branch.member($0), depth: depth + 1) })
  }

  /// Whether it is certain that no value is allowed by both.
  func areDisjoint(_ branch: SchemaBranch, _ schema: LocatedSchema) -> Bool {
    guard let others = branches([schema]) else { return false }
    return others.allSatisfy { isEmpty(branch.merging($0)) }
  }
}

extension LocatedSchema {
  /// The own keywords only.
  var withoutApplied: LocatedSchema {
    var schema = self
    schema.node.allOf = []
    schema.node.anyOf = []
    schema.node.oneOf = []
    schema.node.reference = nil
    return schema
  }
}

extension SchemaBranch {
  /// Patterns of the texts that are allowed. A length of more than `TextPattern.longest` is none of
  /// them.
  var texts: [TextPattern] { patterns + (TextPattern(length: length).map { [$0] } ?? []) }
}
