// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import Testing

/// The duties of an HTTP intermediary, one after the other, each with the words of the design.
@Suite("Duties of an intermediary")
struct ChecklistTests {
  struct Refusal: CustomTestStringConvertible {
    let duty: String
    let requests: [String]
    let status: Int
    var testDescription: String { "\(duty): \(status)" }

    init(_ duty: String, _ status: Int, _ requests: String...) {
      self.duty = duty
      self.status = status
      self.requests = requests
    }
  }

  private static func get(_ fields: String) -> String { RequestVector.get(fields) }
  private static func line(_ line: String) -> String { "\(line)\r\nHost: a\r\n\r\n" }

  static let refusals = [
    Refusal("CRLF only: bare LF", 400, "GET / HTTP/1.1\nHost: a\n\n", get("A: b\n")),
    Refusal("CRLF only: bare CR", 400, get("A: b\rc\r\n")),
    Refusal("NUL and CTL", 400, get("A: b\0\r\n"), get("A: \u{7f}\r\n"), get("A\u{1}: b\r\n")),
    Refusal("exactly one SP in the request line", 400, line("GET  / HTTP/1.1"), line("GET /")),
    Refusal("HTTP/1.0 or 1.1", 505, line("GET / HTTP/1.2"), line("GET / HTTP/2.0")),
    Refusal("no space before the colon", 400, get("A : b\r\n")),
    Refusal("no obs-fold in requests", 400, get("A: b\r\n c\r\n")),
    Refusal("token names", 400, get("a b: c\r\n"), get("a(b: c\r\n"), get(": c\r\n")),
    Refusal(
      "exactly one valid Host on 1.1", 400, "GET / HTTP/1.1\r\n\r\n", get("Host: a\r\n"),
      "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
    Refusal(
      "userinfo or # in target", 400, line("GET http://u@a/ HTTP/1.1"), line("GET /#a HTTP/1.1")),
    Refusal("the right code: target", 414, line("GET /" + text(9000) + " HTTP/1.1")),
    Refusal("the right code: field", 431, get("A: " + text(17_000) + "\r\n")),
    Refusal("the right code: field block", 431, get(String(repeating: "A: b\r\n", count: 101))),
    Refusal(
      "the right code: body", 413, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n"),
    Refusal(
      "Transfer-Encoding together with Content-Length", 400,
      get("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n")),
    Refusal(
      "the only accepted coding is a single chunked", 400, get("Transfer-Encoding: gzip\r\n"),
      get("Transfer-Encoding: chunked, chunked\r\n")),
    Refusal(
      "chunked on 1.1 only", 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    Refusal(
      "Content-Length digits only", 400, get("Content-Length: +3\r\n"),
      get("Content-Length: 3,3\r\n")),
    Refusal("differing duplicates", 400, get("Content-Length: 3\r\nContent-Length: 4\r\n")),
    Refusal(
      "chunk sizes bounded and checked", 400, RequestVector.chunked("fffffffffffffffff\r\n"),
      RequestVector.chunked("-1\r\n")),
    Refusal(
      "extensions parsed strictly", 400, RequestVector.chunked("1;\r\nx\r\n"),
      RequestVector.chunked("1;a=\"b\r\nx\r\n")),
    Refusal("a lookalike header is rejected", 400, get("Transfer_Encoding: chunked\r\n")),
    Refusal(
      "refuse Connection naming end-to-end or security headers", 400, get("Connection: Host\r\n"),
      get("Connection: Authorization\r\n"), get("Connection: close, X-Forwarded-For\r\n")),
    Refusal(
      "detect loops", 508,
      get("Via: " + [String](repeating: "1.1 strangler", count: 8).joined(separator: ", ") + "\r\n")
    ),
    Refusal("TRACE 405", 405, line("TRACE / HTTP/1.1")),
    Refusal("CONNECT refused", 501, line("CONNECT a:443 HTTP/1.1")),
    Refusal("unknown expectations", 417, get("Expect: more\r\n")),
  ]

  private static func text(_ count: Int) -> String { String(repeating: "x", count: count) }

  private static func driver(_ request: String) -> ExchangeDriver {
    var driver = ExchangeDriver(limits: MessageLimits(body: 1000))
    driver.client(request)
    if driver.exchange.isActive { driver.connect() }
    return driver
  }

  @Test("is refused with its status, closes, and nothing behind it is read", arguments: refusals)
  func refusal(_ refusal: Refusal) {
    for request in refusal.requests {
      var driver = Self.driver(request)
      #expect(driver.refusal?.status == refusal.status, "\(request)")
      #expect(driver.exchange.isLingering, "\(request)")
      let before = driver.upstreamText
      driver.client("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(driver.upstreamText == before, "\(request)")
    }
  }

  @Test("Requests are re-serialised, never passed through")
  func reserialised() {
    let text = Self.driver(Self.get("a:b\r\nC:\t d \t\r\n")).upstreamText
    #expect(text.contains("\r\na: b\r\nC: d\r\n"))
  }

  @Test("absolute-form overrides Host")
  func absoluteForm() {
    let text = Self.driver(Self.line("GET http://b/ HTTP/1.1")).upstreamText
    #expect(text.hasPrefix("GET / HTTP/1.1\r\nhost: b\r\n"))
  }

  @Test(
    "strip Connection and what it names, Keep-Alive, Proxy-Connection, TE, Trailer, Upgrade",
    arguments: [
      "Connection: x-a\r\nX-A: 1", "Keep-Alive: 1", "Proxy-Connection: close", "TE: gzip",
      "Trailer: a", "Upgrade: h2c\r\nConnection: upgrade", "HTTP2-Settings: a",
    ])
  func hopByHop(_ fields: String) {
    #expect(
      Self.driver(Self.get(fields + "\r\n")).upstreamText == Self.driver(Self.get("")).upstreamText)
  }

  @Test("1xx, 204, 304 and HEAD have no body", arguments: ["204 No Content", "304 Not Modified"])
  func noBody(_ status: String) {
    var driver = Self.driver(Self.get(""))
    driver.upstream("HTTP/1.1 103 X\r\n\r\nHTTP/1.1 \(status)\r\n\r\n")
    #expect(driver.log.contains(.kept(upstream: true)))
    var head = Self.driver(Self.line("HEAD / HTTP/1.1"))
    head.upstream("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
    #expect(head.log.contains(.kept(upstream: true)))
  }

  @Test("read-to-close then re-chunk")
  func rechunk() {
    var driver = Self.driver(Self.get(""))
    driver.upstream("HTTP/1.1 200 OK\r\n\r\nabc")
    #expect(driver.exchange.marks.relay == .intoChunks)
    #expect(driver.clientText.contains("transfer-encoding: chunked"))
  }

  @Test("103 forwarded to 1.1 clients")
  func earlyHints() {
    for (version, count) in [("1.1", 1), ("1.0", 0)] {
      var driver = Self.driver(Self.line("GET / HTTP/\(version)"))
      driver.upstream("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 X\r\n\r\n")
      #expect(driver.clientText.components("Early Hints").count == count + 1)
    }
  }
}
