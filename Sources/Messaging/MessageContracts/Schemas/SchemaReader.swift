// SPDX-License-Identifier: Apache-2.0

package import JSONDocuments

extension SchemaDocument {
  /// Reads a schema. Whatever it does not support is a problem and never passed over.
  package static func read(
    _ json: JSONValue, label: String
  ) -> (document: SchemaDocument?, problems: [SchemaProblem]) {
    var reader = SchemaReader()
    let root = reader.node(json, at: "")
    var definitions: [String: SchemaNode] = [:]
    if case .object(let members) = json, let listed = members["$defs"] {
      for (name, value) in reader.members(listed, at: "/$defs") {
        definitions[name] = reader.node(value, at: JSONPointer.appending(name, to: "/$defs"))
      }
    }
    let document = SchemaDocument(label: label, json: json, root: root, definitions: definitions)
    reader.checkReferences(document)
    let problems = reader.problems.sorted { ($0.pointer, $0.message) < ($1.pointer, $1.message) }
    return (problems.isEmpty ? document : nil, problems)
  }
}

/// Turns JSON into schemas, and collects what is wrong.
struct SchemaReader {
  static let dialect = "https://json-schema.org/draft/2020-12/schema"
  /// Keywords that say nothing about which values are valid.
  private static let annotations: Set<String> = [
    "$comment", "title", "description", "default", "examples", "deprecated", "readOnly",
    "writeOnly", "format", "contentMediaType", "contentEncoding",
  ]

  private(set) var problems: [SchemaProblem] = []
  private var references: [(name: String, pointer: String)] = []

  private mutating func report(_ pointer: String, _ message: String) {
    problems.append(SchemaProblem(pointer: pointer, message: message))
  }

