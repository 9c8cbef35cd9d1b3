// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import Testing

/// Pipelining, back-pressure, half-close, drain and time.
@Suite("Connection decisions")
struct ConnectionDecisionTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
  private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  @Test("Pipelined requests are answered one after the other")
  func pipelined() {
    var driver = ExchangeDriver()
    driver.client("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(!driver.upstreamText.contains("/2"))
    driver.connect()
    driver.upstream(Self.ok)
    #expect(driver.upstreamText.contains("GET /2"))
    driver.connect()
    driver.upstream(Self.ok)
    #expect(driver.clientText.components("ok").count == 3)
    #expect(driver.exchange.isIdle)
  }

  @Test("No body byte is taken before the upstream is ready and while it is full")
  func upstreamPressure() {
    var driver = ExchangeDriver()
    driver.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
    #expect(driver.upstreamText.hasSuffix("\r\n\r\n"))
    driver.connect()
    #expect(driver.upstreamText.hasSuffix("abc"))
    driver.exchange.upstreamWritability(false, driver.workspace)
    driver.client("def")
    #expect(driver.upstreamText.hasSuffix("abc"))
    driver.exchange.upstreamWritability(true, driver.workspace)
    driver.pumpClient()
    #expect(driver.upstreamText.hasSuffix("abcdef"))
  }

  @Test("No body byte is taken from the upstream while the client is full")
  func clientPressure() {
    var driver = ExchangeDriver()
    driver.client(Self.get)
    driver.connect()
    driver.upstream("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
    driver.exchange.clientWritability(false, driver.workspace)
    driver.upstream("cd")
    #expect(driver.clientText.hasSuffix("ab"))
    driver.exchange.clientWritability(true, driver.workspace)
    driver.pumpUpstream()
    #expect(driver.clientText.hasSuffix("abcd"))
  }

  @Test("An early answer ends both connections, because the request was not read")
  func earlyAnswer() {
    var driver = ExchangeDriver()
    driver.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
    driver.connect()
    driver.upstream(Self.ok)
    #expect(driver.log.suffix(2) == [.kept(upstream: false), .closed])
    driver.client("def")
    #expect(driver.upstreamText.hasSuffix("abc"))
  }

  @Test("What is drained after the last answer is bounded, the refused head included")
  func linger() {
    var driver = ExchangeDriver(limits: MessageLimits(linger: 35))
    driver.client("GET / HTTP/1.1\r\nHost:\r\n\r\n")
    driver.client("0123456789")
    #expect(driver.log.filter { $0 == .closed }.count == 1)
    driver.client("x")
    #expect(driver.log.filter { $0 == .closed }.count == 2)
  }

  @Test("A half-closed client gets its answer; one that left early gets none")
  func halfClose() {
    var driver = ExchangeDriver()
    driver.client(Self.get)
    let closesNow = driver.exchange.clientInputEnded()
    #expect(!closesNow)
    driver.connect()
    driver.upstream(Self.ok)
    #expect(driver.clientText.contains("connection: close\r\n"))
    var early = ExchangeDriver()
    early.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
    early.endClient()
    #expect(early.log.last != .closed, "the body may still have to pass")
    early.connect()
    #expect(early.log.last == .closed)
    var idle = ExchangeDriver()
    idle.endClient()
    #expect(idle.log == [.closed])
    var partial = ExchangeDriver()
    partial.client("GET / HTTP/1.1\r\nHo")
    partial.endClient()
    #expect(partial.log == [.closed])
  }

  @Test("All requests sent before the client's end are answered, and the last answer says so")
  func pipelinedHalfClose() {
    var driver = ExchangeDriver()
    driver.client(Self.get + Self.get)
    driver.endClient()
    driver.connect()
    driver.upstream(Self.ok)
    #expect(!driver.clientText.contains("connection: close"))
    #expect(!driver.log.contains(.closed))
    driver.connect()
    driver.upstream(Self.ok)
    #expect(driver.clientText.components("connection: close").count == 2)
    #expect(driver.log.last == .closed)
  }

  @Test("A body that comes slower than its least rate is 408; waiting for the upstream is no fault")
  func rate() {
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n"
    let limits = MessageLimits(bodyRate: 10)
    func driver(_ first: Int, _ second: Int) -> ExchangeDriver {
      var driver = ExchangeDriver(limits: limits, timeouts: ExchangeTimeouts(bodyIdle: 60_000))
      driver.client(head)
      driver.connect()
      driver.workspace.now += 20_000
      #expect(driver.exchange.expire(driver.workspace) == .none, "no byte yet: that is idleness")
      driver.client(String(repeating: "x", count: first))
      driver.workspace.now += 9_999
      driver.client(String(repeating: "x", count: second))
      #expect(driver.exchange.expire(driver.workspace) == .none)
      driver.workspace.now += 1
      return driver
    }
    var slow = driver(50, 49)
    #expect(slow.exchange.nextDeadline == slow.workspace.now)
    #expect(slow.exchange.expire(slow.workspace) == .answer(.requestTimeout))
    var steady = driver(50, 50)
    #expect(steady.exchange.expire(steady.workspace) == .none)
    steady.workspace.now += 10_000
    #expect(steady.exchange.expire(steady.workspace) == .answer(.requestTimeout))
    var answered = driver(1, 1)
    answered.upstream("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
    #expect(answered.exchange.expire(answered.workspace) == .none)
    var held = driver(1, 1)
    held.exchange.upstreamWritability(false, held.workspace)
    #expect(held.exchange.expire(held.workspace) == .none)
  }

  @Test("Drain lets the answer at hand be the last, and an idle connection live briefly")
  func drain() {
    var driver = ExchangeDriver()
    driver.client(Self.get)
    driver.exchange.drain(driver.workspace)
    driver.connect()
    driver.upstream(Self.ok)
    #expect(driver.clientText.contains("connection: close\r\n"))
    #expect(driver.log.last == .closed)
    var idle = ExchangeDriver()
    idle.exchange.drain(idle.workspace)
    #expect(idle.exchange.expire(idle.workspace) == .none)
    idle.workspace.now += idle.workspace.timeouts.drainQuiet
    #expect(idle.exchange.expire(idle.workspace) == .close)
  }

  @Test("Expect: 100-continue is passed on and its answer comes back")
  func expectContinue() {
    var driver = ExchangeDriver()
    driver.client(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    #expect(driver.upstreamText.contains("Expect: 100-continue\r\n"))
    driver.connect()
    driver.upstream("HTTP/1.1 100 Continue\r\n\r\n")
    #expect(driver.clientText.hasPrefix("HTTP/1.1 100 Continue\r\n"))
    driver.client("hi")
    driver.upstream(Self.ok)
    #expect(driver.clientText.hasSuffix("ok"))
  }

  @Test("The last answer has the time its reader needs; only then the close is waited for")
  func delivery() {
    let timeouts = ExchangeTimeouts(bodyIdle: 100, linger: 2)
    var driver = ExchangeDriver(timeouts: timeouts)
    driver.client("GET / HTTP/1.1\r\nHost:\r\n\r\n")
    let closesUndelivered = driver.exchange.clientInputEnded()
    #expect(!closesUndelivered)
    driver.workspace.now += 50
    driver.exchange.clientWritability(true, driver.workspace)
    driver.workspace.now += 99
    #expect(driver.exchange.expire(driver.workspace) == .none)
    driver.exchange.answerDelivered(driver.workspace)
    driver.workspace.now += 1
    #expect(driver.exchange.expire(driver.workspace) == .none)
    driver.workspace.now += 1
    #expect(driver.exchange.expire(driver.workspace) == .close)
    let closesDelivered = driver.exchange.clientInputEnded()
    #expect(closesDelivered)
  }

  private static let timeouts = ExchangeTimeouts(
    connect: 1, requestHead: 2, responseHead: 3, bodyIdle: 4, clientIdle: 5, total: 1000)

  private static func expiry(
    after wait: UInt64, _ prepare: (inout ExchangeDriver) -> Void
  ) -> Expiry {
    var driver = ExchangeDriver(timeouts: timeouts)
    prepare(&driver)
    driver.workspace.now += wait - 1
    #expect(driver.exchange.expire(driver.workspace) == .none)
    driver.workspace.now += 1
    return driver.exchange.expire(driver.workspace)
  }

  @Test("Each wait has its own limit and its own answer")
  func deadlines() {
    let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n"
    #expect(Self.expiry(after: 5) { _ in } == .close)
    #expect(Self.expiry(after: 2) { $0.client("GET") } == .answer(.requestTimeout))
    #expect(Self.expiry(after: 1) { $0.client(Self.get) } == .upstream(.connectTimeout))
    #expect(
      Self.expiry(after: 3) {
        $0.client(Self.get)
        $0.connect()
      } == .upstream(.responseTimeout))
    #expect(
      Self.expiry(after: 4) {
        $0.client(post)
        $0.connect()
      } == .answer(.requestTimeout))
    #expect(
      Self.expiry(after: 4) {
        $0.client(post)
        $0.connect()
        $0.exchange.upstreamWritability(false, $0.workspace)
      } == .upstream(.stalled))
    #expect(
      Self.expiry(after: 4) {
        $0.client(Self.get)
        $0.connect()
        $0.upstream("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
      } == .abort)
  }

  @Test("The total ends an exchange that keeps moving, and legacy is not asked any more")
  func total() {
    var driver = ExchangeDriver(
      timeouts: ExchangeTimeouts(responseHead: 0, total: 10), hasFallback: true)
    driver.client(Self.get)
    driver.connect()
    driver.workspace.now += 10
    #expect(driver.exchange.expire(driver.workspace) == .upstream(.stalled))
    #expect(driver.fail(.stalled) == .answer(.upstream(.stalled)))
  }
}
