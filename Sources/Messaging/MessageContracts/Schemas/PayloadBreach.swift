// SPDX-License-Identifier: Apache-2.0

import JSONDocuments

/// What a value has that its schema does not allow.
public struct PayloadBreach: Error, Sendable, Equatable, CustomStringConvertible {
  /// JSON Pointer (RFC 6901) into the payload; empty for all of it.
  public var pointer: String
  /// What the schema allows there.
  public var expected: String
  /// What is there instead, at most about 80 bytes of it.
  public var got: String

  /// `/total: expected at least 0, got -5`.
  public var description: String {
    "\(JSONPointer.shown(pointer)): expected \(expected), got \(got)"
  }
}

extension LocatedSchema {
  func accepts(_ value: JSONValue) -> Bool { breaches(value, at: "").isEmpty }

  /// Everything that is wrong with a value, members in the order of their names.
  func breaches(_ value: JSONValue, at pointer: String) -> [PayloadBreach] {
    var breaches = ownBreaches(value, at: pointer)
    for schema in [referenced].compactMap(\.self) + node.allOf.map(located) {
      breaches += schema.breaches(value, at: pointer)
    }
    if !node.anyOf.isEmpty, !node.anyOf.contains(where: { located($0).accepts(value) }) {
      breaches.append(
        PayloadBreach(pointer, "one of \(node.anyOf.count) alternatives (anyOf)", value))
    }
    if !node.oneOf.isEmpty {
      let count = node.oneOf.count { located($0).accepts(value) }
      if count != 1 {
        breaches.append(
          PayloadBreach(
            pointer, "exactly one of \(node.oneOf.count) alternatives (oneOf), \(count) allow it",
            value))
      }
    }
    return breaches
  }

  /// What the keywords say that refer to no other schema of the same value.
  func ownBreaches(_ value: JSONValue, at pointer: String) -> [PayloadBreach] {
    if node.isNever { return [PayloadBreach(pointer, "nothing here", value)] }
    var breaches: [PayloadBreach] = []
    func demand(_ isMet: Bool, _ expected: @autoclosure () -> String) {
      if !isMet { breaches.append(PayloadBreach(pointer, expected(), value)) }
    }
    demand(node.types.contains(JSONType(value)), node.typeText)
    if let constant = node.constant { demand(constant.isSame(value), constant.text(limit: 80)) }
    if let values = node.values {
      demand(
        values.contains { $0.isSame(value) },
        "one of " + JSONValue.array(values).text(limit: 200))
    }
    switch value {
    case .number(let number):
      demand(!node.integersOnly || number.isInteger, "an integer")
      if let bound = node.minimum {
        demand(
          bound.isOpen ? number > bound.value : number >= bound.value,
          "\(bound.isOpen ? "more than" : "at least") \(bound.value.text)")
      }
      if let bound = node.maximum {
        demand(
          bound.isOpen ? number < bound.value : number <= bound.value,
          "\(bound.isOpen ? "less than" : "at most") \(bound.value.text)")
      }
      if let step = node.multiple {
        demand(number.isMultiple(of: step) == true, "a multiple of \(step.text)")
      }
    case .string(let text):
      demand(
        node.length.contains(text.unicodeScalars.count), "\(node.length.text) characters")
      if let pattern = node.pattern { demand(pattern.matches(text), "a match of \(pattern.text)") }
    case .array(let elements):
      demand(node.itemCount.contains(elements.count), "\(node.itemCount.text) items")
      demand(!node.isUnique || !Self.hasRepetition(elements), "items that differ")
      for (index, element) in elements.enumerated() {
        for items in node.items {
          breaches += located(items).breaches(element, at: "\(pointer)/\(index)")
        }
      }
    case .object(let members): breaches += memberBreaches(members, value, at: pointer)
    case .null, .bool: break
    }
    return breaches
  }

  private func memberBreaches(
    _ members: [String: JSONValue], _ value: JSONValue, at pointer: String
  ) -> [PayloadBreach] {
    var breaches: [PayloadBreach] = []
    if !node.memberCount.contains(members.count) {
      breaches.append(PayloadBreach(pointer, "\(node.memberCount.text) members", value))
    }
    let names = Set(members.keys.map { ExactText($0) })
    for name in node.required.subtracting(names).sorted() {
      var breach = PayloadBreach(JSONPointer.appending(name.text, to: pointer), "a value", .null)
      breach.got = "no such member"
      breaches.append(breach)
    }
    for (name, value) in members.sorted(by: { $0.key < $1.key }) {
      let place = JSONPointer.appending(name, to: pointer)
      for schema in (node.properties[ExactText(name)].map { [$0] } ?? node.additional) {
        breaches += located(schema).breaches(value, at: place)
      }
    }
    return breaches
  }

  private static func hasRepetition(_ elements: [JSONValue]) -> Bool {
    // What is the same is equal too, and found by its hash; a few that are equal are not the same.
    var seen: [JSONValue: [JSONValue]] = [:]
    for element in elements {
      if seen[element]?.contains(where: { $0.isSame(element) }) == true { return true }
      seen[element, default: []].append(element)
    }
    return false
  }
}

extension SchemaNode {
  var typeText: String {
    let names = JSONType.allCases.filter(types.contains).map {
      $0 == .number && integersOnly ? "integer" : $0.rawValue
    }
    return names.isEmpty ? "nothing" : names.joined(separator: " or ")
  }
}

extension PayloadBreach {
  fileprivate init(_ pointer: String, _ expected: String, _ got: JSONValue) {
    self.init(pointer: pointer, expected: expected, got: got.text(limit: 80))
  }
}