  mutating func members(_ value: JSONValue, at pointer: String) -> [(String, JSONValue)] {
    guard case .object(let members) = value else {
      report(pointer, "expected an object of schemas, found \(value.typeName)")
      return []
    }
    return members.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  mutating func node(_ value: JSONValue, at pointer: String) -> SchemaNode {
    var node = SchemaNode(pointer: pointer)
    switch value {
    case .bool(let isAlways): node.isNever = !isAlways
    case .object(let members):
      for (keyword, value) in members.sorted(by: { $0.key < $1.key }) {
        let place = JSONPointer.appending(keyword, to: pointer)
        if !general(keyword, value, &node, place), !scalar(keyword, value, &node, place),
          !structure(keyword, value, &node, place)
        {
          report(place, Self.unsupported(keyword))
        }
      }
    default:
      report(pointer, "expected a schema, an object or true or false, found \(value.typeName)")
    }
    return node
  }

  private static func unsupported(_ keyword: String) -> String {
    "the keyword \(keyword) is not supported, so nothing could be said about what it allows; "
      + "say it with other keywords, or begin its name with x- where it is a remark"
  }

  private mutating func general(
    _ keyword: String, _ value: JSONValue, _ node: inout SchemaNode, _ place: String
  ) -> Bool {
    switch keyword {
    case "$schema":
      if value != .string(Self.dialect) { report(place, "expected \"\(Self.dialect)\"") }
    case "$id", "$defs":
      if !node.pointer.isEmpty { report(place, "\(keyword) belongs to the top of the document") }
    case "$ref": reference(value, &node, place)
    case "type": type(value, &node, place)
    case "enum":
      guard case .array(let values) = value, !values.isEmpty else {
        report(place, "expected a list of at least one value")
        return true
      }
      node.values = values
    case "const": node.constant = value
    case "allOf": node.allOf = list(value, place)
    case "anyOf": node.anyOf = list(value, place)
    case "oneOf": node.oneOf = list(value, place)
    default: return Self.annotations.contains(keyword) || keyword.hasPrefix("x-")
    }
    return true
  }

  private mutating func scalar(
    _ keyword: String, _ value: JSONValue, _ node: inout SchemaNode, _ place: String
  ) -> Bool {
    switch keyword {
    case "minimum": node.minimum = tighter(node.minimum, number(value, place), false, lower: true)
    case "exclusiveMinimum":
      node.minimum = tighter(node.minimum, number(value, place), true, lower: true)
    case "maximum": node.maximum = tighter(node.maximum, number(value, place), false, lower: false)
    case "exclusiveMaximum":
      node.maximum = tighter(node.maximum, number(value, place), true, lower: false)
    case "multipleOf": multiple(value, &node, place)
    case "minLength": node.length.least = count(value, place)
    case "maxLength": node.length.most = count(value, place)
    case "pattern":
      guard case .string(let text) = value else {
        report(place, "expected a text, found \(value.typeName)")
        return true
      }
      do throws(PatternProblem) {
        node.pattern = try TextPattern(text)
      } catch {
        report(place, error.description)
      }
    default: return false
    }
    return true
  }

  private mutating func structure(
    _ keyword: String, _ value: JSONValue, _ node: inout SchemaNode, _ place: String
  ) -> Bool {
    switch keyword {
    case "items": node.items = [self.node(value, at: place)]
    case "minItems": node.itemCount.least = count(value, place)
    case "maxItems": node.itemCount.most = count(value, place)
    case "uniqueItems":
      guard case .bool(let isUnique) = value else {
        report(place, "expected true or false, found \(value.typeName)")
        return true
      }
      node.isUnique = isUnique
    case "properties":
      for (name, schema) in members(value, at: place) {
        node.properties[ExactText(name)] = self.node(
          schema, at: JSONPointer.appending(name, to: place))
      }
    case "required":
      guard case .array(let names) = value else {
        report(place, "expected a list of names, found \(value.typeName)")
        return true
      }
      for name in names {
        if case .string(let text) = name {
          node.required.insert(ExactText(text))
        } else {
          report(place, "expected names only, found \(name.typeName)")
        }
      }
    case "additionalProperties": node.additional = [self.node(value, at: place)]
    case "minProperties": node.memberCount.least = count(value, place)
    case "maxProperties": node.memberCount.most = count(value, place)
    default: return false
    }
    return true
  }

  // MARK: - Values of keywords

  private mutating func list(_ value: JSONValue, _ place: String) -> [SchemaNode] {
    guard case .array(let schemas) = value, !schemas.isEmpty else {
      report(place, "expected a list of at least one schema")
      return []
    }
    return schemas.enumerated().map { node($0.element, at: "\(place)/\($0.offset)") }
  }

  private mutating func number(_ value: JSONValue, _ place: String) -> JSONNumber? {
    if case .number(let number) = value { return number }
    report(place, "expected a number, found \(value.typeName)")
    return nil
  }

  private mutating func count(_ value: JSONValue, _ place: String) -> Int {
    if case .number(let number) = value, number.isInteger,
      let count = Int(exactly: number.approximation), count >= 0
    {
      return count
    }
    report(place, "expected a whole number from 0")
    return 0
  }

  private func tighter(
    _ bound: NumberBound?, _ value: JSONNumber?, _ isOpen: Bool, lower: Bool
  ) -> NumberBound? {
    SchemaBranch.tighter(
      bound, value.map { NumberBound(value: $0, isOpen: isOpen) }, lower: lower)
  }

  private mutating func multiple(
    _ value: JSONValue, _ node: inout SchemaNode, _ place: String
  ) {
    guard let number = number(value, place) else { return }
    guard let zero = JSONNumber(valid: "0"), let one = JSONNumber(valid: "1"), number > zero,
      one.isMultiple(of: number) != nil
    else { return report(place, "expected a number above 0 of at most 18 digits") }
    node.multiple = number
  }

  private mutating func type(
    _ value: JSONValue, _ node: inout SchemaNode, _ place: String
  ) {
    var names: [String] = []
    switch value {
    case .string(let name): names = [name]
    case .array(let values):
      names = values.map { if case .string(let name) = $0 { name } else { "" } }
    default: break
    }
    let types = names.compactMap { $0 == "integer" ? .number : JSONType(rawValue: $0) }
    guard !names.isEmpty, types.count == names.count else {
      let known = JSONType.allCases.map(\.rawValue) + ["integer"]
      return report(place, "expected one or more of \(known.joined(separator: ", "))")
    }
    node.types = Set(types)
    node.integersOnly = names.contains("integer") && !names.contains("number")
  }

  private mutating func reference(
    _ value: JSONValue, _ node: inout SchemaNode, _ place: String
  ) {
    guard case .string(let text) = value else {
      return report(place, "expected a text, found \(value.typeName)")
    }
    let prefix = "#/$defs/"
    if text == "#" {
      node.reference = ""
    } else if text.hasPrefix(prefix), !text.dropFirst(prefix.count).contains("/"),
      text.count > prefix.count
    {
      let name = JSONPointer.unescaped(text.dropFirst(prefix.count))
      node.reference = name
      references.append((name, place))
    } else {
      report(place, "\"\(text)\" is not supported; refer to #/$defs/NAME in the same document")
    }
  }

  // MARK: - References

  /// Each names a definition, and none comes back to itself without a member or an item between.
  mutating func checkReferences(_ document: SchemaDocument) {
    for reference in references where document.definitions[reference.name] == nil {
      report(reference.pointer, "there is no definition \(reference.name) under $defs")
    }
    guard problems.isEmpty else { return }
    var finished: Set<String> = []
    for name in [""] + document.definitions.keys.sorted() {
      var open: Set<String> = []
      if circles(name, document, &open, &finished) {
        report(
          document.node(name).pointer,
          "the definition refers to itself, with no member or item between: no value ends that")
      }
    }
  }

  private func circles(
    _ name: String, _ document: SchemaDocument, _ open: inout Set<String>,
    _ finished: inout Set<String>
  ) -> Bool {
    guard !finished.contains(name) else { return false }
    guard open.insert(name).inserted else { return true }
    var pending = [document.node(name)]
    while let node = pending.popLast() {
      if let next = node.reference, circles(next, document, &open, &finished) { return true }
      pending += node.applied
    }
    open.remove(name)
    finished.insert(name)
    return false
  }
}
