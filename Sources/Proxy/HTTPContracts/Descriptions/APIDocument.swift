// SPDX-License-Identifier: Apache-2.0

package import JSONDocuments

/// Why a document is no description of an API that can be compared, and where.
package struct APIProblem: Error, Sendable, Equatable, CustomStringConvertible {
  /// JSON Pointer into the document.
  package var pointer: String
  /// What is wrong and what to do.
  package var message: String

  package var description: String { "\(JSONPointer.shown(pointer)): \(message)" }
}

/// A value of a document with its place.
struct APINode: Sendable, Equatable {
  var value: JSONValue
  /// JSON Pointer into the document.
  var pointer: String

  func member(_ name: String) -> APINode? {
    guard case .object(let members) = value, let member = members[name] else { return nil }
    return APINode(value: member, pointer: JSONPointer.appending(name, to: pointer))
  }

  /// Members in the order of their names.
  var members: [(name: String, node: APINode)] {
    guard case .object(let members) = value else { return [] }
    return members.keys.sorted().compactMap { name in member(name).map { (name, $0) } }
  }

  var elements: [APINode] {
    guard case .array(let elements) = value else { return [] }
    return elements.enumerated().map {
      APINode(value: $1, pointer: JSONPointer.appending($0, to: pointer))
    }
  }

  func text(_ name: String) -> String? {
    if case .string(let text)? = member(name)?.value { text } else { nil }
  }

  func flag(_ name: String) -> Bool? {
    if case .bool(let flag)? = member(name)?.value { flag } else { nil }
  }

  func number(_ name: String) -> JSONNumber? {
    if case .number(let number)? = member(name)?.value { number } else { nil }
  }

  func count(_ name: String) -> Int? { number(name)?.whole(roundingUp: false) }

  /// The last part of the place, such as the name of a schema.
  var lastName: String {
    JSONPointer.unescaped(pointer.split(separator: "/").last ?? "")
  }
}

/// A description of an HTTP API: OpenAPI 3.0 or 3.1, whose references lead to nothing but itself.
package struct APIDocument: Sendable {
  /// Most references that follow each other.
  private static let hops = 100
  /// Deepest place that is looked at.
  private static let depth = 400
  /// What holds examples and other data, in which `$ref` is no reference.
  private static let data: Set<String> = ["example", "examples", "default", "enum", "const"]

  let root: APINode
  /// In 3.0, what stands beside a reference means nothing.
  let ignoresSiblings: Bool

  package init(_ json: JSONValue) throws(APIProblem) {
    root = APINode(value: json, pointer: "")
    guard case .object(let members) = json else {
      throw APIProblem(pointer: "", message: "expected an object, found \(json.typeName)")
    }
    if members["swagger"] != nil {
      throw APIProblem(
        pointer: "/swagger", message: "Swagger 2.0 is not read; convert it to OpenAPI 3 first")
    }
    guard let version = root.text("openapi") else {
      throw APIProblem(
        pointer: "/openapi", message: "missing; expected a version of OpenAPI, such as \"3.1.0\"")
    }
    guard version.hasPrefix("3.") else {
      throw APIProblem(
        pointer: "/openapi", message: "expected a version from 3.0 on, found \"\(version)\"")
    }
    ignoresSiblings = version.hasPrefix("3.0")
    guard case .object? = members["paths"] else {
      throw APIProblem(pointer: "/paths", message: "missing; nothing is described")
    }
    try check(root, depth: 0, isData: false)
  }

  /// Every reference has to lead to something.
  private func check(_ node: APINode, depth: Int, isData: Bool) throws(APIProblem) {
    guard depth <= Self.depth else {
      throw APIProblem(pointer: node.pointer, message: "nested deeper than \(Self.depth) levels")
    }
    if isData { return }
    if let reference = node.member("$ref"), case .string(let text) = reference.value {
      guard text.hasPrefix("#") else {
        throw APIProblem(
          pointer: reference.pointer,
          message: "refers to another document, \(text); bundle both into one first")
      }
      guard target(of: text) != nil else {
        throw APIProblem(pointer: reference.pointer, message: "refers to nothing: \(text)")
      }
    }
    // Names of members of objects are none of these keywords.
    let isNames = ["properties", "patternProperties", "$defs", "schemas"].contains(node.lastName)
    for (name, member) in node.members {
      try check(member, depth: depth + 1, isData: !isNames && Self.data.contains(name))
    }
    for element in node.elements { try check(element, depth: depth + 1, isData: false) }
  }

  /// What a reference names.
  func target(of reference: String) -> APINode? {
    var node = root
    for token in reference.dropFirst().split(separator: "/") {
      let name = JSONPointer.unescaped(Self.decoded(token)[...])
      if let member = node.member(name) {
        node = member
      } else if let index = Int(name), node.elements.indices.contains(index) {
        node = node.elements[index]
      } else {
        return nil
      }
    }
    return node
  }

  private static func decoded(_ token: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = token.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"),
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The value itself, or what it refers to; references that go round lead to where they began.
  func resolved(_ node: APINode) -> APINode {
    var node = node
    for _ in 0..<Self.hops {
      guard let next = node.text("$ref").flatMap({ target(of: $0) }) else { return node }
      node = next
    }
    return node
  }
}
