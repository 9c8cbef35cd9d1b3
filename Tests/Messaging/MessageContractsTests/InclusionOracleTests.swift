// SPDX-License-Identifier: Apache-2.0

import JSONDocuments
import Testing

@testable import MessageContracts

/// What comparisons of schemas say, held to what documents show.
@Suite(.timeLimit(.minutes(5)))
struct InclusionOracleTests {
  // MARK: - All pairs of a small family

  private static let scalars = [
    "true", "false", #"{"type": "null"}"#, #"{"type": "boolean"}"#, #"{"type": "integer"}"#,
    #"{"type": "number"}"#, #"{"type": ["integer", "null"]}"#, #"{"const": 1}"#,
    #"{"enum": [1, 2]}"#, #"{"enum": ["a", null]}"#, #"{"type": "integer", "minimum": 0}"#,
    #"{"type": "integer", "minimum": 1, "maximum": 2}"#,
    #"{"type": "number", "exclusiveMinimum": 0}"#,
    #"{"type": "number", "minimum": 0, "maximum": 1}"#,
    #"{"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 2}"#,
    #"{"type": "integer", "multipleOf": 2}"#, #"{"type": "integer", "multipleOf": 4}"#,
    #"{"multipleOf": 0.5}"#, #"{"type": "string"}"#, #"{"type": "string", "minLength": 1}"#,
    #"{"type": "string", "maxLength": 1}"#, #"{"type": "string", "maxLength": 0}"#,
    #"{"type": "string", "pattern": "^a"}"#, #"{"type": "string", "pattern": "^[ab]{1,2}$"}"#,
  ]

  private static let alternatives: [String] = [
    #"{"anyOf": [{"type": "integer"}, {"type": "null"}]}"#,
    #"{"anyOf": [{"type": "number", "maximum": 0}, {"type": "number", "exclusiveMinimum": 0}]}"#,
    #"{"oneOf": [{"type": "integer", "minimum": 1}, {"type": "integer", "maximum": 0}]}"#,
    #"{"oneOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]}"#,
    #"{"allOf": [{"type": ["string", "integer"]}, {"type": ["integer", "null"]}]}"#,
    #"{"anyOf": [{"const": 1}, {"const": 2}]}"#,
    #"{"anyOf": [{"type": "string", "maxLength": 1}, {"type": "string", "minLength": 2}]}"#,
  ]

  private static let structures: [String] = {
    var structures = [#"{"type": "array"}"#, #"{"type": "object"}"#]
    for value in [#"{"type": "integer"}"#, #"{"type": "number"}"#, #"{"const": 1}"#, "false"] {
      structures += [
        #"{"type": "array", "items": \#(value)}"#,
        #"{"type": "array", "items": \#(value), "minItems": 1, "maxItems": 2}"#,
        #"{"type": "array", "items": \#(value), "uniqueItems": true}"#,
        #"{"type": "object", "properties": {"a": \#(value)}}"#,
        #"{"type": "object", "properties": {"a": \#(value)}, "required": ["a"]}"#,
        #"{"type": "object", "properties": {"a": \#(value)}, "additionalProperties": false}"#,
        #"{"type": "object", "properties": {"a": \#(value)}, "additionalProperties": true}"#,
        #"{"type": "object", "properties": {"a": \#(value), "b": {}}, "minProperties": 1}"#,
        #"{"type": "object", "properties": {"a": \#(value), "b": {}}, "maxProperties": 1}"#,
        #"{"type": "object", "additionalProperties": \#(value)}"#,
        #"{"oneOf": [{"type": "object", "properties": {"a": \#(value)}, "required": ["a"]}, {"type": "null"}]}"#,
      ]
    }
    return structures
  }()

  /// Documents among which each schema of the family finds all that tells it from another.
  private static let universe: [JSONValue] = {
    let numbers = [
      "-4", "-3", "-2", "-1", "-0.5", "-0.3", "0", "0.3", "0.5", "1", "1.5", "2", "3", "4", "5",
      "6", "1000000",
    ]
    let texts = ["", "a", "b", "c", "aa", "ab", "ba", "ac", "aab", "aaa", "bbb"]
    let scalars: [JSONValue] =
      [.null, .bool(true), .bool(false)]
      + numbers.compactMap { JSONNumber(valid: $0) }.map { .number($0) } + texts.map { .string($0) }
    let few =
      ["0.5", "1", "2"].compactMap { JSONNumber(valid: $0) }.map { JSONValue.number($0) } + [.null]
    var documents = scalars + [.array([]), .object([:])]
    for first in few {
      documents += [
        .array([first]), .object(["a": first]), .object(["b": first]), .object(["c": first]),
      ]
      for second in few {
        documents += [
          .array([first, second]), .array([first, second, first]),
          .object(["a": first, "b": second]),
          .object(["a": first, "c": second]), .object(["b": first, "c": second]),
          .object(["a": first, "b": second, "c": first]),
        ]
      }
    }
    return documents
  }()

  @Test func `the answer is exact for all pairs of a small family`() throws {
    let texts = Self.scalars + Self.alternatives + Self.structures
    let writers = try texts.map { try SchemaText.document($0, "writer") }
    let readers = try texts.map { try SchemaText.document($0, "reader") }
    let written = writers.map { writer in
      let rules = WritingRules(writer)
      return Self.universe.map(rules.allow)
    }
    let read = readers.map { reader in Self.universe.map { reader.whole.accepts($0) } }
    var wrong: [String] = []
    for writer in writers.indices {
      for reader in readers.indices {
        let isWithin = zip(written[writer], read[reader]).allSatisfy { !$0 || $1 }
        let gaps = SchemaInclusion.gaps(writer: writers[writer], reader: readers[reader])
        if gaps.isEmpty != isWithin {
          wrong.append(
            "\(texts[writer]) within \(texts[reader]): \(isWithin), \(gaps.map(\.reason))")
        } else if !isWithin, gaps.first?.counterexample == nil {
          wrong.append("\(texts[writer]) within \(texts[reader]): no counterexample")
        }
      }
    }
    #expect(wrong == [])
  }

  // MARK: - Random pairs

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `no document contradicts an answer`(seed: UInt64) throws {
    var random = SchemaRandom(seed: seed)
    var (within, broken, unproven) = (0, 0, 0)
    for _ in 0..<400 {
      let first = random.schema(depth: 3)
      let second = random.chance(4) ? random.schema(depth: 3) : random.changed(first)
      let writer = try SchemaText.document(first, "writer")
      let reader = try SchemaText.document(second, "reader")
      let gaps = SchemaInclusion.gaps(writer: writer, reader: reader)
      if let counterexample = gaps.first?.counterexample {
        #expect(WritingRules(writer).allow(counterexample) && !reader.whole.accepts(counterexample))
        broken += 1
      } else if gaps.isEmpty {
        within += 1
      } else {
        unproven += 1
      }
      guard gaps.isEmpty else { continue }
      let near = SchemaExpansion().branches([reader.whole]) ?? []
      let documents =
        SchemaSamples().values([writer.whole], near: near, depth: 0)
        + (0..<40).map { _ in random.document(first) }
        + (0..<20).map { _ in random.document(second) }
      let rules = WritingRules(writer)
      for document in documents where rules.allow(document) {
        #expect(
          reader.whole.accepts(document),
          "seed \(seed): \(document.compactJSON) of \(first.compactJSON) for \(second.compactJSON)")
      }
    }
    // Random schemas that are never within each other would show nothing.
    #expect(within > 60 && broken > 100, "within \(within), broken \(broken)")
    #expect(unproven < 80, "\(unproven) could not be told")
  }
}
