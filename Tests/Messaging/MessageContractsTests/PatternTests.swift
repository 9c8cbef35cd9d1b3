// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import MessageContracts

@Suite(.timeLimit(.minutes(1)))
struct PatternTests {
  static let matches: [(pattern: String, text: String, isMatch: Bool)] = [
    ("a", "bab", true), ("^a", "ba", false), ("a$", "ba", true), ("^$", "", true),
    ("^[a-c]{2,3}$", "abc", true), ("^[a-c]{2,3}$", "abca", false), ("^(?:a|bc)*$", "abcbca", true),
    ("^\\d+\\.\\d{2}$", "12.50", true), ("^\\d+\\.\\d{2}$", "12.5", false),
    ("^[^\\s]+$", "a b", false),
    ("^.$", "\n", false), ("^.$", "é", true), ("^\\u00e9$", "é", true),
    ("^[\\w-]+$", "a-b_c", true),
    ("a|^b$", "xb", false), ("^a?$", "", true),
    ("^(a+)+$", String(repeating: "a", count: 5_000) + "b", false),
    ("[]", "a", false), ("^[^]$", "\n", true), ("x*", "", true), ("^a{0}$", "", true),
  ]

  @Test(arguments: matches)
  func `matches as ECMA-262 says`(pattern: String, text: String, isMatch: Bool) throws {
    #expect(try TextPattern(pattern).matches(text) == isMatch)
  }

  @Test(arguments: [
    "(", ")", "[a", "a{2", "*", "(?=a)", "\\1", "\\b", "\\p{L}", "a{2,1}", "^*", "[b-a]", "\\",
  ])
  func `says what is wrong or not supported`(pattern: String) {
    #expect(throws: PatternProblem.self) { try TextPattern(pattern) }
  }

  @Test func `refuses what grows too large`() {
    #expect(throws: PatternProblem.self) { try TextPattern("(a{1000}){1000}") }
    #expect(throws: PatternProblem.self) { try TextPattern("a{1001}") }
  }

  private func compare(_ one: String, _ other: String) throws -> TextPattern.Comparison {
    try TextPattern.text(matching: [TextPattern(one)], avoiding: TextPattern(other))
  }

  @Test(arguments: [
    ("^a$", "a"), ("^[a-c]+$", "^[a-z]*$"), ("^(ab)+$", "^ab"), ("^\\d{2}$", "^\\d{1,3}$"),
    ("^a|b$", "a|b"), ("[]", "^x$"), ("^x$", ""),
  ])
  func `sees what is included`(one: String, other: String) throws {
    #expect(try compare(one, other) == .included)
  }

  @Test(arguments: [
    ("^[a-z]*$", "^[a-c]+$"), ("a", "^a"), ("^\\d{1,3}$", "^\\d{2}$"), ("^(a|b)*$", "^(ab)*$"),
  ])
  func `shows a text that only one matches`(one: String, other: String) throws {
    guard case .counterexample(let text) = try compare(one, other) else {
      Issue.record("no counterexample")
      return
    }
    #expect(try TextPattern(one).matches(text))
    #expect(try !TextPattern(other).matches(text))
  }

  @Test func `gives up where that takes too long`() throws {
    let one = "^(a|b)*a(a|b){12}$"
    #expect(try compare(one, "^(a|b)*b(a|b){12}$|^x") != .included)
    #expect(try compare("^(a|b)*a(a|b){14}$", "^(a|b)*a(a|b){13}(a|b)$|^y") == .undecided)
  }

  @Test func `parts without characters take no time`() throws {
    let nested = (0..<20).reduce("") { part, _ in "(\(part)){900,1000}" }
    #expect(try TextPattern("^\(nested)a$").matches("a"))
  }

  @Test func `several at once, with lengths`() throws {
    let length = try #require(TextPattern(length: CountRange(least: 3, most: 3)))
    let both = TextPattern.text(
      matching: [try TextPattern("^a"), try TextPattern("b$"), length], avoiding: nil)
    guard case .counterexample(let text) = both else {
      Issue.record("there are such texts")
      return
    }
    #expect(text.count == 3 && text.hasPrefix("a") && text.hasSuffix("b"))
    #expect(
      TextPattern.text(
        matching: [try TextPattern("^(aa)+$"), length], avoiding: nil) == .included)
  }
}
