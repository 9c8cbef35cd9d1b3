// SPDX-License-Identifier: Apache-2.0
import HTTPContracts
import JSONDocuments
import ShadowComparison
import Testing

@Suite struct ContractMatcherTests {
  /// What an answer does not keep of an example, one line each.
  private func broken(
    _ expected: String, by answer: String, _ rules: MatchingRules = MatchingRules()
  ) throws -> [String] {
    let example = ContractExample(
      request: .init(method: "GET", target: "/a", headers: [], body: .none),
      answer: .init(
        status: 200, headers: [], body: .json(try JSONParser.parse(Array(expected.utf8)))),
      rules: rules)
    let response = ComparedResponse(status: 200, body: Array(answer.utf8))
    return ContractMatcher.mismatches(example, response).listed.map(\.description)
  }

  private func patterns(_ texts: String...) -> [PathPattern] { texts.map { PathPattern($0) } }

  @Test func `values may differ, and more may be there`() throws {
    #expect(
      try broken(
        #"{"id":1,"name":"Ann","tags":["a"],"ok":true,"none":null}"#,
        by: #"{"id":2,"name":"","tags":["b","c"],"ok":false,"none":null,"more":{"x":1}}"#) == [])
  }

  @Test func `what is missing or of another type is told with both values`() throws {
    #expect(
      try broken(
        #"{"id":1,"a/b":{"c":"x"},"items":[{"n":1,"s":"t"}],"ok":true}"#,
        by: #"{"id":"1","a/b":{},"items":[{"n":2,"s":"u"},{"n":null}],"ok":true}"#) == [
          #"/a~1b/c: missing, expected a string such as "x""#,
          #"/id: expected a whole number such as 1, found "1""#,
          #"/items/1/n: expected a whole number such as 1, found null"#,
          #"/items/1/s: missing, expected a string such as "t""#,
        ])
    #expect(
      try broken(#"{"a":1}"#, by: "[1]") == [
        #"body: expected an object such as {"a":1}, found [1]"#
      ])
    #expect(
      try broken(#"{"a":1}"#, by: "{") == [
        "body: expected JSON, found no JSON: an unexpected end at byte 1"
      ])
    #expect(
      try broken(#"{"a":1}"#, by: "") == [#"body: missing, expected a body such as {"a":1}"#])
  }

  @Test func `all elements together tell what one may be`() throws {
    let list = #"[{"n":1,"s":"t"},{"n":null},{"n":2.5,"s":"u","x":[1]}]"#
    #expect(try broken(list, by: #"[{"n":3},{"n":0.1,"x":[]},{"n":null,"s":""}]"#).count == 1)
    #expect(
      try broken(list, by: #"[{"s":1,"n":"x"}]"#) == [
        #"/0/n: expected null or a number such as 1, found "x""#,
        #"/0/s: expected a string such as "t", found 1"#,
      ])
    #expect(
      try broken(list, by: "[]") == [
        #"body: expected elements such as {"n":1,"s":"t"}, found an empty array"#
      ])
    #expect(try broken("[[1],[]]", by: "[[]]") == [])
    #expect(try broken("[]", by: #"[{"n":1}]"#) == [])
  }

  @Test func `whole numbers, times and ids stay what they are`() throws {
    let expected = #"{"cents":1200,"rate":0.5,"at":"2026-01-02T03:04:05.678Z","day":"2026-01-02"}"#
    #expect(
      try broken(
        expected,
        by: #"{"cents":1.2e3,"rate":2,"at":"2020-12-31T23:59:59+02:00","day":"1999-09-09"}"#
      ) == [])
    #expect(
      try broken(
        expected, by: #"{"cents":12.5,"rate":"0.5","at":"yesterday","day":"2026-01-02T00:00:00Z"}"#
      ) == [
        #"/at: expected a date-time such as "2026-01-02T03:04:05.678Z", found "yesterday""#,
        "/cents: expected a whole number such as 1200, found 12.5",
        #"/day: expected a date such as "2026-01-02", found "2026-01-02T00:00:00Z""#,
        #"/rate: expected a number such as 0.5, found "0.5""#,
      ])
    let uuid = #"{"id":"0190d5c8-7b1e-7c2f-9a3b-1c2d3e4f5a6b"}"#
    #expect(try broken(uuid, by: #"{"id":"A190D5C8-7B1E-7C2F-9A3B-1C2D3E4F5A6B"}"#) == [])
    #expect(try broken(uuid, by: #"{"id":"42"}"#).count == 1)
    #expect(
      try broken(
        expected, by: #"{"cents":12.5,"rate":1,"at":"yesterday","day":"x"}"#,
        MatchingRules(loose: patterns("cents", "at", "day"))) == [])
  }

  @Test func `what is optional or ignored does not count`() throws {
    let expected = #"{"a":1,"b":{"c":[1]},"d":{"e":"x"}}"#
    #expect(try broken(expected, by: #"{"b":{"c":[]}}"#).count == 3)
    #expect(
      try broken(
        expected, by: #"{"b":{"c":[]}}"#, MatchingRules(optional: patterns("a", "b.c", "d"))) == [])
    #expect(
      try broken(
        expected, by: #"{"a":"x","b":1,"d":{"e":1}}"#,
        MatchingRules(ignored: patterns("a", "b", "d**"))) == [])
    // What is optional keeps its type where it is there.
    #expect(
      try broken(#"{"a":1}"#, by: #"{"a":"x"}"#, MatchingRules(optional: patterns("a"))).count == 1)
  }

  @Test func `null alone says nothing of what may be there`() throws {
    #expect(try broken(#"{"a":null}"#, by: #"{"a":"x"}"#).count == 1)
    #expect(
      try broken(#"{"a":null}"#, by: #"{"a":"x"}"#, MatchingRules(loose: patterns("a"))) == [])
  }

  @Test func `pinned values have to stay`() throws {
    let rules = MatchingRules(values: patterns("status", "items[].total", "meta"))
    let expected = #"{"status":"sent","items":[{"total":5},{"total":6}],"meta":{"v":1}}"#
    #expect(
      try broken(
        expected,
        by: #"{"meta":{"v":1.0,"w":2},"status":"sent","items":[{"total":5},{"total":6}]}"#,
        rules) == [])
    #expect(
      try broken(
        expected, by: #"{"status":"lost","items":[{"total":5},{"total":7}],"meta":{"v":2}}"#, rules)
        == [
          "/items/1/total: expected 6, found 7", "/meta/v: expected 1, found 2",
          #"/status: expected "sent", found "lost""#,
        ])
    #expect(
      try broken(expected, by: #"{"status":"sent","items":[{"total":5}],"meta":{"v":1}}"#, rules)
        == ["/items: expected 2 elements, found 1"])
    // One of another type is told of once.
    #expect(
      try broken(
        expected, by: #"{"status":1,"items":[{"total":5},{"total":6}],"meta":{"v":1}}"#,
        rules
      ).count == 1)
  }

  @Test func `long answers are told of in part`() throws {
    let list = (0..<80).map { #"{"n":"\#($0)"}"# }.joined(separator: ",")
    let example = ContractExample(
      request: .init(method: "GET", target: "/a", headers: [], body: .none),
      answer: .init(status: 200, headers: [], body: .json(.array([.object(["n": .integer(1)])]))))
    let found = ContractMatcher.mismatches(
      example, ComparedResponse(status: 200, body: Array("[\(list)]".utf8)))
    #expect(found.listed.count == ContractMatcher.limit)
    #expect(found.unlisted == 80 - ContractMatcher.limit)
  }

  // MARK: - Status and headers

  private func broken(
    headers expected: [String: String], by answer: [String: String], status: Int = 200,
    _ rules: MatchingRules = MatchingRules()
  ) -> [String] {
    func fields(_ all: [String: String]) -> [ComparedResponse.Header] {
      all.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: $0.value) }
    }
    let example = ContractExample(
      request: .init(method: "GET", target: "/a", headers: [], body: .none),
      answer: .init(status: 200, headers: fields(expected), body: .other), rules: rules)
    return ContractMatcher.mismatches(
      example, ComparedResponse(status: status, headers: fields(answer), body: [1])
    ).listed.map(\.description)
  }

  @Test func `headers keep what clients act upon`() {
    let expected = [
      "content-type": "application/json; charset=utf-8", "cache-control": "private, max-age=60",
      "location": "http://127.0.0.1:9001/orders/17", "www-authenticate": "Bearer realm=a",
      "etag": "\"1\"",
    ]
    #expect(
      broken(
        headers: expected,
        by: [
          "Content-Type": "Application/JSON", "Cache-Control": "max-age=5,private",
          "Location": "/orders/999", "WWW-Authenticate": "bearer realm=b", "ETag": "\"2\"",
          "X-More": "1",
        ]) == [])
    #expect(
      broken(
        headers: expected,
        by: [
          "Content-Type": "text/html", "Cache-Control": "public, max-age=60",
          "Location": "/carts/17", "WWW-Authenticate": "Basic realm=a",
        ]
      ).map { $0.prefix { $0 != ":" } } == [
        "header cache-control", "header content-type", "header etag", "header location",
        "header www-authenticate",
      ])
    #expect(
      broken(
        headers: expected, by: expected.filter { $0.key != "etag" },
        MatchingRules(optional: patterns("header:etag"))) == [])
    #expect(
      broken(
        headers: ["cache-control": "max-age=60"], by: ["cache-control": "max-age=5"],
        MatchingRules(values: patterns("header:cache-control"))) == [
          "header cache-control: expected max-age=60, found max-age=5"
        ])
  }

  @Test func `another status is all that is told`() {
    #expect(
      broken(headers: ["content-type": "a/b"], by: [:], status: 404) == [
        "status: expected 200, found 404"
      ])
  }

  @Test func `text is compared where it is pinned`() {
    func broken(_ body: String) -> [String] {
      let example = ContractExample(
        request: .init(method: "GET", target: "/a", headers: [], body: .none),
        answer: .init(status: 200, headers: [], body: .text("ok")))
      return ContractMatcher.mismatches(
        example, ComparedResponse(status: 200, body: Array(body.utf8))
      ).listed.map(\.description)
    }
    #expect(broken("ok") == [])
    #expect(broken("no") == [#"body: expected "ok", found "no""#])
    #expect(broken("") == [#"body: missing, expected "ok""#])
  }
}
