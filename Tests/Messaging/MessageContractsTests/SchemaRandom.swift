// SPDX-License-Identifier: Apache-2.0

import JSONDocuments

/// Random schemas and documents, the same for the same seed.
struct SchemaRandom {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ count: Int) -> Int { Int(next() % UInt64(max(1, count))) }

  /// One of so many times.
  mutating func chance(_ count: Int) -> Bool { below(count) == 0 }

  private mutating func one<Element>(of elements: [Element]) -> Element {
    elements[below(elements.count)]
  }

  // MARK: - Schemas

  private static let names = ["a", "b", "c"]
  private static let patterns = ["^a", "b$", "^[ab]*$", "^[a-c]{1,2}$", "^(ab)+$"]

  mutating func schema(depth: Int) -> JSONValue {
    switch below(depth > 0 ? 12 : 7) {
    case 0: return .bool(!chance(4))
    case 1: return object(["type": .string("null")], ["type": .string("boolean")])
    case 2: return .object(["enum": .array((0...below(3)).map { _ in scalar() })])
    case 3, 4: return number()
    case 5, 6: return string()
    case 7, 8, 9: return members(depth)
    case 10: return items(depth)
    default:
      let keyword = one(of: ["anyOf", "oneOf", "allOf"])
      var members: [String: JSONValue] = [
        keyword: .array((0...(1 + below(2))).map { _ in schema(depth: depth - 1) })
      ]
      if chance(2), case .object(let more) = number() { members.merge(more) { first, _ in first } }
      return .object(members)
    }
  }

  private mutating func object(
    _ first: [String: JSONValue], _ second: [String: JSONValue]
  ) -> JSONValue {
    .object(chance(2) ? first : second)
  }

  private mutating func number() -> JSONValue {
    var members: [String: JSONValue] = [
      "type": one(of: [
        .string("integer"), .string("number"), .array([.string("number"), .string("null")]),
      ])
    ]
    if chance(2) { members[one(of: ["minimum", "exclusiveMinimum"])] = .integer(below(5) - 2) }
    if chance(2) { members[one(of: ["maximum", "exclusiveMaximum"])] = .integer(below(5)) }
    if chance(5) { members["multipleOf"] = .real(one(of: [0.5, 1, 2, 3])) }
    return .object(members)
  }

  private mutating func string() -> JSONValue {
    var members: [String: JSONValue] = ["type": .string("string")]
    if chance(3) { members["minLength"] = .integer(below(3)) }
    if chance(3) { members["maxLength"] = .integer(below(4)) }
    if chance(3) { members["pattern"] = .string(one(of: Self.patterns)) }
    return .object(members)
  }

  private mutating func items(_ depth: Int) -> JSONValue {
    var members: [String: JSONValue] = ["type": .string("array")]
    if !chance(4) { members["items"] = schema(depth: depth - 1) }
    if chance(3) { members["minItems"] = .integer(below(3)) }
    if chance(3) { members["maxItems"] = .integer(below(4)) }
    if chance(4) { members["uniqueItems"] = .bool(true) }
    return .object(members)
  }

  private mutating func members(_ depth: Int) -> JSONValue {
    var properties: [String: JSONValue] = [:]
    for name in Self.names where chance(2) { properties[name] = schema(depth: depth - 1) }
    var members: [String: JSONValue] = ["type": .string("object")]
    if !properties.isEmpty { members["properties"] = .object(properties) }
    let required = Self.names.filter { _ in chance(3) }
    if !required.isEmpty { members["required"] = .array(required.map { .string($0) }) }
    if chance(4) { members["additionalProperties"] = chance(2) ? .bool(chance(2)) : number() }
    if chance(5) { members["minProperties"] = .integer(below(3)) }
    if chance(5) { members["maxProperties"] = .integer(1 + below(3)) }
    return .object(members)
  }

  /// The schema with one keyword dropped, loosened or replaced somewhere.
  mutating func changed(_ schema: JSONValue) -> JSONValue {
    guard case .object(var members) = schema, !members.isEmpty, !chance(12) else {
      return chance(2) ? .bool(true) : self.schema(depth: 1)
    }
    let keyword = one(of: members.keys.sorted())
    switch members[keyword] {
    case .object(var properties)? where keyword == "properties":
      let name = one(of: properties.keys.sorted())
      properties[name] = chance(6) ? nil : changed(properties[name] ?? .null)
      members[keyword] = properties.isEmpty ? nil : .object(properties)
    case .array(var schemas)? where keyword.hasSuffix("Of"):
      let index = below(schemas.count)
      if chance(3) {
        schemas.append(self.schema(depth: 1))
      } else {
        schemas[index] = changed(schemas[index])
      }
      members[keyword] = .array(schemas)
    case .object(let inner)? where keyword == "items" || keyword == "additionalProperties":
      members[keyword] = changed(.object(inner))
    case .number(let number)?:
      members[keyword] =
        keyword == "multipleOf"
        ? nil : .integer(max(0, (number.whole(roundingUp: false) ?? 0) + below(3) - 1))
    case .string("integer")?: members[keyword] = .string("number")
    default: members[keyword] = nil
    }
    if chance(4), members["properties"] != nil { members["required"] = nil }
    return .object(members)
  }

  // MARK: - Documents

  private mutating func scalar() -> JSONValue {
    switch below(5) {
    case 0: .null
    case 1: .bool(chance(2))
    case 2: .string(text())
    default: .real(Double(below(13) - 5) / 2)
    }
  }

  private mutating func text() -> String {
    String((0..<below(4)).map { _ in one(of: ["a", "b", "c"] as [Character]) })
  }

  /// A document that a schema may allow, more often than chance would have it.
  mutating func document(_ schema: JSONValue, depth: Int = 4) -> JSONValue {
    guard case .object(let members) = schema, depth > 0, !chance(15) else { return scalar() }
    for keyword in ["anyOf", "oneOf", "allOf"] {
      if case .array(let schemas)? = members[keyword], !chance(4) {
        return document(one(of: schemas), depth: depth)
      }
    }
    if case .array(let values)? = members["enum"] { return one(of: values) }
    var type = members["type"] ?? .string(one(of: ["null", "number", "string", "array", "object"]))
    if case .array(let types) = type { type = one(of: types) }
    switch type {
    case .string("null"): return .null
    case .string("boolean"): return .bool(chance(2))
    case .string("integer"): return .integer(below(10) - 4)
    case .string("number"): return .real(Double(below(21) - 8) / 2)
    case .string("string"): return .string(text())
    case .string("array"):
      return .array(
        (0..<below(4)).map { _ in document(members["items"] ?? .null, depth: depth - 1) })
    default: return object(members, depth)
    }
  }

  private mutating func object(_ members: [String: JSONValue], _ depth: Int) -> JSONValue {
    var properties: [String: JSONValue] = [:]
    if case .object(let named)? = members["properties"] { properties = named }
    var object: [String: JSONValue] = [:]
    for (name, schema) in properties.sorted(by: { $0.key < $1.key }) where !chance(4) {
      object[name] = document(schema, depth: depth - 1)
    }
    if case .array(let names)? = members["required"] {
      for case .string(let name) in names where object[name] == nil {
        object[name] = document(properties[name] ?? .null, depth: depth - 1)
      }
    }
    if chance(5) { object[one(of: ["a", "b", "d"])] = scalar() }
    return .object(object)
  }
}
