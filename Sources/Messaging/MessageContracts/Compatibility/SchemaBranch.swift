// SPDX-License-Identifier: Apache-2.0

import JSONDocuments

/// Several schemas without alternatives, as one: what all of them allow.
struct SchemaBranch: Sendable {
  var types = Set(JSONType.allCases)
  var integersOnly = false
  var values: [JSONValue]?
  var minimum: NumberBound?
  var maximum: NumberBound?
  var multiples: [JSONNumber] = []
  var length = CountRange()
  var patterns: [TextPattern] = []
  var items: [LocatedSchema] = []
  var itemCount = CountRange()
  var isUnique = false
  var properties: [ExactText: [LocatedSchema]] = [:]
  var required: Set<ExactText> = []
  var additional: [LocatedSchema] = []
  var memberCount = CountRange()
  /// What was put together; a value is allowed when the own keywords of each part allow it.
  var parts: [LocatedSchema] = []

  /// Allows everything.
  init() {}

  /// The own keywords of one schema.
  init(_ schema: LocatedSchema) {
    let node = schema.node
    types = node.types
    integersOnly = node.integersOnly
    values = node.finite
    minimum = node.minimum
    maximum = node.maximum
    multiples = node.multiple.map { [$0] } ?? []
    length = node.length
    patterns = node.pattern.map { [$0] } ?? []
    items = node.items.map(schema.located)
    itemCount = node.itemCount
    isUnique = node.isUnique
    properties = node.properties.mapValues { [schema.located($0)] }
    required = node.required
    additional = node.additional.map(schema.located)
    memberCount = node.memberCount
    parts = [schema]
  }

  func merging(_ other: SchemaBranch) -> SchemaBranch {
    var merged = self
    merged.types.formIntersection(other.types)
    merged.integersOnly = integersOnly || other.integersOnly
    // Parts are asked about each value, so either list will do.
    merged.values = values ?? other.values
    merged.minimum = Self.tighter(minimum, other.minimum, lower: true)
    merged.maximum = Self.tighter(maximum, other.maximum, lower: false)
    merged.multiples += other.multiples
    merged.length = length.limited(by: other.length)
    merged.patterns += other.patterns
    merged.items += other.items
    merged.itemCount = itemCount.limited(by: other.itemCount)
    merged.isUnique = isUnique || other.isUnique
    for name in Set(properties.keys).union(other.properties.keys) {
      merged.properties[name] = member(name) + other.member(name)
    }
    merged.required.formUnion(other.required)
    merged.additional += other.additional
    merged.memberCount = memberCount.limited(by: other.memberCount)
    merged.parts += other.parts
    return merged
  }

  /// What a member's value has to be; everything goes where the list is empty.
  func member(_ name: ExactText) -> [LocatedSchema] { properties[name] ?? additional }

  func allows(_ value: JSONValue) -> Bool {
    parts.allSatisfy { $0.ownBreaches(value, at: "").isEmpty }
  }

  /// The values, where they can be listed.
  var listed: [JSONValue]? {
    if let values { return values.filter(allows) }
    guard types.isSubset(of: [.null, .boolean]) else { return nil }
    return [.null, .bool(false), .bool(true)].filter(allows)
  }

  static func tighter(
    _ left: NumberBound?, _ right: NumberBound?, lower: Bool
  ) -> NumberBound? {
    guard let left else { return right }
    guard let right else { return left }
    if left.value == right.value { return left.isOpen ? left : right }
    return (left.value > right.value) == lower ? left : right
  }

  /// Whether every number within `self`'s bound is within the other, of the same end.
  func keeps(_ bound: NumberBound, lower: Bool) -> Bool {
    guard let own = wholeBound(lower ? minimum : maximum, lower: lower) else { return false }
    let wanted = wholeBound(bound, lower: lower) ?? bound
    if own.value == wanted.value { return own.isOpen || !wanted.isOpen }
    return lower ? own.value > wanted.value : own.value < wanted.value
  }

  /// More than 0 is at least 1 where numbers are whole.
  private func wholeBound(_ bound: NumberBound?, lower: Bool) -> NumberBound? {
    guard let bound, bound.isOpen, isWhole, let value = Int(bound.value.text),
      abs(value) < Int.max / 2, let next = JSONNumber(valid: String(value + (lower ? 1 : -1)))
    else { return bound }
    return NumberBound(value: next, isOpen: false)
  }

  /// Every number is an integer.
  var isWhole: Bool { integersOnly || multiples.contains { $0.isInteger } }
}
