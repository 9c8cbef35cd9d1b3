// SPDX-License-Identifier: Apache-2.0
import HTTPContracts
import JSONDocuments
import ShadowComparison
import Testing

@Suite struct ContractRecorderTests {
  /// An exchange whose answer is JSON.
  static func exchange(
    _ request: String, _ answer: String, status: Int = 200, headers: [(String, String)] = [],
    sent: String = "", sentType: String? = "application/json", type: String = "application/json"
  ) -> RecordedExchange {
    let words = request.split(separator: " ").map(String.init)
    let sentFields = sent.isEmpty ? [] : [sentType.map { ("content-type", $0) }].compactMap(\.self)
    return RecordedExchange(
      startedAt: "", method: words[0], url: "http://shop" + words[1],
      headers: (headers + sentFields).map { .init(name: $0.0, value: $0.1) },
      body: Array(sent.utf8),
      response: ComparedResponse(
        status: status, headers: [.init(name: "Content-Type", value: type)],
        body: Array(answer.utf8)))
  }

  static func recorded(
    _ exchanges: [RecordedExchange], rules: MatchingRules = MatchingRules(),
    redact: [String] = [], known: [ContractExample] = []
  ) -> ContractRecorder {
    var recorder = ContractRecorder(
      rules: rules, redact: redact.map { PathPattern($0) }, known: known)
    for exchange in exchanges { recorder.take(exchange, target: exchange.target) }
    return recorder
  }

