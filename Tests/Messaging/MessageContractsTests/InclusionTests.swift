// SPDX-License-Identifier: Apache-2.0

import JSONDocuments
import Testing

@testable import MessageContracts

@Suite(.timeLimit(.minutes(1)))
struct InclusionTests {
  private static let tree = """
    {"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "properties": {
      "value": VALUE, "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}}}}
    """

  static let within: [(writer: String, reader: String)] = [
    (#"{"type": "integer"}"#, #"{"type": "number"}"#),
    (#"{"enum": [1, 2]}"#, #"{"type": "integer", "minimum": 1}"#),
    (#"{"type": "integer", "minimum": 1, "maximum": 3}"#, #"{"enum": [1, 2, 3, 4]}"#),
    (#"{"type": "integer", "exclusiveMinimum": 0}"#, #"{"minimum": 1}"#),
    (#"{"type": "integer", "minimum": 0.5}"#, #"{"minimum": 1}"#),
    (#"{"type": "number", "multipleOf": 6}"#, #"{"multipleOf": 3}"#),
    (
      #"{"type": "integer", "allOf": [{"multipleOf": 2}, {"multipleOf": 3}]}"#,
      #"{"multipleOf": 6}"#
    ),
    (#"{"type": "string", "pattern": "^[A-Z]{3}$"}"#, #"{"minLength": 3, "maxLength": 3}"#),
    (#"{"type": "string", "pattern": "^[A-Z]{3}$"}"#, #"{"pattern": "^\\w+$"}"#),
    (
      #"{"type": "array", "items": {"type": "integer"}, "minItems": 2}"#,
      #"{"items": {"type": "number"}, "minItems": 1}"#
    ),
    (#"{"type": "boolean"}"#, #"{"enum": [true, false]}"#),
    (#"{"type": ["string", "null"]}"#, #"{"anyOf": [{"type": "null"}, {"type": "string"}]}"#),
    (#"{"type": "number"}"#, #"{"anyOf": [{"minimum": 0}, {"exclusiveMaximum": 0}]}"#),
    (#"{"type": "number"}"#, #"{"oneOf": [{"minimum": 0}, {"exclusiveMaximum": 0}]}"#),
    // Optional members may come and go.
    (
      #"{"type": "object", "properties": {"a": {}}}"#,
      #"{"type": "object", "properties": {"a": {}, "b": {"type": "string"}}}"#
    ),
    (
      #"{"type": "object", "properties": {"a": {}, "b": {"type": "string"}}}"#,
      #"{"type": "object", "properties": {"a": {}}}"#
    ),
    (
      #"{"type": "object", "properties": {"a": {}}, "required": ["a"]}"#,
      #"{"properties": {"a": {}}}"#
    ),
    // A new alternative.
    (
      #"{"type": "object", "oneOf": [{"properties": {"k": {"const": "a"}}, "required": ["k"]}]}"#,
      #"{"oneOf": [{"properties": {"k": {"const": "a"}}, "required": ["k"]}, {"properties": {"k": {"const": "b"}}, "required": ["k"]}]}"#
    ),
    // One that was already unclear stays as it is.
    (
      #"{"type": "object", "properties": {"a": {"type": "integer"}}, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}"#,
      #"{"properties": {"a": {"type": "number"}}, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}"#
    ),
    (
      #"{"type": "object", "properties": {"k": {"enum": ["a", "b"]}}, "required": ["k"]}"#,
      #"{"anyOf": [{"properties": {"k": {"const": "a"}}}, {"properties": {"k": {"const": "b"}}}]}"#
    ),
    (
      #"{"type": "object", "properties": {"a": {}, "b": {}}, "minProperties": 2}"#,
      #"{"required": ["a", "b"]}"#
    ),
    (
      tree.replacing("VALUE", with: #"{"type": "integer"}"#),
      tree.replacing("VALUE", with: #"{"type": "number"}"#)
    ),
    ("false", #"{"type": "string"}"#),
    (#"{"type": "array", "items": false}"#, #"{"maxItems": 0}"#),
  ]

  @Test(arguments: within)
  func `sees that nothing breaks`(writer: String, reader: String) throws {
    let gaps = try SchemaText.gaps(writer, reader)
    #expect(gaps.map(\.reason) == [])
  }

  static let broken: [(writer: String, reader: String, schema: String, payload: String)] = [
    (#"{"type": "number"}"#, #"{"type": "integer"}"#, "/type", ""),
    (#"{"type": ["string", "null"]}"#, #"{"type": "string"}"#, "/type", ""),
    (#"{"type": "integer", "minimum": 0}"#, #"{"minimum": 1}"#, "/minimum", ""),
    (#"{"type": "string"}"#, #"{"enum": ["a"]}"#, "/enum", ""),
    (#"{"enum": ["a", "b"]}"#, #"{"enum": ["a"]}"#, "", ""),
    (#"{"type": "string", "pattern": "^a"}"#, #"{"pattern": "^ab"}"#, "/pattern", ""),
    (#"{"type": "string", "maxLength": 5000}"#, #"{"maxLength": 10}"#, "/maxLength", ""),
    (
      #"{"type": "array", "items": {"type": "number"}, "minItems": 3}"#,
      #"{"items": {"type": "integer"}}"#, "/items/type", "/*"
    ),
    (#"{"type": "array"}"#, #"{"uniqueItems": true}"#, "/uniqueItems", ""),
    (#"{"type": "object", "properties": {"a": {}}}"#, #"{"required": ["a"]}"#, "/required", "/a"),
    (
      #"{"type": "object", "properties": {"a": {"type": "string"}}}"#,
      #"{"properties": {"a": {"type": "null"}}}"#, "/properties/a/type", "/a"
    ),
    (
      #"{"type": "object", "properties": {"a": {}, "b": {}}}"#,
      #"{"properties": {"a": {}}, "additionalProperties": false}"#, "/additionalProperties", "/b"
    ),
    (
      #"{"type": "object"}"#, #"{"properties": {"a": {"type": "null"}}}"#, "/properties/a/type",
      "/a"
    ),
    (
      #"{"type": "object"}"#, #"{"additionalProperties": {"type": "string"}}"#,
      "/additionalProperties/type", "/*"
    ),
    (
      #"{"type": "number"}"#, #"{"anyOf": [{"minimum": 1}, {"exclusiveMaximum": 0}]}"#, "/anyOf", ""
    ),
    (#"{"type": "number"}"#, #"{"oneOf": [{"minimum": 0}, {"maximum": 0}]}"#, "/oneOf", ""),
    (
      tree.replacing("VALUE", with: #"{"type": "number"}"#),
      tree.replacing("VALUE", with: #"{"type": "integer"}"#), "/$defs/tree/properties/value/type",
      "/value"
    ),
  ]

  @Test(arguments: broken)
  func `shows what breaks and where`(
    writer: String, reader: String, schema: String, payload: String
  ) throws {
    let gap = try #require(try SchemaText.gaps(writer, reader).first)
    #expect(gap.schema == schema)
    #expect(gap.payload == payload)
    let counterexample = try #require(gap.counterexample, "\(gap.reason)")
    #expect(try WritingRules(SchemaText.document(writer)).allow(counterexample))
    #expect(try !SchemaText.document(reader).whole.accepts(counterexample))
  }

  @Test func `finds the shortest payload that breaks`() throws {
    let gaps = try SchemaText.gaps(
      """
      {"type": "object", "required": ["order"], "properties": {"order": {"type": "object",
        "required": ["lines", "note"], "properties": {"note": {"type": "string", "minLength": 2},
          "lines": {"type": "array", "minItems": 2, "items": {"type": "object",
            "properties": {"price": {"type": "number"}}}}}}}}
      """,
      """
      {"properties": {"order": {"properties": {"lines": {"items":
        {"properties": {"price": {"type": "integer"}}}}}}}}
      """)
    #expect(gaps.map(\.payload) == ["/order/lines/*/price"])
    #expect(
      gaps.first?.counterexample?.compactJSON
        == #"{"order":{"lines":[{"price":0.3},{}],"note":"aa"}}"#)
  }

  @Test func `too many alternatives cannot be told`() throws {
    let many = (0..<200).map { #"{"minimum": \#($0)}"# }.joined(separator: ",")
    let gaps = try SchemaText.gaps(#"{"anyOf": [\#(many)]}"#, #"{"maximum": 500}"#)
    #expect(gaps.first?.reason == "there are too many alternatives to compare them all")
  }

  @Test func `what takes too long cannot be told`() throws {
    let schema = #"{"type": "object", "properties": {"a": {"properties": {"b": {"type": KIND}}}}}"#
    let writer = try SchemaText.document(schema.replacing("KIND", with: #""integer""#), "writer")
    let reader = try SchemaText.document(schema.replacing("KIND", with: #""number""#), "reader")
    #expect(SchemaInclusion.gaps(writer: writer, reader: reader).isEmpty)
    let gaps = SchemaInclusion.gaps(writer: writer, reader: reader, stepLimit: 2)
    #expect(gaps.map(\.reason) == ["the schemas are too large to compare, after 2 steps"])
  }

  @Test func `many members that come and go are no burden`() throws {
    let members = (0..<40).map { #""m\#($0)": {"type": "integer"}"# }.joined(separator: ",")
    let pairs = (0..<39).map { #"{"required": ["m\#($0)", "m\#($0 + 1)"]}"# }
      .joined(separator: ",")
    let gaps = try SchemaText.gaps(
      #"{"type": "object", "properties": {\#(members)}}"#, #"{"anyOf": [\#(pairs)]}"#)
    #expect(gaps.map { $0.counterexample?.compactJSON } == ["{}"])
  }
}
