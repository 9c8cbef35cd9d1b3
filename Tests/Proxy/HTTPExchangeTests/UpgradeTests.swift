// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import Testing

/// Another protocol on the same connection: offered on purpose, tunnelled only after a 101.
@Suite("Upgrades")
struct UpgradeTests {
  private static func request(_ fields: String) -> String {
    "GET /chat HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
  }
  private static let offer = request("Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n")
  private static let switching =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    + "Sec-WebSocket-Accept: x\r\n\r\n"

  private static func tunnel(_ timeouts: ExchangeTimeouts = .init()) -> ExchangeDriver {
    var driver = ExchangeDriver(timeouts: timeouts)
    driver.client(offer)
    driver.connect()
    driver.upstream(switching)
    return driver
  }

  @Test("The offer is said anew, the first protocol that is permitted alone")
  func offered() {
    for value in ["websocket", "WebSocket", "h2c, websocket", "tls/1.0 , websocket, h2c"] {
      var driver = ExchangeDriver()
      driver.client(
        Self.request("Upgrade: \(value)\r\nX-A: 1\r\nConnection: upgrade, http2-settings\r\n"))
      let lines = driver.upstreamText.components("\r\n").map { $0.lowercased() }
      #expect(lines.filter { $0 == "upgrade: websocket" }.count == 1)
      #expect(lines.filter { $0.hasPrefix("connection:") } == ["connection: upgrade"])
      #expect(!driver.upstreamText.contains("h2c"))
    }
    var both = ExchangeDriver()
    both.client(Self.request("TE: trailers\r\nUpgrade: websocket\r\nConnection: te, upgrade\r\n"))
    #expect(both.upstreamText.contains("te: trailers\r\nconnection: te, upgrade\r\n"))
  }

  @Test(
    "An offer that is not permitted, not whole or ambiguous is dropped and the rest goes on",
    arguments: [
      request("Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n"),
      request("Upgrade: websocket\r\n"), request("Connection: Upgrade\r\n"),
      request("Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: websocket\r\n"),
      request("Connection: Upgrade\r\nUpgrade: websocketx\r\n"),
      "GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + "Content-Length: 1\r\n\r\nx",
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ])
  func dropped(_ request: String) {
    var driver = ExchangeDriver()
    driver.client(request)
    driver.connect()
    #expect(driver.refusal == nil)
    let text = driver.upstreamText.lowercased()
    #expect(text.contains("via: 1."))
    #expect(!text.contains("upgrade") && !text.contains("http2-settings"))
    // Whoever switches all the same is not believed.
    driver.upstream(Self.switching)
    #expect(driver.refusal == .upstream(.malformedResponse))
    #expect(!driver.exchange.isTunnel)
  }

  @Test(
    "A 101 that does not name exactly one protocol is no answer",
    arguments: [
      "HTTP/1.1 101 X\r\n\r\n", "HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n",
      "HTTP/1.1 101 X\r\nConnection: upgrade\r\n\r\n",
      "HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: a, b\r\n\r\n",
    ])
  func vague(_ response: String) {
    var driver = ExchangeDriver()
    driver.client(Self.offer)
    driver.connect()
    driver.upstream(response)
    #expect(driver.refusal == .upstream(.malformedResponse))
  }

  @Test("Bytes pass both ways unread, and not one before the 101")
  func tunnel() {
    var driver = ExchangeDriver()
    driver.client(Self.offer + "GET /early HTTP/1.1\r\n\0")
    driver.connect()
    #expect(!driver.upstreamText.contains("/early"))
    driver.upstream(Self.switching + "hello\0")
    #expect(
      driver.clientText == "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\n"
        + "via: 1.1 strangler\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nhello\0")
    #expect(driver.upstreamText.hasSuffix("\r\n\r\nGET /early HTTP/1.1\r\n\0"))
    driver.client("\u{1}\u{2}")
    #expect(driver.upstreamText.hasSuffix("\u{1}\u{2}"))
  }

  @Test("Without a 101 the next bytes are the next request")
  func refusedUpgrade() {
    var driver = ExchangeDriver()
    driver.client(Self.offer + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
    driver.connect()
    driver.upstream("HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n")
    #expect(driver.upstreamText.contains("GET /next HTTP/1.1\r\nhost: a\r\n"))
    #expect(!driver.exchange.isTunnel)
  }

  @Test("The side that is full holds back the other")
  func backPressure() {
    var driver = Self.tunnel()
    driver.exchange.upstreamWritability(false, driver.workspace)
    driver.client("abc")
    #expect(!driver.upstreamText.hasSuffix("abc"))
    driver.exchange.upstreamWritability(true, driver.workspace)
    driver.pumpClient()
    #expect(driver.upstreamText.hasSuffix("abc"))
    driver.exchange.clientWritability(false, driver.workspace)
    driver.upstream("def")
    #expect(!driver.clientText.hasSuffix("def"))
    driver.exchange.clientWritability(true, driver.workspace)
    driver.pumpUpstream()
    #expect(driver.clientText.hasSuffix("def"))
  }

  @Test("Each way ends on its own; the second end closes")
  func halfClose() {
    var client = Self.tunnel()
    let closes = client.exchange.clientInputEnded()
    #expect(!closes)
    client.pumpClient()
    client.pumpClient()
    #expect(client.log.filter { $0 == .finishedUpstream }.count == 1)
    client.upstream("late")
    #expect(client.clientText.hasSuffix("late"))
    #expect(client.fail(.closedMidResponse) == .finishClient)

    var upstream = Self.tunnel()
    #expect(upstream.fail(.closedMidResponse) == .finishClient)
    upstream.client("late")
    #expect(upstream.upstreamText.hasSuffix("late"))
    _ = upstream.exchange.clientInputEnded()
    upstream.pumpClient()
    #expect(upstream.log.last != .closed, "what was sent to the client must arrive first")
    upstream.exchange.answerDelivered(upstream.workspace)
    upstream.pumpClient()
    #expect(upstream.log.last == .closed)
  }

  @Test("A tunnel has a time of its own, and after the first end that of a body")
  func idle() {
    let timeouts = ExchangeTimeouts(responseHead: 3, bodyIdle: 10, tunnel: 100, total: 50)
    var driver = Self.tunnel(timeouts)
    driver.workspace.now += 99
    #expect(driver.exchange.expire(driver.workspace) == .none)
    driver.client("x")
    driver.workspace.now += 99
    #expect(driver.exchange.expire(driver.workspace) == .none)
    driver.workspace.now += 1
    #expect(driver.exchange.expire(driver.workspace) == .close)
    var ending = Self.tunnel(timeouts)
    _ = ending.fail(.closedMidResponse)
    ending.workspace.now += 10
    #expect(ending.exchange.expire(ending.workspace) == .close)
  }
}
