// SPDX-License-Identifier: Apache-2.0

import JSONDocuments
import Testing

struct JSONParserTests {
  private func parse(_ text: String, _ limits: JSONLimits = JSONLimits()) throws(JSONProblem)
    -> JSONValue
  { try JSONParser.parse(Array(text.utf8), limits: limits) }

  @Test func readsEveryKindOfValue() throws {
    let value = try parse(
      #" {"a": [1, -2.5e3, true, false, null], "b\n": "\u00e9\ud83d\ude00\/"} "#)
    guard case .object(let members) = value, case .array(let elements) = members["a"] else {
      Issue.record("read \(value)")
      return
    }
    #expect(elements.map(\.typeName) == ["number", "number", "boolean", "boolean", "null"])
    #expect(members["b\n"] == .string("é😀/"))
    #expect(value.text(limit: 100).hasPrefix(#"{"a":[1,-2.5e3,true,false,null]"#))
  }

  @Test(arguments: [
    ("1", "1.0"), ("1", "10e-1"), ("100", "1E+2"), ("0", "-0.00"), ("0.10", "1e-1"),
    ("12345678901234567890123", "1.2345678901234567890123e22"),
  ])
  func equalNumbersAreEqual(_ pair: (String, String)) throws {
    #expect(try parse(pair.0) == parse(pair.1))
    #expect(try parse(pair.0).hashValue == parse(pair.1).hashValue)
  }

  @Test(arguments: [
    ("1", "-1"), ("0.1", "0.10000000000000001"), ("9007199254740993", "9007199254740992"),
    ("1", "10"),
  ])
  func differentNumbersAreDifferent(_ pair: (String, String)) throws {
    #expect(try parse(pair.0) != parse(pair.1))
  }

  @Test(arguments: [
    ("", JSONProblem.Reason.unexpectedEnd), ("[1", .unexpectedEnd), ("[1 2]", .unexpectedByte),
    ("{\"a\":1,}", .unexpectedByte), ("[1,]", .unexpectedByte), ("01", .malformedNumber),
    ("1.", .malformedNumber), ("1e", .malformedNumber), ("1e99999999", .malformedNumber),
    ("+1", .unexpectedByte), ("nul", .unexpectedEnd), ("\"\u{1}\"", .malformedString),
    ("\"\\x\"", .malformedString), ("\"\\ud800\"", .unexpectedByte),
    ("\"\\udc00\"", .malformedString), ("{} {}", .trailingContent),
    ("{\"a\":1,\"\\u0061\":2}", .duplicateMember),
  ])
  func refusesWhatIsNoJSON(_ row: (String, JSONProblem.Reason)) {
    #expect {
      try parse(row.0)
    } throws: { ($0 as? JSONProblem)?.reason == row.1 }
  }

  @Test func namesTheMemberThatComesTwice() {
    #expect {
      try parse(#"{"b":{"a":1, "\u0061":2}}"#)
    } throws: { error in
      let problem = error as? JSONProblem
      return problem?.member == "a" && problem?.offset == 13
    }
  }

  @Test func refusesInvalidUTF8() {
    #expect(throws: JSONProblem.self) { try JSONParser.parse([0x22, 0xFF, 0x22]) }
  }

  @Test func limitsHoldAtTheirValueAndNotBeyond() throws {
    let limits = JSONLimits(depth: 3, values: 5)
    _ = try parse("[[[1]]]", limits)
    #expect { try parse("[[[[1]]]]", limits) } throws: { ($0 as? JSONProblem)?.reason == .tooDeep }
    _ = try parse("[1,2,3,4]", limits)
    #expect {
      try parse("[1,2,3,4,5]", limits)
    } throws: { ($0 as? JSONProblem)?.reason == .tooManyValues }
  }
}
