// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import MessageContracts

@Suite(.timeLimit(.minutes(1)))
struct SchemaReaderTests {
  static let unusable: [(text: String, problem: String)] = [
    (#"{"not": {}}"#, "/not: the keyword not is not supported"),
    (#"{"properties": {"a/b": {"if": true}}}"#, "/properties/a~1b/if: the keyword if"),
    (#"{"type": "int"}"#, "/type: expected one or more of null, boolean"),
    (#"{"type": ["string", 5]}"#, "/type: expected one or more of"),
    (#"{"type": []}"#, "/type: expected one or more of"),
    (#"{"minLength": -1}"#, "/minLength: expected a whole number from 0"),
    (#"{"minLength": 1.5}"#, "/minLength: expected a whole number from 0"),
    (#"{"multipleOf": 0}"#, "/multipleOf: expected a number above 0"),
    (#"{"pattern": "(?=a)"}"#, "/pattern: the pattern has"),
    (#"{"$ref": "other.json"}"#, "is not supported; refer to #/$defs/NAME"),
    (##"{"$ref": "#/$defs/a"}"##, "/$ref: there is no definition a under $defs"),
    (##"{"$ref": "#"}"##, "refers to itself"),
    (##"{"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}, {}]}}}"##, "refers to itself"),
    (#"{"$schema": "http://json-schema.org/draft-07/schema#"}"#, "/$schema: expected"),
    (#"{"enum": []}"#, "/enum: expected a list of at least one value"),
    (#"{"anyOf": [5]}"#, "/anyOf/0: expected a schema, an object or true or false, found number"),
    (#"{"items": [{}]}"#, "/items: expected a schema"),
    (#"{"required": ["a", 1]}"#, "/required: expected names only"),
    ("[]", "/: expected a schema"),
  ]

  @Test(arguments: unusable)
  func `what it does not know or cannot read is a problem`(text: String, problem: String) throws {
    let problems = try SchemaText.problems(text)
    #expect(problems.contains { $0.contains(problem) }, "\(problems)")
  }

  @Test func `tells all problems at once`() throws {
    let problems = try SchemaText.problems(#"{"minimum": "a", "not": {}, "type": "text"}"#)
    #expect(problems.count == 3)
  }

  @Test func `remarks say nothing`() throws {
    let document = try SchemaText.document(
      #"{"title": "a", "description": "b", "examples": [1], "format": "date", "x-team": {}}"#)
    #expect(document.root.isAnything)
  }

  @Test func `a definition may come back to itself through a member`() throws {
    let tree = try SchemaText.document(
      """
      {"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "required": ["value"],
        "properties": {"value": {"type": "integer"},
          "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}}}}
      """)
    #expect(tree.whole.accepts(try SchemaText.json(#"{"value": 1, "children": [{"value": 2}]}"#)))
    #expect(!tree.whole.accepts(try SchemaText.json(#"{"value": 1, "children": [{}]}"#)))
  }
}
