// SPDX-License-Identifier: Apache-2.0
import HTTPContracts
import JSONDocuments
import Testing

/// Random pairs of schemas, judged by random values: where a value that may be written is not
/// taken, something has to be called breaking.
@Suite struct SchemaOracleTests {
  @Test(arguments: [1, 2, 3] as [UInt64])
  func `no value breaks what is called compatible`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var verdicts = [true: 0, false: 0]
    for _ in 0..<400 {
      let old = RandomSchema.make(depth: 2, &random)
      let new = RandomSchema.changed(old, depth: 2, &random)
      let values = (0..<60).map { _ in RandomSchema.value(depth: 2, &random) }
      let texts = (old.compactJSON, new.compactJSON)
      let taken = try Versions.taking(texts.0, texts.1).report()
      let answered = try Versions.answering(texts.0, texts.1).report()
      for value in values {
        if Reading.writes(old, value), !Reading.takes(new, value, isTolerant: false) {
          #expect(
            !taken.isCompatible, "seed \(seed): \(texts) refuses \(value.compactJSON)")
        }
        if Reading.writes(new, value), !Reading.takes(old, value, isTolerant: true) {
          #expect(
            !answered.isCompatible, "seed \(seed): \(texts) answers \(value.compactJSON)")
        }
      }
      verdicts[taken.isCompatible, default: 0] += 1
      verdicts[answered.isCompatible, default: 0] += 1
    }
    // Both verdicts were put to the test.
    #expect(verdicts.values.allSatisfy { $0 > 100 }, "\(verdicts)")
  }
}

/// SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Schemas of a few keywords, and values near to what they say.
private enum RandomSchema {
  private static let names = ["a", "b", "c"]

  static func make(depth: Int, _ random: inout SeededGenerator) -> JSONValue {
    let kind = Int.random(in: 0..<(depth == 0 ? 5 : 8), using: &random)
    switch kind {
    case 0: return .object(["type": .string("string")].merging(length(&random)) { $1 })
    case 1: return .object(["type": .string("integer")].merging(range(&random)) { $1 })
    case 2: return .object(["type": .string("number")].merging(range(&random)) { $1 })
    case 3: return .object(["type": .array([.string("boolean"), .string("null")])])
    case 4:
      let values = scalars.filter { _ in Bool.random(using: &random) }
      return .object(["enum": .array(values.isEmpty ? [.null] : values)])
    case 5:
      return .object([
        "anyOf": .array((0..<2).map { _ in make(depth: 0, &random) })
      ])
    case 6:
      return .object([
        "type": .string("array"), "items": make(depth: depth - 1, &random),
        "minItems": .integer(Int.random(in: 0...1, using: &random)),
      ])
    default: return object(depth: depth, &random)
    }
  }

  private static func object(depth: Int, _ random: inout SeededGenerator) -> JSONValue {
    var members: [String: JSONValue] = [:]
    for name in names where Bool.random(using: &random) {
      members[name] = make(depth: depth - 1, &random)
    }
    let required = members.keys.sorted().filter { _ in Bool.random(using: &random) }
    var schema: [String: JSONValue] = [
      "type": .string("object"), "properties": .object(members),
      "required": .array(required.map { .string($0) }),
    ]
    if Bool.random(using: &random) { schema["additionalProperties"] = .bool(false) }
    return .object(schema)
  }

  private static func range(_ random: inout SeededGenerator) -> [String: JSONValue] {
    var bounds: [String: JSONValue] = [:]
    if Bool.random(using: &random) {
      let name = Bool.random(using: &random) ? "minimum" : "exclusiveMinimum"
      bounds[name] = .integer(Int.random(in: -1...1, using: &random))
    }
    if Bool.random(using: &random) {
      bounds["maximum"] = .integer(Int.random(in: 1...3, using: &random))
    }
    return bounds
  }

  private static func length(_ random: inout SeededGenerator) -> [String: JSONValue] {
    var bounds: [String: JSONValue] = [:]
    if Bool.random(using: &random) {
      bounds["minLength"] = .integer(Int.random(in: 0...2, using: &random))
    }
    if Bool.random(using: &random) {
      bounds["maxLength"] = .integer(Int.random(in: 1...3, using: &random))
    }
    return bounds
  }

  /// Another schema, or the same but for one place.
  static func changed(
    _ schema: JSONValue, depth: Int, _ random: inout SeededGenerator
  ) -> JSONValue {
    guard case .object(var members) = schema, Int.random(in: 0..<4, using: &random) > 0 else {
      return make(depth: depth, &random)
    }
    if case .object(var properties)? = members["properties"], depth > 0 {
      guard let name = names.randomElement(using: &random) else { return schema }
      properties[name] =
        properties[name].map { changed($0, depth: depth - 1, &random) }
        ?? make(depth: depth - 1, &random)
      members["properties"] = .object(properties)
      if Bool.random(using: &random) {
        members["required"] = .array(
          properties.keys.sorted().filter { _ in Bool.random(using: &random) }.map { .string($0) })
      }
      return .object(members)
    }
    if let items = members["items"], depth > 0 {
      members["items"] = changed(items, depth: depth - 1, &random)
      return .object(members)
    }
    for name in ["minimum", "exclusiveMinimum", "maximum", "minLength", "maxLength"]
    where members[name] != nil && Bool.random(using: &random) {
      members[name] = nil
    }
    return .object(members)
  }

