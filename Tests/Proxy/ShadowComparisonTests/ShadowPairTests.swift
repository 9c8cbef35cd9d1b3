// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ShadowComparison

struct ShadowPairTests {
  private func pair(
    _ legacy: String, _ extracted: String, type: String = "application/json",
    target: String = "/orders/1", rules: ComparisonRules = ComparisonRules()
  ) -> ShadowPair {
    func answer(_ text: String) -> ComparedResponse {
      ComparedResponse(
        status: 200,
        headers: [
          .init(name: "content-type", value: type), .init(name: "set-cookie", value: "secret"),
        ], body: Array(text.utf8))
    }
    let comparison = ResponseComparator(rules: rules)
      .compare(legacy: answer(legacy), extracted: answer(extracted))
    return PairRecorder(rules: rules).pair(
      endpoint: "GET /orders/{id}", method: "GET", target: target, comparedAt: 0,
      legacy: .response(answer(legacy)), extracted: .response(answer(extracted)),
      comparison: comparison)
  }

  @Test func showsJSONInLinesWithSortedMembers() {
    let pair = pair(#"{"b":[1,{"c":"\"\u0001"}],"a":{}}"#, #"{"a":{},"b":[]}"#)
    #expect(
      pair.legacy.lines == [
        "200", "content-type: application/json", "", "{", #"  "a": {},"#, #"  "b": ["#, "    1,",
        "    {", #"      "c": "\"\u0001""#, "    }", "  ]", "}",
      ])
    #expect(pair.extracted.body == ["{", #"  "a": {},"#, #"  "b": []"#, "}"])
  }

  @Test func hidesWhatTheRulesHideAndKeepsOnlyComparedHeaders() {
    let rules = ComparisonRules(
      headers: ["content-type", "set-cookie"],
      redact: ["email", "**.email", "header:set-cookie", "query:token"].map { PathPattern($0) })
    let pair = pair(
      #"{"email":"ann@example","a":[{"email":"ann@example"}]}"#, #"{"email":"bob@example"}"#,
      target: "/orders/1?token=abc&page=2&%74oken=def", rules: rules)
    #expect(pair.request == "GET /orders/1?token=(redacted)&page=2&%74oken=(redacted)")
    #expect(!"\(pair)".contains("example"))
    #expect(pair.legacy.headers == ["content-type: application/json", "set-cookie: (redacted)"])
    let text = self.pair("to ann", "to bob", type: "text/plain", rules: rules)
    #expect(text.legacy.body.first?.hasPrefix("(6 bytes") == true)
  }

  @Test func boundsBodies() {
    let long = "[" + String(repeating: "1000,", count: 20_000) + "1]"
    let shown = pair(long, "[]").legacy
    #expect(shown.isCut)
    #expect(shown.body.reduce(0) { $0 + $1.utf8.count } <= PairRecorder.bodyBytes)
    #expect(shown.lines.last == "(cut here)")
  }

  @Test func textStandsAsItIsAndBytesAreDescribed() {
    #expect(pair("a\nb", "a\nc", type: "text/plain").legacy.body == ["a", "b"])
    #expect(
      pair("abc", "abd", type: "image/png").legacy.body.first?.hasPrefix("(3 bytes, hash") == true
    )
    #expect(pair("{", "{}").legacy.body == ["{"])
  }

  @Test func linesStandBesideEachOther() {
    let rows = SideBySide(legacy: ["a", "b", "c", "d"], extracted: ["a", "x", "c", "d", "e"]).rows
    #expect(
      rows == [
        .same("a"), .changed(legacy: "b", extracted: "x"), .same("c"), .same("d"),
        .changed(legacy: nil, extracted: "e"),
      ])
    let long = (0..<20).map(String.init)
    let excerpt = SideBySide(legacy: long, extracted: long.map { $0 == "10" ? "x" : $0 })
      .excerpt(context: 1)
    #expect(
      excerpt == [nil, .same("9"), .changed(legacy: "10", extracted: "x"), .same("11"), nil])
    #expect(SideBySide(legacy: [], extracted: []).excerpt(context: 3).isEmpty)
  }

  @Test func theTerminalGetsNoControlCharacters() {
    let text = pair("a\u{1B}[31mb", "c", type: "text/plain").text(number: 7)
    #expect(text.hasPrefix("pair 7: GET /orders/1"))
    #expect(text.contains("- a\u{FFFD}[31mb\n+ c"))
    #expect(!text.contains("\u{1B}"))
  }
}
