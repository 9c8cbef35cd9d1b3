// SPDX-License-Identifier: Apache-2.0

import ShadowComparison
import Testing

struct ResponseComparatorTests {
  private func json(_ text: String, status: Int = 200) -> ComparedResponse {
    ComparedResponse(
      status: status, headers: [.init(name: "Content-Type", value: "application/json")],
      body: Array(text.utf8))
  }

  private func compare(
    _ legacy: String, _ extracted: String, _ rules: ComparisonRules = ComparisonRules()
  ) -> Comparison {
    ResponseComparator(rules: rules).compare(legacy: json(legacy), extracted: json(extracted))
  }

  /// `path kind` of each difference.
  private func found(
    _ legacy: String, _ extracted: String, _ rules: ComparisonRules = ComparisonRules()
  ) -> [String] {
    compare(legacy, extracted, rules).differences.map {
      "\($0.pathKind.path) \($0.pathKind.kind.rawValue)"
    }
  }

  @Test func equalMeaningMatches() {
    let comparison = compare(#"{"a":1,"b":[true]}"#, #"{ "b" : [true], "a" : 1 }"#)
    #expect(comparison.outcome == .matched)
    #expect(comparison.differences.isEmpty)
  }

  @Test(
    "A number that is written in another way",
    arguments: [("12.50", "12.5"), ("1.0", "1"), ("1e2", "100"), ("-0", "0"), ("1E5", "1e5")])
  func formatsAreAKindOfTheirOwn(_ legacy: String, _ extracted: String) throws {
    let (left, right) = ("{\"a\":\(legacy)}", "{\"a\":\(extracted)}")
    #expect(found(left, right) == ["a format"])
    let difference = try #require(compare(left, right).differences.first)
    #expect(difference.legacy == legacy)
    #expect(difference.extracted == extracted)
    #expect(found(left, right, ComparisonRules(numberFormat: false)).isEmpty)
    let tolerant = ComparisonRules(tolerances: [.init(PathPattern("a"), difference: 0.001)])
    #expect(found(left, right, tolerant).isEmpty)
  }

  @Test func formatsAreFoundInArraysOfEverySort() {
    let (left, right) = (#"{"t":[{"id":1,"p":2.50}]}"#, #"{"t":[{"id":1,"p":2.5}]}"#)
    let keyed = ComparisonRules(unordered: [.init(PathPattern("t[]"), key: "id")])
    let set = ComparisonRules(unordered: [.init(PathPattern("t[]"))])
    for rules in [ComparisonRules(), keyed, set] {
      #expect(found(left, right, rules) == ["t[].p format"])
    }
    #expect(found("[1.0,2]", "[2,1]") == ["[] format", "[] order"])
    // Which of two equal elements stands first is a matter of order, which a set has not.
    let unordered = ComparisonRules(unordered: [.init(PathPattern("[]"))])
    #expect(found("[1,1.0]", "[1.0,1]", unordered).isEmpty)
    #expect(found("[1,1.0]", "[1.0]", unordered) == ["[] presence"])
    #expect(found("[1,1.0]", "[1.0,1]") == ["[] format"])
    #expect(found("[[1.0],2]", "[[1],3]", ComparisonRules(numberFormat: false)) == ["[] value"])
  }

  @Test func namesPathAndKind() {
    #expect(found(#"{"a":{"b":1}}"#, #"{"a":{"b":2}}"#) == ["a.b value"])
    #expect(found(#"{"a":1}"#, #"{"a":"1"}"#) == ["a type"])
    #expect(found(#"{"a":null}"#, #"{"a":1}"#) == ["a type"])
    #expect(found(#"{"a":null}"#, "{}") == ["a presence"])
    #expect(found(#"{"a.b":1}"#, #"{"a.b":2}"#) == [#"["a.b"] value"#])
    #expect(found("1", "2") == ["body value"])
    // What is said of the message is said of no member.
    for name in ["status", "body", "header:etag"] {
      #expect(found("{\"\(name)\":1}", "{\"\(name)\":2}") == ["[\"\(name)\"] value"])
      #expect(found("{\"a\":{\"\(name)\":1}}", "{\"a\":{\"\(name)\":2}}") == ["a.\(name) value"])
    }
    #expect(found("[1,2,3]", "[3,1,2]") == ["[] order"])
    #expect(found("[1,2]", "[1,2,3]") == ["[] presence"])
  }

  @Test func generalisesIndices() {
    let legacy = #"{"items":[{"price":1},{"price":2},{"price":3}]}"#
    let extracted = #"{"items":[{"price":1},{"price":9},{"price":8}]}"#
    #expect(found(legacy, extracted) == ["items[].price value"])
    let example = compare(legacy, extracted).differences.first
    #expect(example?.legacy == "2")
    #expect(example?.extracted == "9")
  }

  @Test func unorderedArraysAreMatchedByKey() {
    let legacy = #"{"items":[{"id":1,"n":1},{"id":2,"n":2}]}"#
    let swapped = #"{"items":[{"id":2,"n":5},{"id":1,"n":1}]}"#
    let rules = ComparisonRules(unordered: [.init(PathPattern("items[]"), key: "id")])
    #expect(found(legacy, swapped, rules) == ["items[].n value"])
    let missing = #"{"items":[{"id":2,"n":2}]}"#
    #expect(found(legacy, missing, rules) == ["items[] presence"])
  }

  @Test func unorderedArraysWithoutKeyAreSets() {
    let rules = ComparisonRules(unordered: [.init(PathPattern("tags[]"))])
    #expect(found(#"{"tags":["a","b"]}"#, #"{"tags":["b","a"]}"#, rules) == [])
    #expect(
      found(#"{"tags":["a","a","b"]}"#, #"{"tags":["a","b","b"]}"#, rules) == ["tags[] presence"])
  }

  @Test func toleratesSmallDifferencesWhereAsked() {
    let rules = ComparisonRules(tolerances: [.init(PathPattern("total"), difference: 0.01)])
    #expect(found(#"{"total":1.00}"#, #"{"total":1.01}"#, rules) == [])
    #expect(found(#"{"total":1.00}"#, #"{"total":1.02}"#, rules) == ["total value"])
    #expect(found(#"{"other":1.00}"#, #"{"other":1.01}"#, rules) == ["other value"])
  }

  @Test func ignoredDifferencesAreNamedAndDoNotCount() {
    let rules = ComparisonRules(ignore: [PathPattern("**At")])
    let comparison = compare(#"{"a":{"servedAt":1}}"#, #"{"a":{"servedAt":2}}"#, rules)
    #expect(comparison.outcome == .ignored)
    #expect(comparison.ignored.map(\.path.description) == ["a.servedAt"])
  }

  @Test func comparesStatusAndHeaders() {
    var extracted = json("{}", status: 404)
    extracted.headers = [.init(name: "content-type", value: "application/JSON")]
    extracted.headers.append(.init(name: "Location", value: "/x"))
    let comparison = ResponseComparator().compare(legacy: json("{}"), extracted: extracted)
    #expect(
      comparison.differences.map { "\($0.pathKind.path) \($0.pathKind.kind.rawValue)" }
        == ["header:location presence", "status value"])
  }

  @Test func errorsOfEitherSideAreOutcomesOfTheirOwn() {
    let comparator = ResponseComparator()
    let failed = json("{}", status: 503)
    #expect(comparator.compare(legacy: json("{}"), extracted: failed).outcome == .extractedError)
    #expect(comparator.compare(legacy: failed, extracted: json("{}")).outcome == .legacyError)
  }

  @Test func comparesOtherBodiesAsTextOrBytes() {
    func body(_ type: String, _ bytes: [UInt8]) -> ComparedResponse {
      ComparedResponse(
        status: 200, headers: [.init(name: "content-type", value: type)], body: bytes)
    }
    let comparator = ResponseComparator()
    let text = comparator.compare(
      legacy: body("text/plain", Array("one two".utf8)),
      extracted: body("text/plain", Array("one too".utf8)))
    #expect(text.differences.map(\.legacy) == ["one two"])
    let binary = comparator.compare(
      legacy: body("image/png", [1, 2, 3]), extracted: body("image/png", [1, 2]))
    #expect(binary.differences.first?.legacy?.hasPrefix("3 bytes, hash") == true)
    let broken = comparator.compare(legacy: json("{}"), extracted: json("{"))
    #expect(broken.differences.map(\.pathKind.kind) == [.type])
    let empty = comparator.compare(legacy: json("{}"), extracted: json(""))
    #expect(empty.differences.map(\.pathKind.kind) == [.presence])
  }

  @Test func redactedValuesAreComparedAndNeverKept() {
    let rules = ComparisonRules(
      redact: [PathPattern("**secret"), PathPattern("secret"), PathPattern("header:location")])
    let pairs = [
      (#"{"secret":"hunter2"}"#, #"{"secret":"hunter3"}"#),
      (#"{"a":{"secret":"hunter2"}}"#, "{}"),
      (#"{"a":[{"secret":"hunter2"},1]}"#, #"{"a":[1,{"secret":"hunter2"}]}"#),
      (#"{"a":[[{"secret":"hunter2"}]]}"#, #"{"a":[[]]}"#),
      (#"{"a":{"secret":"hunter2"}}"#, #"{"a":3}"#),
      (#"{"secret":"hunter2""#, #"{"secret":"hunter3""#),
    ]
    for (legacy, extracted) in pairs {
      let comparison = compare(legacy, extracted, rules)
      #expect(comparison.outcome == .mismatched)
      #expect(!"\(comparison)".contains("hunter"), "\(legacy) leaks")
    }
  }

  @Test func boundsExamplesAndTheirNumber() {
    let rules = ComparisonRules(exampleBytes: 10, differences: 3)
    let members = (0..<8).map { #""m\#($0)":"\#(String(repeating: "x", count: 50))""# }
    let comparison = compare("{" + members.joined(separator: ",") + "}", "{}", rules)
    #expect(comparison.differences.count == 3)
    #expect(comparison.unlisted == 5)
    #expect(comparison.differences.allSatisfy { ($0.legacy?.utf8.count ?? 0) <= 13 })
  }
}

struct PathPatternTests {
  @Test(arguments: [
    ("items[].id", "items[].id", true), ("items[].id", "items[].ids", false),
    ("*.id", "order.id", true), ("*.id", "order.line.id", false),
    ("**.id", "order.line.id", true), ("**.id", "id", false), ("**", "anything[].x", true),
    ("meta**", "meta.a[].b", true), ("*", "a.b", false), ("", "a", false),
  ])
  func matchesWholePaths(_ row: (String, String, Bool)) {
    #expect(PathPattern(row.0).matches(ResponsePath(row.1)) == row.2)
  }
}
