// SPDX-License-Identifier: Apache-2.0

package import JSONDocuments

/// JSON's types. Integers are numbers that a schema may demand.
enum JSONType: String, Sendable, CaseIterable {
  case null, boolean, number, string, array, object

  init(_ value: JSONValue) {
    switch value {
    case .null: self = .null
    case .bool: self = .boolean
    case .number: self = .number
    case .string: self = .string
    case .array: self = .array
    case .object: self = .object
    }
  }
}

/// One end of a range of numbers.
struct NumberBound: Sendable, Hashable {
  var value: JSONNumber
  /// Whether the value itself is outside.
  var isOpen: Bool
}

/// How many characters, items or members there may be.
struct CountRange: Sendable, Hashable {
  var least = 0
  var most: Int?

  func contains(_ count: Int) -> Bool { count >= least && count <= most ?? .max }

  var isEmpty: Bool { least > most ?? .max }

  /// Whether every count of `self` is one of `other`.
  func isWithin(_ other: CountRange) -> Bool {
    least >= other.least && (other.most.map { (most ?? .max) <= $0 } ?? true)
  }

  func limited(by other: CountRange) -> CountRange {
    CountRange(
      least: max(least, other.least),
      most: [most, other.most].compactMap(\.self).min())
  }

  var text: String {
    most.map { least == $0 ? "\(least)" : "\(least) to \($0)" } ?? "at least \(least)"
  }
}

/// One schema, as the keywords that are supported say it.
struct SchemaNode: Sendable {
  /// Where it stands in its document.
  var pointer: String
  /// The schema `false`.
  var isNever = false
  var types = Set(JSONType.allCases)
  /// `integer` is among the types, `number` is not.
  var integersOnly = false
  var values: [JSONValue]?
  var constant: JSONValue?
  var minimum: NumberBound?
  var maximum: NumberBound?
  var multiple: JSONNumber?
  var length = CountRange()
  var pattern: TextPattern?
  /// None or one.
  var items: [SchemaNode] = []
  var itemCount = CountRange()
  var isUnique = false
  var properties: [ExactText: SchemaNode] = [:]
  var required: Set<ExactText> = []
  /// None or one.
  var additional: [SchemaNode] = []
  var memberCount = CountRange()
  /// Name of a definition; empty for the whole document.
  var reference: String?
  var allOf: [SchemaNode] = []
  var anyOf: [SchemaNode] = []
  var oneOf: [SchemaNode] = []

  init(pointer: String) { self.pointer = pointer }

  /// What concerns the same value.
  var applied: [SchemaNode] { allOf + anyOf + oneOf }

  /// `enum` and `const` together; nil where neither is there.
  var finite: [JSONValue]? {
    guard let constant else { return values }
    guard let values else { return [constant] }
    return values.filter { $0.isSame(constant) }
  }
}

/// Why a document is no schema that can be used, and where.
package struct SchemaProblem: Error, Sendable, Equatable, CustomStringConvertible {
  /// JSON Pointer into the schema.
  package var pointer: String
  /// What is wrong and what to do.
  package var message: String

  package var description: String { "\(JSONPointer.shown(pointer)): \(message)" }
}

/// A JSON Schema of draft 2020-12 that can be checked and compared.
package struct SchemaDocument: Sendable {
  /// What texts call it, such as `version 2`.
  package let label: String
  /// As it was read.
  package let json: JSONValue
  let root: SchemaNode
  let definitions: [String: SchemaNode]

  /// Whole document, as the schema of a value.
  var whole: LocatedSchema { LocatedSchema(node: root, document: self) }

  func node(_ reference: String) -> SchemaNode {
    // Readers refuse references to nothing.
    reference.isEmpty ? root : definitions[reference] ?? root
  }
}

/// A schema and the document whose definitions it refers to.
struct LocatedSchema: Sendable {
  var node: SchemaNode
  var document: SchemaDocument

  var key: String { document.label + "#" + node.pointer }

  func located(_ node: SchemaNode) -> LocatedSchema {
    LocatedSchema(node: node, document: document)
  }

  var referenced: LocatedSchema? { node.reference.map { located(document.node($0)) } }
}
