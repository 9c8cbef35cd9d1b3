// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import Testing

/// What a failed upstream leads to, by method, moment and whether legacy stands behind.
@Suite("Failure decisions")
struct FailureDecisionTests {
  private static func driver(
    _ method: String, body: String = "", hasFallback: Bool = true, connected: Bool = true
  ) -> ExchangeDriver {
    var driver = ExchangeDriver(hasFallback: hasFallback)
    let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
    driver.client("\(method) / HTTP/1.1\r\nHost: a\r\n\(length)\r\n\(body)")
    if connected { driver.connect() }
    return driver
  }

  @Test("A connection that cannot be made is tried three times", arguments: ["GET", "POST"])
  func connect(_ method: String) {
    var driver = Self.driver(method, hasFallback: false, connected: false)
    #expect(driver.fail(.connectFailed) == .reconnect)
    #expect(driver.fail(.connectTimeout) == .reconnect)
    #expect(driver.fail(.connectFailed) == .answer(.upstream(.connectFailed)))
    #expect(driver.exchange.retries == 0)
  }

  @Test("A read that legacy can answer waits for one connection timeout only")
  func hungSide() {
    var read = Self.driver("GET", connected: false)
    #expect(read.fail(.connectTimeout) == .fallBack)
    var write = Self.driver("POST", connected: false)
    #expect(write.fail(.connectTimeout) == .reconnect)
    #expect(write.fail(.connectTimeout) == .reconnect)
    #expect(write.fail(.connectTimeout) == .answer(.upstream(.connectTimeout)))
  }

  @Test(
    "Only a safe method changes sides",
    arguments: [
      ("GET", true), ("HEAD", true), ("OPTIONS", true), ("POST", false), ("PUT", false),
      ("DELETE", false), ("PATCH", false), ("PURGE", false),
    ])
  func sides(_ method: String, _ changes: Bool) {
    for failure in UpstreamFailure.allCases where failure != .unfitRequest {
      var driver = Self.driver(method, connected: !failure.isBeforeSending)
      var recovery = driver.fail(failure)
      while recovery == .retry || recovery == .reconnect {
        if !failure.isBeforeSending { driver.connect() }
        recovery = driver.fail(failure)
      }
      #expect(recovery == (changes ? .fallBack : .answer(.upstream(failure))), "\(failure)")
      #expect(driver.exchange.fellBack == changes)
    }
  }

  @Test("A request at fault itself is refused, not sent elsewhere", arguments: ["GET", "PUT"])
  func unfit(_ method: String) {
    var driver = Self.driver(method, connected: true)
    #expect(driver.fail(.unfitRequest) == .answer(.rejected(.headTooLarge)))
    #expect(!driver.exchange.fellBack)
  }

  @Test(
    "Closed before the answer: an idempotent request goes out once more",
    arguments: [
      ("GET", true), ("HEAD", true), ("PUT", true), ("DELETE", true), ("POST", false),
      ("PATCH", false), ("PURGE", false),
    ])
  func resend(_ method: String, _ isResent: Bool) {
    var driver = Self.driver(method, hasFallback: false)
    let answer = Recovery.answer(.upstream(.closedBeforeResponse))
    #expect(driver.fail(.closedBeforeResponse) == (isResent ? .retry : answer))
    if isResent {
      driver.connect()
      #expect(driver.fail(.closedBeforeResponse) == answer)
    }
  }

  @Test(
    "A request that asks for another method is a write",
    arguments: [
      ("/", "X-HTTP-Method-Override: DELETE", true), ("/", "x-http-method: PUT", true),
      ("/", "X-Method-Override: PATCH", true), ("/?_method=delete", "A: b", true),
      ("/?a=1&%5fmethod=put", "A: b", true), ("/?a;_meth%6Fd=put", "A: b", true),
      ("/?_METHOD=delete", "A: b", true), ("/?%5F%4dethoD=put", "A: b", true),
      ("/?%7fmethod=put", "A: b", false),
      ("/?method=delete&x_method=1&_methods=2", "A: b", false), ("/?_method", "A: b", false),
      ("/?%zzmethod=1&_m%", "X-HTTP-Methods: 1", false), ("/_method=put", "X-Method: 1", false),
    ])
  func overridden(_ target: String, _ field: String, _ isWrite: Bool) {
    for method in ["GET", "PUT"] {
      var driver = ExchangeDriver()
      driver.client("\(method) \(target) HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n")
      driver.connect()
      let recovery = driver.fail(.closedBeforeResponse)
      #expect(
        recovery == (isWrite ? .answer(.upstream(.closedBeforeResponse)) : .retry), "\(method)")
      // It goes on as it came.
      #expect(driver.heads.first?.contains(field) ?? false)
    }
    var driver = ExchangeDriver(hasFallback: true)
    driver.client("GET \(target) HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n")
    #expect(driver.exchange.mayFallBack == !isWrite)
  }

  @Test("A body that is no longer kept is not sent again")
  func bigBody() {
    let limits = MessageLimits(replay: 400)
    for (size, isResent) in [(10, true), (1000, false)] {
      var driver = ExchangeDriver(limits: limits)
      let body = String(repeating: "x", count: size)
      driver.client("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
      driver.connect()
      driver.client(body)
      #expect(driver.exchange.isReplayable == isResent)
      #expect((driver.fail(.closedBeforeResponse) == .retry) == isResent)
    }
  }

  @Test("A byte of answer forbids another try on the same side")
  func partialHead() {
    var driver = Self.driver("GET", hasFallback: false)
    driver.upstream("HTTP/1.1 2")
    #expect(driver.exchange.meaningOfUpstreamClose == .closedMidResponse)
    #expect(driver.fail(.closedMidResponse) == .answer(.upstream(.closedMidResponse)))
  }

  @Test("Legacy that fails too is the end")
  func bothFail() {
    var driver = Self.driver("GET")
    #expect(driver.fail(.responseTimeout) == .fallBack)
    driver.connect()
    #expect(driver.fail(.responseTimeout) == .answer(.upstream(.responseTimeout)))
  }

  @Test("What legacy answers in place of the extracted side is marked")
  func mark() {
    var driver = Self.driver("GET")
    #expect(driver.fail(.stalled) == .fallBack)
    driver.connect()
    driver.upstream("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    #expect(driver.clientText.contains("strangler-fallback: legacy\r\n"))
  }

  @Test("An interim answer that was passed on forbids to change sides")
  func afterInterim() {
    var driver = Self.driver("GET")
    driver.upstream("HTTP/1.1 103 Early Hints\r\n\r\n")
    #expect(driver.fail(.closedMidResponse) == .answer(.upstream(.closedMidResponse)))
  }

  @Test("A failure between requests concerns nobody")
  func idle() {
    var driver = ExchangeDriver()
    #expect(driver.fail(.closedBeforeResponse) == .none)
  }
}
