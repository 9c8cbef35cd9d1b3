// SPDX-License-Identifier: Apache-2.0

package import JSONDocuments
internal import ShadowComparison

/// Why a file is no example that can be used.
package struct ExampleProblem: Error, Sendable, Equatable, CustomStringConvertible {
  /// What was expected and what was found, with a JSON Pointer to it.
  package let description: String

  init(_ pointer: String, _ message: String) {
    description = "\(JSONPointer.shown(pointer)): \(message)"
  }
}

extension ContractExample {
  /// Names the format of a file.
  package static let schema = "strangler.http-contract/1"

  /// The example as a file holds it; people may change it.
  package var json: JSONValue {
    var members: [String: JSONValue] = [
      "schema": .string(Self.schema), "endpoint": .string(endpoint),
      "request": .object(
        Self.members(of: request.body, headers: request.headers).merging([
          "method": .string(request.method), "target": .string(request.target),
        ]) { $1 }),
      "answer": .object(
        Self.members(of: answer.body, headers: answer.headers).merging([
          "status": .integer(answer.status)
        ]) { $1 }),
    ]
    let rules = MatchingRules.members.compactMap { name, path -> (String, JSONValue)? in
      let patterns = self.rules[keyPath: path]
      return patterns.isEmpty ? nil : (name, .array(patterns.map { .string($0.text) }))
    }
    if !rules.isEmpty { members["match"] = .object(Dictionary(uniqueKeysWithValues: rules)) }
    if !redacted.isEmpty { members["redacted"] = .array(redacted.map { .string($0) }) }
    return .object(members)
  }

  private static func members(
    of body: Body, headers: [ComparedResponse.Header]
  ) -> [String: JSONValue] {
    var members: [String: JSONValue] = [:]
    switch body {
    case .none: break
    case .json(let value): members["json"] = value
    case .text(let text): members["text"] = .string(text)
    case .other: members["other"] = .bool(true)
    }
    if !headers.isEmpty {
      members["headers"] = .object(
        headers.reduce(into: [:]) { all, header in
          let name = header.name.lowercased()
          guard case .string(let former)? = all[name] else {
            return all[name] = .string(header.value)
          }
          all[name] = .string(former + ", " + header.value)
        })
    }
    return members
  }

  /// Reads a file's document. A member that is not known is refused: it may be a rule that was
  /// misspelt.
  package init(_ document: JSONValue) throws(ExampleProblem) {
    let reader = try ExampleReader(
      document, "", ["schema", "endpoint", "request", "answer", "match", "redacted"])
    guard try reader.text("schema") == Self.schema else {
      throw ExampleProblem("/schema", "expected \"\(Self.schema)\"")
    }
    let request = try reader.object("request", ["method", "target", "headers", "json", "text"])
    let answer = try reader.object("answer", ["status", "headers", "json", "text", "other"])
    let target = try request.text("target")
    guard target.hasPrefix("/") else {
      throw ExampleProblem("/request/target", "expected a path such as /orders/42?full=1")
    }
    self.init(
      request: Request(
        method: try request.text("method"), target: target, headers: try request.headers(),
        body: try request.body()),
      answer: Answer(
        status: try answer.status(), headers: try answer.headers(), body: try answer.body()))
    if reader.members["match"] != nil {
      let match = try reader.object("match", MatchingRules.members.map(\.name))
      for (name, path) in MatchingRules.members {
        rules[keyPath: path] = try match.texts(name).map { PathPattern($0) }
      }
    }
    redacted = try reader.texts("redacted")
  }
}

extension MatchingRules {
  /// As a file names them.
  static var members: [(name: String, path: any WritableKeyPath<Self, [PathPattern]> & Sendable)] {
    [
      ("pin", \.values), ("ignore", \.ignored), ("optional", \.optional), ("loose", \.loose),
    ]
  }
}

/// An object of the document with its place.
private struct ExampleReader {
  let members: [String: JSONValue]
  let pointer: String

  init(_ value: JSONValue, _ pointer: String, _ known: [String]) throws(ExampleProblem) {
    guard case .object(let members) = value else {
      throw ExampleProblem(pointer, "expected an object, found \(value.typeName)")
    }
    if let odd = members.keys.sorted().first(where: { !known.contains($0) }) {
      throw ExampleProblem(
        JSONPointer.appending(odd, to: pointer),
        "not known here; there are \(known.joined(separator: ", "))")
    }
    self.members = members
    self.pointer = pointer
  }

  private func place(_ name: String) -> String { JSONPointer.appending(name, to: pointer) }

  func object(_ name: String, _ known: [String]) throws(ExampleProblem) -> ExampleReader {
    guard let value = members[name] else { throw ExampleProblem(place(name), "missing") }
    return try ExampleReader(value, place(name), known)
  }

  func text(_ name: String) throws(ExampleProblem) -> String {
    guard case .string(let text)? = members[name], !text.isEmpty else {
      throw ExampleProblem(place(name), "expected a text")
    }
    return text
  }

  func texts(_ name: String) throws(ExampleProblem) -> [String] {
    guard let value = members[name] else { return [] }
    guard case .array(let elements) = value else {
      throw ExampleProblem(place(name), "expected a list of texts")
    }
    var texts: [String] = []
    for (index, element) in elements.enumerated() {
      guard case .string(let text) = element else {
        throw ExampleProblem(JSONPointer.appending(index, to: place(name)), "expected a text")
      }
      texts.append(text)
    }
    return texts
  }

  func status() throws(ExampleProblem) -> Int {
    guard case .number(let number)? = members["status"], number.isInteger,
      let status = number.whole(roundingUp: false), (200...599).contains(status)
    else { throw ExampleProblem(place("status"), "expected a status from 200 to 599") }
    return status
  }

  func headers() throws(ExampleProblem) -> [ComparedResponse.Header] {
    guard let value = members["headers"] else { return [] }
    guard case .object(let fields) = value else {
      throw ExampleProblem(place("headers"), "expected an object of texts")
    }
    var headers: [ComparedResponse.Header] = []
    for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
      guard case .string(let text) = value else {
        throw ExampleProblem(JSONPointer.appending(name, to: place("headers")), "expected a text")
      }
      headers.append(.init(name: name, value: text))
    }
    return headers
  }

  func body() throws(ExampleProblem) -> ContractExample.Body {
    let forms = ["json", "text", "other"].filter { members[$0] != nil }
    guard forms.count <= 1 else {
      throw ExampleProblem(pointer, "expected one of \(forms.joined(separator: ", "))")
    }
    switch forms.first {
    case "json": return .json(members["json"] ?? .null)
    case "text": return .text(try text("text"))
    case "other": return .other
    default: return .none
    }
  }
}
