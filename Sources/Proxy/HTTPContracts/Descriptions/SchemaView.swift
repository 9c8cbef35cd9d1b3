// SPDX-License-Identifier: Apache-2.0

internal import JSONDocuments

/// Types of JSON as schemas tell them apart.
enum SchemaType: String, Sendable, CaseIterable {
  case null, boolean, integer
  /// A number that is not whole.
  case fraction
  case string, array, object

  static func types(named name: String) -> Set<SchemaType> {
    name == "number" ? [.integer, .fraction] : SchemaType(rawValue: name).map { [$0] } ?? []
  }

  init(_ value: JSONValue) {
    switch value {
    case .null: self = .null
    case .bool: self = .boolean
    case .number(let number): self = number.isInteger ? .integer : .fraction
    case .string: self = .string
    case .array: self = .array
    case .object: self = .object
    }
  }

  /// Such as `a string or null`.
  static func text(_ types: Set<SchemaType>) -> String {
    if types.count == allCases.count { return "anything" }
    var names = allCases.filter { types.contains($0) && $0 != .null }.map(\.rawValue)
    if types.isSuperset(of: [.integer, .fraction]) { names.removeAll { $0 == "integer" } }
    names = names.map { $0 == "fraction" ? "number" : $0 }
    if types.contains(.null) { names.append("null") }
    return names.isEmpty ? "nothing" : names.joined(separator: " or ")
  }
}

/// What schemas say of one value together: a schema, what it refers to, and all of its `allOf`.
struct SchemaView: Sendable {
  /// One end of a range of numbers.
  struct Bound: Sendable, Equatable {
    var value: JSONNumber
    /// Whether the value itself is outside.
    var isOpen: Bool

    var text: String { value.text + (isOpen ? " (exclusive)" : "") }

    /// The same for whole numbers, of which the first or last itself is named.
    func ofWholes(isLeast: Bool) -> Bound {
      guard let next = value.whole(roundingUp: isLeast) else { return self }
      let first = isOpen && value.isInteger ? next + (isLeast ? 1 : -1) : next
      return JSONNumber(valid: "\(first)").map { Bound(value: $0, isOpen: false) } ?? self
    }
  }

  /// Members that no property names.
  enum Additional: Sendable {
    case unsaid, closed
    /// All of the schemas hold; none lets everything through.
    case open([APINode])
  }

  /// `oneOf` or `anyOf`.
  struct Choice: Sendable {
    var keyword: String
    var alternatives: [APINode]
  }

  /// Schemas that it is made of; the first is its place.
  var parts: [APINode] = []
  var types = Set(SchemaType.allCases)
  var values: [JSONValue]?
  var format: String?
  var minimum: Bound?
  var maximum: Bound?
  var multiples: Set<JSONNumber> = []
  /// By keyword, such as `minLength`.
  var counts: [String: Int] = [:]
  var patterns: Set<String> = []
  var isUnique = false
  var members: [String: [APINode]] = [:]
  var required: Set<String> = []
  var additional = Additional.unsaid
  var items: [APINode] = []
  var prefix: [[APINode]] = []
  var choices: [Choice] = []
  var isReadOnly = false
  var isWriteOnly = false
  var isDeprecated = false
  var discriminator: String?
  /// There were more parts than are read.
  var isIncomplete = false
  /// Name of the alternative that was chosen, where it has one.
  var alternative: String?
  /// Keywords that are not compared, with what they say.
  var others: [String: JSONValue] = [:]

  /// Where it stands.
  var pointer: String { parts.first?.pointer ?? "" }

  /// What names it, for comparisons that come back to where they were.
  var key: String { Set(parts.map(\.pointer)).sorted().joined(separator: " ") }

  /// Name of the schema among the components, where it has one.
  var name: String? {
    parts.lazy.map(\.pointer).first { pointer in
      pointer.hasPrefix("/components/schemas/") && pointer.count { $0 == "/" } == 3
    }.map { String($0.dropFirst("/components/schemas/".count)) }
  }

