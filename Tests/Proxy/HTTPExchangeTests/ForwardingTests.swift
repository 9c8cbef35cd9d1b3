// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import Testing

/// Who the client is: said by us, and by those in front of us as far as they are trusted.
@Suite("Forwarding fields")
struct ForwardingTests {
  private static func forwarded(
    _ fields: String, peer: String = "10.0.0.9", isTrusted: Bool = true, isSecure: Bool = false
  ) -> [String] {
    var driver = ExchangeDriver()
    driver.peer = peer
    driver.peerIsTrusted = isTrusted
    driver.peerIsSecure = isSecure
    driver.client("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
    return driver.upstreamText.components("\r\n").filter {
      let name = $0.split(separator: ":").first.map { $0.lowercased() } ?? ""
      return name.hasPrefix("x-") || name == "forwarded"
    }
  }

  @Test("A trusted peer's word stays, and its address is added behind it")
  func appended() {
    let lines = Self.forwarded(
      "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: shop\r\n"
        + "X-Forwarded-Port: 443\r\nX-Real-IP: 192.0.2.7\r\nForwarded: for=192.0.2.7;proto=https\r\n"
        + "x-forwarded-for: 10.0.0.8\r\n")
    #expect(
      lines == [
        "X-Forwarded-Proto: https", "X-Forwarded-Host: shop", "X-Forwarded-Port: 443",
        "X-Real-IP: 192.0.2.7", "x-forwarded-for: 192.0.2.7, 10.0.0.8, 10.0.0.9",
        "forwarded: for=192.0.2.7;proto=https, for=10.0.0.9;host=\"a\";proto=http",
      ])
  }

  @Test("What a trusted peer does not say we say, as to everybody")
  func silent() {
    let expected = [
      "x-forwarded-for: 10.0.0.9", "x-forwarded-proto: http", "x-forwarded-host: a",
      "forwarded: for=10.0.0.9;host=\"a\";proto=http",
    ]
    #expect(Self.forwarded("") == expected)
    #expect(Self.forwarded("X-Forwarded-For:\r\nForwarded:\r\n") == expected)
    #expect(Self.forwarded("X-Forwarded-For: 1.2.3.4\r\n", isTrusted: false) == expected)
  }

  @Test("An encrypted connection is said to be one, an IPv6 address is quoted")
  func secure() {
    let lines = Self.forwarded("", peer: "2001:db8::1", isTrusted: false, isSecure: true)
    #expect(
      lines == [
        "x-forwarded-for: 2001:db8::1", "x-forwarded-proto: https", "x-forwarded-host: a",
        "forwarded: for=\"[2001:db8::1]\";host=\"a\";proto=https",
      ])
  }

  @Test(
    "The client is the nearest address that is not trusted",
    arguments: [
      ("X-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7"),
      ("X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.0.0.8\r\n", "192.0.2.7"),
      ("X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 192.0.2.7\r\n", "192.0.2.7"),
      ("X-Forwarded-For: 192.0.2.7:4711\r\n", "192.0.2.7"),
      ("X-Forwarded-For: [2001:db8::7]:4711, 10.0.0.8\r\n", "2001:db8::7"),
      ("X-Forwarded-For: 2001:db8::7\r\n", "2001:db8::7"),
      ("X-Forwarded-For: 10.0.0.7, 10.0.0.8\r\n", "10.0.0.7"),
      ("X-Forwarded-For: 192.0.2.7, unknown, 10.0.0.8\r\n", "10.0.0.8"),
      ("X-Forwarded-For: nonsense\r\n", "10.0.0.9"), ("X-Forwarded-For:\r\n", "10.0.0.9"),
      ("X-Forwarded-For: ,\r\n", "10.0.0.9"), ("", "10.0.0.9"),
      ("Forwarded: for=192.0.2.7;proto=https, for=10.0.0.8\r\n", "192.0.2.7"),
      ("Forwarded: proto=https; For=\"[2001:db8::7]:80\"\r\n", "2001:db8::7"),
      ("Forwarded: for=_hidden\r\n", "10.0.0.9"), ("Forwarded: proto=https\r\n", "10.0.0.9"),
      ("X-Forwarded-For: 192.0.2.7\r\nForwarded: for=192.0.2.8\r\n", "192.0.2.7"),
    ])
  func client(_ fields: String, _ expected: String) {
    let storage = HeadStorage(capacity: 10)
    var progress = HeadProgress()
    var head = RequestHead()
    let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n".utf8)
    let address = bytes.withUnsafeBytes { bytes in
      _ = RequestHeadParser(limits: MessageLimits())
        .parse(bytes, &progress, into: storage, head: &head)
      return Array("10.0.0.9".utf8).withUnsafeBytes { peer in
        let found = ForwardedClient.address(bytes, storage, peer: peer) { address in
          let text = String(decoding: address, as: UTF8.self)
          return text.contains { $0 == "." || $0 == ":" } ? text.hasPrefix("10.") : nil
        }
        return String(decoding: found, as: UTF8.self)
      }
    }
    #expect(address == expected)
  }

  @Test("Fields that a stranger may not send are gone before routing")
  func removed() {
    let storage = HeadStorage(capacity: 10)
    var progress = HeadProgress()
    var head = RequestHead()
    let text = "GET / HTTP/1.1\r\nX-Internal: 1\r\nHost: a\r\nx-forwarded-for: b\r\nX-C: d\r\n\r\n"
    let names = Array(text.utf8).withUnsafeBytes { bytes in
      _ = RequestHeadParser(limits: MessageLimits())
        .parse(bytes, &progress, into: storage, head: &head)
      #expect(head.hasForwarding)
      storage.removeForwarding()
      storage.removeFields(named: [Array("x-internal".utf8)], of: bytes)
      return storage.view.map { String(decoding: bytes[$0.name], as: UTF8.self) }
    }
    #expect(names == ["Host", "X-C"])
  }

  @Test(
    "A date is written as HTTP wants it",
    arguments: [
      (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
      (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
      (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
      (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
      (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ])
  func date(_ seconds: Int, _ text: String) {
    #expect(HTTPDate.text(unixSeconds: seconds) == text)
  }

  @Test("An answer without a date gets one, an answer with one keeps it")
  func dates() {
    for (field, count) in [("", 1), ("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 0)] {
      var driver = ExchangeDriver()
      driver.workspace.tellDate(unixSeconds: 0)
      driver.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      driver.connect()
      driver.upstream("HTTP/1.1 103 X\r\n\r\nHTTP/1.1 200 OK\r\n\(field)Content-Length: 0\r\n\r\n")
      let lines = driver.clientText.components("\r\n")
      #expect(lines.filter { $0 == "date: Thu, 01 Jan 1970 00:00:00 GMT" }.count == count)
      #expect(lines.filter { $0.lowercased().hasPrefix("date:") }.count == 1)
    }
  }

  @Test("OPTIONS counts its hops, and the proxy that has none left answers")
  func hops() {
    func lines(_ request: String) -> ExchangeDriver {
      var driver = ExchangeDriver()
      driver.client(request)
      return driver
    }
    let counted = lines("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 10\r\n\r\n")
    #expect(counted.upstreamText.contains("\r\nmax-forwards: 9\r\n"))
    #expect(!counted.upstreamText.contains("10"))
    let none = lines("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n")
    #expect(none.refusal == .options)
    #expect(none.upstreamText.isEmpty)
    #expect(none.exchange.isIdle)
    let get = lines("GET / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n")
    #expect(get.upstreamText.contains("Max-Forwards: 0\r\n"))
    #expect(lines("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").refusal == .options)
  }
}