  @Test func `exchanges of one kind become one example`() {
    let recorder = Self.recorded([
      Self.exchange("GET /orders/1", #"{"id":1,"lines":[{"n":1},{"n":2,"note":"x"}]}"#),
      Self.exchange("GET /orders/2", #"{"id":2,"lines":[{"n":5,"note":""},{"n":1}]}"#),
      Self.exchange("GET /orders/3", #"{"id":3,"lines":[{"n":5}]}"#),
      Self.exchange("GET /orders/4", #"{"id":4,"lines":[]}"#),
      Self.exchange("GET /orders/5", #"{"id":5,"lines":[],"cancelled":true}"#),
      Self.exchange("GET /orders/6?full=1", #"{"id":6,"lines":[]}"#),
      Self.exchange("GET /orders/7", #"{"error":"none"}"#, status: 404),
      Self.exchange("GET /orders/8?full=0", #"{"id":8,"lines":[]}"#),
    ])
    #expect(
      recorder.examples.map(\.request.target) == [
        "/orders/1", "/orders/3", "/orders/4", "/orders/5", "/orders/6?full=1", "/orders/7",
      ])
    #expect(recorder.outcomes == [.added: 6, .known: 2])
    #expect(recorder.examples.map(\.endpoint).allSatisfy { $0 == "GET /orders/{id}" })
  }

  @Test func `kinds that are there already are not recorded again`() {
    let first = Self.recorded([Self.exchange("GET /orders/1", #"{"id":1}"#)])
    let second = Self.recorded(
      [
        Self.exchange("GET /orders/2", #"{"id":2.5}"#),
        Self.exchange("GET /orders/3", #"{"id":3,"x":null}"#),
      ], known: first.examples)
    #expect(second.examples.map(\.request.target) == ["/orders/3"])
    #expect(second.outcomes == [.added: 1, .known: 1])
  }

  @Test func `values that have to stay make kinds of their own`() {
    let rules = MatchingRules(values: [PathPattern("status")])
    let recorder = Self.recorded(
      [
        Self.exchange("GET /orders/1", #"{"status":"placed","id":1}"#),
        Self.exchange("GET /orders/2", #"{"status":"placed","id":2}"#),
        Self.exchange("GET /orders/3", #"{"status":"sent","id":3}"#),
      ], rules: rules)
    #expect(recorder.examples.map(\.request.target) == ["/orders/1", "/orders/3"])
    #expect(recorder.examples.allSatisfy { $0.rules == rules })
  }

  @Test func `what is written in several ways is matched by its type alone`() {
    let recorder = Self.recorded([
      Self.exchange("GET /a/1", #"{"price":12,"at":"2026-01-02","items":[{"w":1},{"w":2}]}"#),
      Self.exchange("GET /a/2", #"{"price":12.5,"at":"soon","items":[{"w":0.5}]}"#),
    ])
    #expect(recorder.examples.count == 1)
    #expect(
      recorder.examples.first?.rules.loose.map(\.text).sorted() == ["at", "items[].w", "price"])
  }

  @Test func `credentials are left out, and it is said`() throws {
    let recorder = Self.recorded([
      Self.exchange(
        "GET /me", #"{"name":"Ann","apiToken":"abc","note":"eyJhbGci.eyJzdWIi.c2ln"}"#,
        headers: [
          ("Authorization", "Bearer abcdefgh"), ("Cookie", "session=1"), ("X-User-Id", "7"),
          ("User-Agent", "browser"), ("X-Shop-Token", "t"), ("sec-ch-ua", "x"),
          ("Accept", "application/json"), ("X-Custom", "Basic dXNlcjpwYXNz"),
        ])
    ])
    let example = try #require(recorder.examples.first)
    #expect(example.request.headers.map(\.name) == ["X-User-Id", "Accept"])
    #expect(
      example.redacted == [
        "header authorization", "header cookie", "header x-custom", "header x-shop-token",
        "members of the answer",
      ])
    let text = example.json.json
    for secret in ["abcdefgh", "session", "\"abc\"", "eyJ", "dXNl"] {
      #expect(!text.contains(secret), "\(secret) in \(text)")
    }
    #expect(text.contains("(redacted)"))
    // What was redacted is matched by nothing but being there.
    let answer = ComparedResponse(
      status: 200, headers: [.init(name: "content-type", value: "application/json")],
      body: Array(#"{"name":"Bob","apiToken":{"v":1},"note":5}"#.utf8))
    #expect(ContractMatcher.mismatches(example, answer).listed == [])
  }

  @Test func `requests that cannot be sent without secrets are no examples`() {
    let recorder = Self.recorded(
      [
        Self.exchange("GET /login?token=abc", "{}"),
        Self.exchange("GET /reset/s3cr3t", "{}"),
        Self.exchange("POST /login", "{}", sent: #"{"user":"ann","password":"x"}"#),
        Self.exchange(
          "POST /form", "{}", sent: "user=ann&password=x",
          sentType: "application/x-www-form-urlencoded"),
        Self.exchange("POST /upload", "{}", sent: "whatever", sentType: "text/plain"),
        Self.exchange("POST /login", "{}", sent: #"{"user":"#),
        Self.exchange("GET /mails?to=ann", "{}"),
        Self.exchange(
          "POST /form", "{}", sent: "user=ann", sentType: "application/x-www-form-urlencoded"),
      ], redact: ["path:/reset/{token}", "query:to"])
    #expect(recorder.examples.map(\.request.body) == [.text("user=ann")])
    #expect(recorder.outcomes == [.left(.hidden): 5, .left(.unreadable): 2, .added: 1])
  }

  @Test func `what says nothing to clients is left out`() {
    let unanswered = RecordedExchange(startedAt: "", method: "GET", url: "http://shop/a")
    var cut = Self.exchange("GET /a", "")
    cut.response?.body = .digest(BodyDigest([1, 2]))
    let recorder = Self.recorded([
      unanswered, cut, Self.exchange("GET /a", "{}", status: 503),
      Self.exchange("GET /a", "", status: 304), Self.exchange("GET /a", "{"),
      Self.exchange("GET /a", ""), Self.exchange("HEAD /a", ""),
    ])
    #expect(
      recorder.outcomes == [
        .left(.unanswered): 1, .left(.cut): 3, .left(.failed): 1, .left(.conditional): 1,
        .added: 1,
      ])
    let recording = ContractRecording(
      folder: "contracts", files: ["head-a-200.json"], examples: recorder.examples,
      outcomes: recorder.outcomes, unwanted: 2)
    #expect(
      recording.text == """
        head-a-200.json  HEAD /a 200
        contracts: 1 added, 0 of a kind that was there
        left out: 1 without an answer
        left out: 1 answered by a failure (5xx)
        left out: 1 answered by 1xx or 304
        left out: 3 whose answer was not recorded whole, or is no JSON
        left out: 2 that no route or path takes

        """)
  }

  @Test func `the number of examples is bounded`() {
    let recorder = Self.recorded(
      (0...ContractRecorder.limit).map { Self.exchange("GET /page\($0)x", "{}") })
    #expect(recorder.outcomes == [.added: ContractRecorder.limit, .left(.full): 1])
  }

  @Test func `evidence of comparisons is traffic too`() {
    let answer = ShownAnswer(
      status: "200", headers: ["content-type: application/json"],
      body: ["{", "  \"total\": 5", "}"], isCut: false)
    var pair = ShadowPair(
      endpoint: "GET /orders/{id}", request: "GET /orders/4?x=1", comparedAt: 0, legacy: answer,
      extracted: ShownAnswer(
        status: "no answer: deadline", headers: [], body: [], isCut: false), differences: [])
    let legacy = RecordedExchange(pair, .legacy)
    #expect(legacy.target == "/orders/4?x=1")
    pair.legacy.isCut = true
    let recorder = Self.recorded([
      legacy, RecordedExchange(pair, .legacy), RecordedExchange(pair, .extracted),
    ])
    #expect(recorder.outcomes == [.added: 1, .left(.cut): 1, .left(.unanswered): 1])
    #expect(
      recorder.examples.first?.answer.body
        == .json(.object(["total": .integer(5)])))
  }
}
