// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// The keywords of JSON Schema 2020-12 that the schemas in `fixtures/schemas` use. A keyword that
/// it does not know is an error and not a pass.
package struct JSONSchema {
  package struct UnknownKeyword: Error, CustomStringConvertible {
    package let description: String
  }

  private let root: [String: Any]

  private static let known: Set<String> = [
    "$schema", "$id", "$defs", "$ref", "title", "description", "type", "properties", "required",
    "additionalProperties", "items", "minItems", "maxItems", "enum", "const", "minimum", "maximum",
    "pattern", "uniqueItems",
  ]

  package init(contentsOf file: URL) throws {
    let value = try JSONSerialization.jsonObject(with: try Data(contentsOf: file))
    guard let root = value as? [String: Any] else {
      throw UnknownKeyword(description: "\(file.path) holds no object")
    }
    self.root = root
  }

  /// What is wrong with a document, each with its path; empty for a valid one.
  package func problems(in document: String) throws -> [String] {
    let value = try JSONSerialization.jsonObject(
      with: Data(document.utf8), options: [.fragmentsAllowed])
    var problems: [String] = []
    try check(value, root, "$", &problems)
    return problems
  }

  private func check(
    _ value: Any, _ schema: [String: Any], _ path: String, _ problems: inout [String]
  ) throws {
    if let odd = schema.keys.first(where: { !Self.known.contains($0) }) {
      throw UnknownKeyword(description: "schema keyword \(odd) is not known")
    }
    if let reference = schema["$ref"] as? String {
      try check(value, try resolve(reference), path, &problems)
    }
    checkValue(value, schema, path, &problems)
    if let object = value as? [String: Any] { try checkObject(object, schema, path, &problems) }
    if let list = value as? [Any] { try checkList(list, schema, path, &problems) }
  }

  private func resolve(_ reference: String) throws -> [String: Any] {
    let name = reference.split(separator: "/").last.map(String.init) ?? ""
    guard reference.hasPrefix("#/$defs/"),
      let found = (root["$defs"] as? [String: Any])?[name] as? [String: Any]
    else { throw UnknownKeyword(description: "\(reference) is not defined") }
    return found
  }

  private func checkValue(
    _ value: Any, _ schema: [String: Any], _ path: String, _ problems: inout [String]
  ) {
    let types = (schema["type"] as? [String]) ?? (schema["type"] as? String).map { [$0] } ?? []
    if !types.isEmpty, !types.contains(where: { Self.isOf($0, value) }) {
      problems.append("\(path) is no \(types.joined(separator: " or "))")
    }
    if let allowed = schema["enum"] as? [String], !allowed.contains(value as? String ?? "") {
      problems.append("\(path) is \(value), not one of \(allowed)")
    }
    if let constant = schema["const"] as? String, constant != value as? String {
      problems.append("\(path) is \(value), not \(constant)")
    }
    if let text = value as? String, let pattern = schema["pattern"] as? String,
      text.range(of: pattern, options: .regularExpression) == nil
    {
      problems.append("\(path) does not match \(pattern)")
    }
    guard let number = (value as? NSNumber)?.doubleValue, !Self.isOf("boolean", value) else {
      return
    }
    if let least = (schema["minimum"] as? NSNumber)?.doubleValue, number < least {
      problems.append("\(path) is \(number), below \(least)")
    }
    if let most = (schema["maximum"] as? NSNumber)?.doubleValue, number > most {
      problems.append("\(path) is \(number), above \(most)")
    }
  }

  private static func isOf(_ type: String, _ value: Any) -> Bool {
    // JSON's true and 1 are different things, but both are NSNumber.
    let isBoolean = (value as? NSNumber).map { String(cString: $0.objCType) == "c" }
    return switch type {
    case "object": value is [String: Any]
    case "array": value is [Any]
    case "null": value is NSNull
    case "boolean": isBoolean ?? false
    case "string": value is String
    case "number": value is NSNumber && isBoolean != true
    case "integer":
      (value as? NSNumber).map { $0.doubleValue == $0.doubleValue.rounded() } ?? false
        && isBoolean != true
    default: false
    }
  }

  private func checkObject(
    _ object: [String: Any], _ schema: [String: Any], _ path: String, _ problems: inout [String]
  ) throws {
    for name in schema["required"] as? [String] ?? [] where object[name] == nil {
      problems.append("\(path).\(name) is missing")
    }
    let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
    for (name, value) in object {
      if let property = properties[name] {
        try check(value, property, "\(path).\(name)", &problems)
      } else if let others = schema["additionalProperties"] as? [String: Any] {
        try check(value, others, "\(path).\(name)", &problems)
      } else if schema["additionalProperties"] as? Bool == false {
        problems.append("\(path).\(name) is not expected")
      }
    }
  }

  private func checkList(
    _ list: [Any], _ schema: [String: Any], _ path: String, _ problems: inout [String]
  ) throws {
    if let least = schema["minItems"] as? Int, list.count < least {
      problems.append("\(path) has \(list.count) items, fewer than \(least)")
    }
    if let most = schema["maxItems"] as? Int, list.count > most {
      problems.append("\(path) has \(list.count) items, more than \(most)")
    }
    if schema["uniqueItems"] as? Bool == true, let texts = list as? [String],
      Set(texts).count < texts.count
    {
      problems.append("\(path) repeats an item")
    }
    guard let items = schema["items"] as? [String: Any] else { return }
    for (index, item) in list.enumerated() {
      try check(item, items, "\(path)[\(index)]", &problems)
    }
  }
}

extension JSONSchema {
  /// A schema of `fixtures/schemas`.
  package static func fixture(_ name: String) throws -> JSONSchema {
    try JSONSchema(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../fixtures/schemas/\(name)").standardized)
  }
}