  private static let scalars: [JSONValue] = [
    .null, .bool(true), .bool(false), .integer(-1), .integer(0), .integer(1), .integer(2),
    .integer(4), .real(0.5), .real(2.5), .string(""), .string("a"), .string("ab"), .string("abcd"),
  ]

  static func value(depth: Int, _ random: inout SeededGenerator) -> JSONValue {
    switch Int.random(in: 0..<(depth == 0 ? 1 : 4), using: &random) {
    case 1:
      let count = Int.random(in: 0...2, using: &random)
      return .array((0..<count).map { _ in value(depth: depth - 1, &random) })
    case 2, 3:
      var members: [String: JSONValue] = [:]
      for name in names where Bool.random(using: &random) {
        members[name] = value(depth: depth - 1, &random)
      }
      return .object(members)
    default: return scalars.randomElement(using: &random) ?? .null
    }
  }
}

/// What those schemas mean, written from the specification alone.
private enum Reading {
  /// Whether a value keeps to a schema; a tolerant reader passes over members that it does not
  /// know.
  static func takes(_ schema: JSONValue, _ value: JSONValue, isTolerant: Bool) -> Bool {
    guard case .object(let keywords) = schema else { return true }
    if let names = keywords["type"] {
      let all: [JSONValue] = if case .array(let list) = names { list } else { [names] }
      guard all.contains(where: { isOf($0, value) }) else { return false }
    }
    if case .array(let values)? = keywords["enum"], !values.contains(value) { return false }
    if case .array(let alternatives)? = keywords["anyOf"] {
      guard alternatives.contains(where: { takes($0, value, isTolerant: isTolerant) }) else {
        return false
      }
    }
    switch value {
    case .number(let number): return holds(number.approximation, keywords)
    case .string(let text):
      let count = Double(text.unicodeScalars.count)
      return number(keywords["minLength"]).map { count >= $0 } ?? true
        && number(keywords["maxLength"]).map { count <= $0 } ?? true
    case .array(let elements):
      return Double(elements.count) >= number(keywords["minItems"]) ?? 0
        && elements.allSatisfy { element in
          keywords["items"].map { takes($0, element, isTolerant: isTolerant) } ?? true
        }
    case .object(let members): return holds(members, keywords, isTolerant)
    case .null, .bool: return true
    }
  }

  /// Whether who keeps to a schema may write a value: its members are all named.
  static func writes(_ schema: JSONValue, _ value: JSONValue) -> Bool {
    takes(schema, value, isTolerant: false) && isNamed(schema, value)
  }

  private static func isNamed(_ schema: JSONValue, _ value: JSONValue) -> Bool {
    guard case .object(let keywords) = schema else { return true }
    switch value {
    case .object(let members):
      guard case .object(let properties)? = keywords["properties"] else { return false }
      return members.allSatisfy { name, value in
        properties[name].map { isNamed($0, value) } ?? false
      }
    case .array(let elements):
      return elements.allSatisfy { element in keywords["items"].map { isNamed($0, element) } ?? true
      }
    default: return true
    }
  }

  private static func isOf(_ name: JSONValue, _ value: JSONValue) -> Bool {
    guard case .string(let name) = name else { return false }
    if name == "integer", case .number(let number) = value { return number.isInteger }
    return name == value.typeName
  }

  private static func number(_ value: JSONValue?) -> Double? {
    if case .number(let number)? = value { number.approximation } else { nil }
  }

  private static func holds(_ value: Double, _ keywords: [String: JSONValue]) -> Bool {
    number(keywords["minimum"]).map { value >= $0 } ?? true
      && number(keywords["exclusiveMinimum"]).map { value > $0 } ?? true
      && number(keywords["maximum"]).map { value <= $0 } ?? true
  }

  private static func holds(
    _ members: [String: JSONValue], _ keywords: [String: JSONValue], _ isTolerant: Bool
  ) -> Bool {
    if case .array(let required)? = keywords["required"] {
      let isMissing = required.contains { name in
        if case .string(let name) = name { members[name] == nil } else { false }
      }
      if isMissing { return false }
    }
    guard case .object(let properties)? = keywords["properties"] else { return true }
    return members.allSatisfy { name, value in
      if let schema = properties[name] { return takes(schema, value, isTolerant: isTolerant) }
      return isTolerant || keywords["additionalProperties"] != .bool(false)
    }
  }
}
