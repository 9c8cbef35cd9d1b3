// SPDX-License-Identifier: Apache-2.0

import JSONDocuments
import Testing

@testable import MessageContracts

@Suite(.timeLimit(.minutes(1)))
struct PayloadTests {
  private func breaches(_ schema: String, _ payload: String) throws -> [String] {
    try WritingRules(SchemaText.document(schema)).breaches(SchemaText.json(payload))
      .map(\.description)
  }

  static let payloads: [(schema: String, payload: String, breach: String?)] = [
    (#"{"type": "integer"}"#, "1.0", nil),
    (#"{"type": "integer"}"#, "1.5", "/: expected an integer, got 1.5"),
    (#"{"type": ["string", "null"]}"#, "5", "/: expected null or string, got 5"),
    (#"{"minimum": 0}"#, "-5", "/: expected at least 0, got -5"),
    (#"{"exclusiveMaximum": 5}"#, "5", "/: expected less than 5, got 5"),
    (#"{"multipleOf": 0.01}"#, "12.34", nil),
    (#"{"multipleOf": 0.01}"#, "12.345", "/: expected a multiple of 0.01, got 12.345"),
    (
      #"{"minimum": 9007199254740993}"#, "9007199254740992",
      "/: expected at least 9007199254740993, got 9007199254740992"
    ),
    (#"{"maxLength": 1}"#, #""👩‍👩‍👧""#, #"/: expected 0 to 1 characters, got "👩‍👩‍👧""#),
    (#"{"pattern": "^a"}"#, #""ba""#, #"/: expected a match of ^a, got "ba""#),
    (#"{"const": {"a": [1]}}"#, #"{"a": [1.0]}"#, nil),
    (#"{"enum": [1, "a"]}"#, "2", #"/: expected one of [1,"a"], got 2"#),
    (#"{"const": "é"}"#, #""e\u0301""#, "/: expected \"é\", got \"e\u{301}\""),
    (#"{"items": {"type": "string"}}"#, #"["a", 1]"#, "/1: expected string, got 1"),
    (#"{"minItems": 2}"#, "[1]", "/: expected at least 2 items, got [1]"),
    (#"{"uniqueItems": true}"#, "[1, 1.0]", "/: expected items that differ, got [1,1.0]"),
    (#"{"required": ["a"]}"#, "{}", "/a: expected a value, got no such member"),
    (#"{"maxProperties": 0}"#, #"{"a": 1}"#, #"/: expected 0 members, got {"a":1}"#),
    (#"{"additionalProperties": false}"#, #"{"a": 1}"#, "/a: expected nothing here, got 1"),
    (#"{"additionalProperties": {"type": "null"}}"#, #"{"a/b": 1}"#, "/a~1b: expected null, got 1"),
    (
      #"{"anyOf": [{"type": "null"}, {"minimum": 5}]}"#, "1",
      "/: expected one of 2 alternatives (anyOf), got 1"
    ),
    (
      #"{"oneOf": [{"minimum": 1}, {"maximum": 5}]}"#, "3",
      "/: expected exactly one of 2 alternatives (oneOf), 2 allow it, got 3"
    ),
    ("false", "1", "/: expected nothing here, got 1"),
  ]

  @Test(arguments: payloads)
  func `says what is expected and where`(schema: String, payload: String, breach: String?) throws {
    #expect(try breaches(schema, payload) == (breach.map { [$0] } ?? []))
  }

  static let named: [(schema: String, payload: String, places: [String])] = [
    (#"{"properties": {"a": {}}}"#, #"{"a": 1, "b": 2}"#, ["/b"]),
    (#"{"properties": {"a": {}}, "additionalProperties": true}"#, #"{"a": 1, "b": 2}"#, []),
    (#"{"type": "object"}"#, #"{"a": 1}"#, []),
    (#"{"properties": {"a": {}}, "required": ["b"]}"#, #"{"b": 2}"#, []),
    (
      #"{"items": {"properties": {"a": {"properties": {"b": {}}}}}}"#,
      #"[{"a": {"b": 1, "c": 1}}]"#, ["/0/a/c"]
    ),
    (
      #"{"allOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}"#,
      #"{"a": 1, "b": 2, "c": 3}"#, ["/c"]
    ),
    (
      #"{"oneOf": [{"properties": {"k": {"const": 1}, "a": {}}}, {"properties": {"k": {"const": 2}, "b": {}}}]}"#,
      #"{"k": 1, "b": 2}"#, ["/b"]
    ),
  ]

  @Test(arguments: named)
  func `writers write what is named`(schema: String, payload: String, places: [String]) throws {
    let found = try WritingRules(SchemaText.document(schema)).breaches(SchemaText.json(payload))
    #expect(found.map(\.pointer) == places)
    #expect(try SchemaText.document(schema).whole.accepts(SchemaText.json(payload)))
  }

  @Test func `lists every difference`() throws {
    let found = try breaches(
      #"{"properties": {"a": {"type": "string"}, "b": {"minimum": 1}}, "required": ["c"]}"#,
      #"{"a": 1, "b": 0}"#)
    #expect(found.count == 3)
  }

  @Test func `numbers are whole, above and below`() throws {
    for (text, up, down) in [
      ("0.5", 1, 0), ("-0.5", 0, -1), ("2", 2, 2), ("1e3", 1_000, 1_000), ("-2.01", -2, -3),
      ("0.001", 1, 0), ("12.0", 12, 12),
    ] {
      let number = try #require(JSONNumber(valid: text))
      #expect(number.whole(roundingUp: true) == up, "\(text)")
      #expect(number.whole(roundingUp: false) == down, "\(text)")
    }
    #expect(JSONNumber(valid: "1e18")?.whole(roundingUp: true) == nil)
  }
}
