// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import Testing

@Suite("Rewritten requests")
struct RewritingTests {
  private static func forwarded(_ request: String) -> [String] {
    var driver = ExchangeDriver()
    driver.client(request)
    return driver.upstreamText.components("\r\n")
  }

  @Test("The whole head, in order")
  func order() {
    let lines = Self.forwarded(
      "POST /a?b HTTP/1.1\r\nX-A:  1\t\r\nHost: shop:8080\r\nX-B: 2\r\nContent-Length: 3\r\n\r\n")
    #expect(
      lines == [
        "POST /a?b HTTP/1.1", "host: shop:8080", "X-A: 1", "X-B: 2", "content-length: 3",
        "via: 1.1 strangler", "x-forwarded-for: 192.0.2.1", "x-forwarded-proto: http",
        "x-forwarded-host: shop:8080", "forwarded: for=192.0.2.1;host=\"shop:8080\";proto=http", "",
        "",
      ])
  }

  @Test(
    "Hop-by-hop fields end here",
    arguments: [
      "Connection: close", "Connection: x-a\r\nX-A: 1", "Keep-Alive: timeout=5",
      "Proxy-Connection: x", "TE: gzip", "Trailer: x", "Upgrade: websocket",
      "HTTP2-Settings: x",
    ])
  func hopByHop(_ fields: String) {
    let lines = Self.forwarded("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\nX-B: 2\r\n\r\n")
    let plain = Self.forwarded("GET / HTTP/1.1\r\nHost: a\r\nX-B: 2\r\n\r\n")
    #expect(lines == plain)
    #expect(lines.contains("X-B: 2"))
  }

  @Test("What Connection names is neither passed on nor seen by routing", arguments: [true, false])
  func namedByConnection(_ isNamed: Bool) {
    let workspace = ExchangeWorkspace(limits: MessageLimits(), timeouts: ExchangeTimeouts())
    var exchange = Exchange(workspace)
    let head = Array(
      """
      GET / HTTP/1.1\r\nHost: a\r\nX-User-ID: 7\r\n\
      Connection: \(isNamed ? "x-user-id" : "close")\r\n\r\n
      """.utf8)
    head.withUnsafeBytes { bytes in
      #expect(exchange.nextFromClient(bytes, workspace) == .head)
      let view = workspace.requestView(bytes, clientAddress: bytes)
      let value = FieldLookup.value(of: "x-user-id", in: view.fields, view.bytes)
      #expect(value.map { String(decoding: $0, as: UTF8.self) } == (isNamed ? nil : "7"))
    }
  }

  @Test(
    "Nobody but the proxy says who the client is",
    arguments: [
      "X-Forwarded-For: 10.0.0.1", "x-forwarded-proto: https", "X-Forwarded-Host: b",
      "X-Forwarded-Port: 1", "Forwarded: for=10.0.0.1", "Strangler-Side: extracted",
      "X-Real-IP: 10.0.0.1",
    ])
  func spoofed(_ field: String) {
    let lines = Self.forwarded("GET / HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n")
    #expect(lines == Self.forwarded("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
  }

  @Test("An absolute target overrides Host")
  func absolute() {
    let lines = Self.forwarded("GET http://b:81/c?d HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(lines[0] == "GET /c?d HTTP/1.1")
    #expect(lines[1] == "host: b:81")
    #expect(!lines.contains { $0.contains(": a") })
  }

  @Test("Via of others is kept, and ours is added with the version received")
  func via() {
    let lines = Self.forwarded("GET / HTTP/1.0\r\nVia: 1.1 edge\r\n\r\n")
    #expect(lines.contains("Via: 1.1 edge"))
    #expect(lines.contains("via: 1.0 strangler"))
    #expect(lines[0] == "GET / HTTP/1.1")
  }

  @Test(
    "TE keeps trailers and nothing else", arguments: ["trailers", "gzip, Trailers", "trailers,"])
  func trailersTaken(_ value: String) {
    let lines = Self.forwarded("GET / HTTP/1.1\r\nHost: a\r\nTE: \(value)\r\n\r\n")
    #expect(lines.filter { $0 == "te: trailers" }.count == 1)
    #expect(lines.contains("connection: te"))
    #expect(!lines.contains { $0.contains("gzip") })
    let old = Self.forwarded("GET / HTTP/1.0\r\nTE: trailers\r\n\r\n")
    #expect(!old.contains { $0.hasPrefix("te:") })
  }

  @Test("A body is framed by us, once")
  func framing() {
    let chunked = Self.forwarded(RequestVector.chunked("0\r\n\r\n"))
    #expect(chunked.filter { $0 == "transfer-encoding: chunked" }.count == 1)
    let empty = Self.forwarded("POST / HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(empty.contains("content-length: 0"))
    let get = Self.forwarded("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(!get.contains { $0.hasPrefix("content-length") })
  }
}

extension String {
  func components(_ separator: String) -> [String] {
    split(separator: separator, omittingEmptySubsequences: false).map(String.init)
  }
}
