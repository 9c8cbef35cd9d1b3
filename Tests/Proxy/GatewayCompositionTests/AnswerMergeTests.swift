// SPDX-License-Identifier: Apache-2.0

import JSONDocuments
import Testing

@testable import GatewayComposition

@Suite("Merging answers by a template") struct AnswerMergeTests {
  private static var path: PartPath { get throws { try PartPath(parsing: "/x") } }

  private static func plan(
    _ names: [String], _ answer: AnswerTemplate? = nil
  ) throws -> CompositionPlan {
    let path = try path
    return CompositionPlan(
      parts: names.map { CompositionPart(name: $0, upstream: $0, path: path) }, answer: answer)
  }

  /// What becomes of the parts' answers; nil for a part that failed.
  private static func merge(_ plan: CompositionPlan, _ answers: [String?]) -> String? {
    let compiled = CompiledAnswer(plan)
    var found: [[Range<Int>?]?] = []
    for (index, answer) in answers.enumerated() {
      guard let answer else {
        found.append(nil)
        continue
      }
      guard let spans = compiled.spans[index].find(in: Array(answer.utf8)) else { return nil }
      found.append(spans)
    }
    let errors = zip(plan.parts, answers).filter { $1 == nil }.map { part, _ in
      PartError(part: part.name, reason: "timeout", hasFallback: false)
    }
    var text: [UInt8] = []
    for segment in compiled.merge(found, errors: errors) {
      switch segment {
      case .text(let bytes): text += bytes
      case .part(let index, let range): text += Array((answers[index] ?? "").utf8)[range]
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  @Test("Without a template each part stands under its name, byte for byte")
  func standard() throws {
    #expect(
      try Self.merge(Self.plan(["a", "b"]), [#" {"n": 1.10,"e":1e400} "#, "[1, 2]"])
        == #"{"a":{"n": 1.10,"e":1e400},"b":[1, 2]}"#)
  }

  @Test(
    "References lead into parts",
    arguments: [
      ("$a", #"{"x":1}"#, #"{"v":{"x":1}}"#),
      ("$a.x", #"{"x":{"y":[1,{"z":"ü"}]}}"#, #"{"v":{"y":[1,{"z":"ü"}]}}"#),
      ("$a.x.y.1.z", #"{"x":{"y":[1,{"z":"ü"}]}}"#, #"{"v":"ü"}"#),
      ("$a.x", #"{"\u0078":7}"#, #"{"v":7}"#),
      ("$a.0", #"{"0":true}"#, #"{"v":true}"#),
      ("$a.x", #"{"y":1}"#, "{}"),
      ("$a.3", "[1,2]", "{}"),
      ("$a.x.y", #"{"x":null}"#, "{}"),
      ("$a", "null", #"{"v":null}"#),
      ("$$a", "1", #"{"v":"$a"}"#),
      ("12", "1", #"{"v":12}"#),
      ("\"12\"", "1", #"{"v":"12"}"#),
      ("text \"x\"", "1", #"{"v":"text \"x\""}"#),
    ])
  func references(text: String, answer: String, expected: String) throws {
    let template = AnswerTemplate([.init("v", AnswerTemplate.node(reading: text))])
    #expect(try Self.merge(Self.plan(["a"], template), [answer]) == expected)
  }

  @Test("What a failed part would have given is left out, and the part is named")
  func failedPart() throws {
    let template = AnswerTemplate([
      .init("first", .reference(part: "a", path: [])),
      .init("both", .array([.reference(part: "a", path: ["x"]), .reference(part: "b", path: [])])),
      .init("inner", .object([.init("a", .reference(part: "a", path: []))])),
    ])
    #expect(
      try Self.merge(Self.plan(["a", "b"], template), [nil, "2"])
        == #"{"both":[2],"inner":{},"_errors":[{"part":"a","reason":"timeout"}]}"#)
    #expect(
      try Self.merge(Self.plan(["a", "b"]), [nil, nil])
        == #"{"_errors":[{"part":"a","reason":"timeout"},{"part":"b","reason":"timeout"}]}"#)
  }

  @Test(
    "What is not JSON is not merged",
    arguments: [
      "", "{", "[1,]", "{\"a\"}", "{\"a\":1,}", "01", "1.", "1e", "-", "tru", "nul", "\"a",
      "\"\\x\"",
      "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0061\"", "\"\\udc00\"", "\"a\nb\"", "1 2", "{} x",
      "{1:2}", "{\"x\":1,\"x\":2}", "NaN", "'a'", "[1 2]",
    ])
  func notJSON(text: String) throws {
    let template = AnswerTemplate([.init("v", .reference(part: "a", path: ["x"]))])
    #expect(try Self.merge(Self.plan(["a"], template), [text]) == nil)
  }

  @Test("Bytes that are not UTF-8 are not merged")
  func encoding() {
    let spans = JSONSpans([[]])
    #expect(spans.find(in: [0x22, 0xFF, 0x22]) == nil)
    #expect(spans.find(in: [0x22, 0xC3, 0xA9, 0x22]) == [0..<4])
  }

  @Test("Nesting is bounded", arguments: ["[", "{\"a\":"])
  func depth(open: String) {
    let isArray = open == "["
    func document(_ depth: Int) -> [UInt8] {
      let close = isArray ? "]" : "}"
      return Array(
        (String(repeating: open, count: depth) + (isArray ? "" : "1")
          + String(repeating: close, count: depth)).utf8)
    }
    let spans = JSONSpans([[]])
    #expect(spans.find(in: document(JSONSpans.mostDepth)) != nil)
    #expect(spans.find(in: document(JSONSpans.mostDepth + 1)) == nil)
    #expect(spans.find(in: Array(String(repeating: open, count: 1 << 20).utf8)) == nil)
  }

  @Test("Merged documents are JSON, and say what the parts said, for 2,000 random ones")
  func random() throws {
    for seed in 0..<2_000 {
      var random = SeededGenerator(seed: UInt64(seed))
      let values = (0..<3).map { _ in RandomJSON.value(depth: 3, &random) }
      let answers = values.map { value in
        Int.random(in: 0..<5, using: &random) == 0 ? nil : value.json
      }
      let merged = try #require(
        try Self.merge(Self.plan(["a", "b", "c"]), answers), "seed \(seed)")
      guard case .object(let members) = try JSONParser.parse(Array(merged.utf8)) else {
        Issue.record("seed \(seed): \(merged)")
        continue
      }
      for (index, name) in ["a", "b", "c"].enumerated() {
        #expect(members[name] == (answers[index] == nil ? nil : values[index]), "seed \(seed)")
      }
      #expect((members["_errors"] == nil) == !answers.contains(nil), "seed \(seed)")
    }
  }

  @Test("Random bytes in place of a document are taken for what a strict parser takes them")
  func agreesWithParser() {
    let spans = JSONSpans([[]])
    for seed in 0..<4_000 {
      var random = SeededGenerator(seed: UInt64(seed))
      var bytes = Array(RandomJSON.value(depth: 3, &random).json.utf8)
      for _ in 0..<Int.random(in: 0...2, using: &random) where !bytes.isEmpty {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        let signs = Array("{}[]\",:\\0-.eE+tfn \u{1}é".utf8)
        bytes[index] = signs.randomElement(using: &random) ?? 0
      }
      let isJSON = (try? JSONParser.parse(bytes)) != nil
      let isTwice = { () -> Bool in
        do throws(JSONProblem) {
          _ = try JSONParser.parse(bytes)
          return false
        } catch {
          return error.reason == .duplicateMember
        }
      }()
      // Members that nobody asks for may come twice.
      if isTwice { continue }
      #expect((spans.find(in: bytes) != nil) == isJSON, "seed \(seed)")
    }
  }
}

enum RandomJSON {
  static func value(depth: Int, _ random: inout SeededGenerator) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &random) {
    case 0: .null
    case 1: .bool(Bool.random(using: &random))
    case 2: .integer(Int.random(in: -1000...1000, using: &random))
    case 3: .real(Double(Int.random(in: 0...1000, using: &random)) / 8)
    case 4: .string(["", "a\"b\\", "é\n", "\u{1F600}"].randomElement(using: &random) ?? "")
    case 5:
      .array(
        (0..<Int.random(in: 0...3, using: &random)).map { _ in value(depth: depth - 1, &random) })
    default:
      .object(
        Dictionary(
          (0..<Int.random(in: 0...3, using: &random)).map { index in
            ("k\(index)\"é", value(depth: depth - 1, &random))
          }, uniquingKeysWith: { first, _ in first }))
    }
  }
}

/// SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
