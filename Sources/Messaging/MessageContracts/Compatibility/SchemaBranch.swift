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
  /// Schemas with a `oneOf` of which this is an alternative: exactly one holds.
  var singled: [LocatedSchema] = []

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
    merged.singled += other.singled
    return merged
  }

  /// What a member's value has to be; everything goes where the list is empty.
  func member(_ name: ExactText) -> [LocatedSchema] { properties[name] ?? additional }

  /// Whether an object may have only the members that the schema names: it names some, and says
  /// nothing about others.
  var isClosed: Bool { !properties.isEmpty && additional.isEmpty }

  /// What writers write. They keep to the members that are named; whoever reads ignores others.
  var written: SchemaBranch {
    guard isClosed, let part = parts.first else { return self }
    var written = self
    // What has to be there may be there, even if nothing says what it is.
    for name in required where properties[name] == nil { written.properties[name] = [] }
    written.additional = [part.located(.never(at: "no other member"))]
    return written
  }

  func allows(_ value: JSONValue) -> Bool {
    parts.allSatisfy { $0.ownBreaches(value, at: "").isEmpty }
  }

  // MARK: - Values that can be listed

  private static let listLimit = 64

  /// All the values, where they can be listed.
  var listed: [JSONValue]? {
    if let values { return values.filter(allows) }
    var all: [JSONValue] = []
    for type in JSONType.allCases where types.contains(type) {
      guard let some = self.values(of: type) else { return nil }
      all += some
    }
    return all.filter(allows)
  }

  private func values(of type: JSONType) -> [JSONValue]? {
    switch type {
    case .null: return [.null]
    case .boolean: return [.bool(false), .bool(true)]
    case .number: return listedNumbers
    case .string: return length.most == 0 ? [.string("")] : nil
    case .array: return itemCount.most == 0 ? [.array([])] : nil
    case .object: return memberCount.most == 0 ? [.object([:])] : nil
    }
  }

  private var listedNumbers: [JSONValue]? {
    if let range = wholeRange, let least = range.least, let most = range.most {
      guard least <= most else { return [] }
      guard most - least < Self.listLimit else { return nil }
      return (least...most).map(JSONValue.integer)
    }
    guard let minimum, let maximum else { return nil }
    if minimum.value == maximum.value { return [.number(minimum.value)] }
    return minimum.value > maximum.value ? [] : nil
  }

  // MARK: - Numbers

  static func tighter(
    _ left: NumberBound?, _ right: NumberBound?, lower: Bool
  ) -> NumberBound? {
    guard let left else { return right }
    guard let right else { return left }
    if left.value == right.value { return left.isOpen ? left : right }
    return (left.value > right.value) == lower ? left : right
  }

  /// Whether every number of `self` is within the bound.
  func keeps(_ bound: NumberBound, lower: Bool) -> Bool {
    if let own = lower ? minimum : maximum {
      if own.value == bound.value { return own.isOpen || !bound.isOpen || keepsWhole(bound, lower) }
      if (own.value > bound.value) == lower { return true }
    }
    return keepsWhole(bound, lower)
  }

  /// More than 0 is at least 1 where numbers are whole.
  private func keepsWhole(_ bound: NumberBound, _ lower: Bool) -> Bool {
    guard let range = wholeRange, let own = lower ? range.least : range.most,
      let wanted = bound.whole(lower: lower)
    else { return false }
    return lower ? own >= wanted : own <= wanted
  }

  /// Smallest and largest number, where all are whole; nil where they are not.
  private var wholeRange: (least: Int?, most: Int?)? {
    guard isWhole else { return nil }
    return (minimum?.whole(lower: true), maximum?.whole(lower: false))
  }

  /// Every number is an integer.
  var isWhole: Bool { integersOnly || multiples.contains { $0.isInteger } }
}

extension NumberBound {
  /// The outermost whole number within the bound; nil where numbers are too large.
  func whole(lower: Bool) -> Int? {
    guard let whole = value.whole(roundingUp: lower) else { return nil }
    guard isOpen, value.isInteger else { return whole }
    return whole + (lower ? 1 : -1)
  }
}

extension SchemaNode {
  /// A schema that allows nothing.
  static func never(at pointer: String) -> SchemaNode {
    var node = SchemaNode(pointer: pointer)
    node.isNever = true
    return node
  }
}