  /// Of a list of values those that keep to all that is said beside it; nil where there are more
  /// than can be listed.
  var possibleValues: [JSONValue]? {
    let few: Set<SchemaType> = [.null, .boolean]
    let values = values ?? (types.isSubset(of: few) ? [.null, .bool(false), .bool(true)] : nil)
    return values?.filter { types.contains(SchemaType($0)) && bounds($0) }
  }

  /// The view divided by values, where they are listed, or else by types.
  var pieces: [SchemaView] {
    if let values = possibleValues, values.count > 1, values.count <= 64 {
      return values.map { value in
        var piece = self
        piece.values = [value]
        piece.types.formIntersection([SchemaType(value)])
        return piece
      }
    }
    let kinds: [Set<SchemaType>] = [
      [.null], [.boolean], [.integer, .fraction], [.string], [.array], [.object],
    ]
    return kinds.filter { !types.isDisjoint(with: $0) }.map { kind in
      var piece = self
      piece.types.formIntersection(kind)
      return piece
    }
  }

  /// Whether a value is within the bounds for numbers and texts.
  func bounds(_ value: JSONValue) -> Bool {
    switch value {
    case .number(let number):
      return minimum.map { $0.isOpen ? number > $0.value : number >= $0.value } ?? true
        && maximum.map { $0.isOpen ? number < $0.value : number <= $0.value } ?? true
        && multiples.allSatisfy { number.isMultiple(of: $0) ?? true }
    case .string(let text):
      let count = text.unicodeScalars.count
      return count >= counts["minLength"] ?? 0 && count <= counts["maxLength"] ?? .max
    case .null, .bool, .array, .object: return true
    }
  }

  static let leastCounts = ["minLength", "minItems", "minProperties"]
  static let mostCounts = ["maxLength", "maxItems", "maxProperties"]

  /// Both together.
  mutating func intersect(_ other: SchemaView) {
    parts += other.parts
    types.formIntersection(other.types)
    if let values = other.values {
      self.values = self.values.map { $0.filter(values.contains) } ?? values
    }
    format = format ?? other.format
    if let bound = other.minimum { minimum = minimum.map { Self.tighter($0, bound, >) } ?? bound }
    if let bound = other.maximum { maximum = maximum.map { Self.tighter($0, bound, <) } ?? bound }
    multiples.formUnion(other.multiples)
    for (name, count) in other.counts {
      counts[name] =
        counts[name].map {
          Self.leastCounts.contains(name) ? max($0, count) : min($0, count)
        } ?? count
    }
    patterns.formUnion(other.patterns)
    isUnique = isUnique || other.isUnique
    members.merge(other.members) { $0 + $1 }
    required.formUnion(other.required)
    switch (additional, other.additional) {
    case (.unsaid, let one), (let one, .unsaid): additional = one
    case (.closed, _), (_, .closed): additional = .closed
    case (.open(let one), .open(let other)): additional = .open(one + other)
    }
    items += other.items
    for (index, nodes) in other.prefix.enumerated() {
      if index < prefix.count { prefix[index] += nodes } else { prefix.append(nodes) }
    }
    choices += other.choices
    isReadOnly = isReadOnly || other.isReadOnly
    isWriteOnly = isWriteOnly || other.isWriteOnly
    isDeprecated = isDeprecated || other.isDeprecated
    discriminator = discriminator ?? other.discriminator
    isIncomplete = isIncomplete || other.isIncomplete
    others.merge(other.others) { $0 == $1 ? $0 : .array([$0, $1]) }
  }

  private static func tighter(
    _ one: Bound, _ other: Bound, _ isTighter: (JSONNumber, JSONNumber) -> Bool
  ) -> Bound {
    if one.value == other.value { return one.isOpen ? one : other }
    return isTighter(one.value, other.value) ? one : other
  }

  mutating func addNull() {
    types.insert(.null)
    if values?.contains(.null) == false { values?.append(.null) }
  }
}
