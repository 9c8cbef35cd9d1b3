// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import Testing

/// Fields behind the last chunk: passed on where somebody takes them, judged one by one.
@Suite("Trailers")
struct TrailerTests {
  private static func forwarded(
    _ trailers: String, limits: MessageLimits = MessageLimits(), pieces size: Int = .max
  ) -> ExchangeDriver {
    var driver = ExchangeDriver(limits: limits)
    let request = Array(RequestVector.chunked("1\r\nx\r\n0\r\n\(trailers)\r\n").utf8)
    var start = 0
    while start < request.count {
      let end = start + min(size, request.count - start)
      driver.client(Array(request[start..<end]))
      if driver.exchange.isActive { driver.connect() }
      start = end
    }
    return driver
  }

  @Test(
    "A trailer that frames, routes, conditions or authenticates is dropped",
    arguments: [
      "Transfer-Encoding: chunked", "Content-Length: 3", "Host: b", "Connection: close", "TE: x",
      "Trailer: x", "Upgrade: x", "Authorization: Basic eA==", "Cookie: a=b", "Set-Cookie: a=b",
      "If-Match: *", "Range: bytes=0-1", "Content-Type: text/plain", "Content-Encoding: gzip",
      "Cache-Control: no-store", "Expect: 100-continue", "Via: 1.1 a", "X-Forwarded-For: 10.0.0.1",
      "Forwarded: for=10.0.0.1", "Strangler-Side: extracted", "Location: /", "Max-Forwards: 1",
      "Proxy-Authorization: x", "WWW-Authenticate: x", "Keep-Alive: x", "Date: x", "Vary: x",
    ])
  func forbidden(_ field: String) {
    let driver = Self.forwarded("X-Sum: 1\r\n\(field)\r\nX-End: 2\r\n")
    #expect(driver.refusal == nil)
    #expect(driver.upstreamText.hasSuffix("0\r\nX-Sum: 1\r\nX-End: 2\r\n\r\n"))
  }

  @Test("Without a field that may pass the section is empty, and the connection goes on")
  func nothingLeft() {
    var driver = Self.forwarded("Host: b\r\n")
    #expect(driver.upstreamText.hasSuffix("\r\n\r\n1\r\nx\r\n0\r\n\r\n"))
    #expect(driver.exchange.requestIsComplete)
    driver.upstream("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    driver.client("GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(driver.upstreamText.contains("GET /next"))
  }

  @Test("Limits of the section are exact and independent of the split: 431")
  func limits() {
    let limits = MessageLimits(fieldCount: 3, chunkOverhead: 40)
    let cases: [(trailers: String, isRefused: Bool)] = [
      ("a: " + String(repeating: "x", count: 35) + "\r\n", false),
      ("a: " + String(repeating: "x", count: 38) + "\r\n", true),
      ("a: b\r\na: b\r\na: b\r\n", false), ("a: b\r\na: b\r\na: b\r\na: b\r\n", true),
    ]
    for (trailers, isRefused) in cases {
      for size in 1...60 {
        let driver = Self.forwarded(trailers, limits: limits, pieces: size)
        let refusal: Problem? = isRefused ? .rejected(.trailersTooLarge) : nil
        #expect(driver.refusal == refusal, "\(trailers) in pieces of \(size)")
      }
    }
    #expect(Rejection.trailersTooLarge.status == 431)
  }

  @Test("An answer with a malformed trailer is cut, not completed")
  func malformedAnswer() {
    var driver = ExchangeDriver()
    driver.client("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n")
    driver.connect()
    driver.upstream("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nno colon\r\n\r\n")
    #expect(driver.clientText.hasSuffix("\r\n\r\n0\r\n"))
    #expect(driver.log.last == .closed)
  }

  @Test("Trailers count for what may be sent a second time")
  func replay() {
    let large = "A: " + String(repeating: "x", count: 4000) + "\r\n"
    #expect(Self.forwarded(large).exchange.isReplayable)
    let small = MessageLimits(replay: 4000)
    #expect(!Self.forwarded(large, limits: small).exchange.isReplayable)
  }
}
