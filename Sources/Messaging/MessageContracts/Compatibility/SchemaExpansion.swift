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
    for schema in schemas {
      guard let expanded = self.branches(schema),
        let product = product(branches, expanded)
      else { return nil }
      branches = product
    }
    return branches
  }

  private func branches(_ schema: LocatedSchema) -> [SchemaBranch]? {
    if schema.node.isNever { return [] }
    var branches = [SchemaBranch(schema.withoutApplied)]
    for inner in [schema.referenced].compactMap(\.self) + schema.node.allOf.map(schema.located) {
      guard let expanded = self.branches(inner), let product = product(branches, expanded)
      else { return nil }
      branches = product
    }
    for alternatives in [schema.node.anyOf, schema.node.oneOf] where !alternatives.isEmpty {
      var expanded: [SchemaBranch] = []
      for alternative in alternatives {
        guard let inner = self.branches(schema.located(alternative)) else { return nil }
        expanded += inner
      }
      guard let product = product(branches, expanded) else { return nil }
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

  /// Whether it is certain that no value is allowed.
  func isEmpty(_ branch: SchemaBranch, depth: Int = 0) -> Bool {
    if let listed = branch.listed { return listed.isEmpty }
    return branch.types.allSatisfy { isEmpty(branch, $0, depth) }
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
      return minimum.value > maximum.value
        || (minimum.value == maximum.value && (minimum.isOpen || maximum.isOpen))
    case .string: return branch.length.isEmpty
    case .array:
      return branch.itemCount.isEmpty
        || (branch.itemCount.least > 0 && isEmpty(branch.items, depth: depth + 1))
    case .object:
      return branch.memberCount.isEmpty
        || branch.required.count > branch.memberCount.most ?? .max
        || branch.required.contains { isEmpty(branch.member($0), depth: depth + 1) }
    }
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
