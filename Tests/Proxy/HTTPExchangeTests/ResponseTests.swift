// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
import Testing

@Suite("Responses")
struct ResponseTests {
  struct Vector: CustomTestStringConvertible {
    let name: String
    var request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    let response: String
    /// What the client gets; nil when the response is refused.
    let client: String?
    var keepsUpstream = true
    var closesClient = false
    var testDescription: String { name }
  }

  private static let old = "GET / HTTP/1.0\r\nHost: a\r\n\r\n"
  private static let head = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
  private static let via = "via: 1.1 strangler\r\n"

  static let vectors: [Vector] = [
    Vector(
      name: "length", response: "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 3\r\n\r\nabc",
      client: "HTTP/1.1 200 OK\r\nA: b\r\ncontent-length: 3\r\n\(via)\r\nabc"),
    Vector(
      name: "empty", response: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      client: "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\(via)\r\n"),
    Vector(
      name: "no reason", response: "HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx",
      client: "HTTP/1.1 200 \r\ncontent-length: 1\r\n\(via)\r\nx"),
    Vector(
      name: "chunked",
      response: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "2;x=y\r\nab\r\n0\r\nT: u\r\n\r\n",
      client: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\(via)\r\n2\r\nab\r\n0\r\n\r\n"),
    Vector(
      name: "trailers for a client that takes them",
      request: "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n",
      response: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n"
        + "2\r\nab\r\n0\r\nT:u\r\nSet-Cookie: a=b\r\nContent-Length: 3\r\nV: w\r\n\r\n",
      client: "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\(via)\r\n"
        + "2\r\nab\r\n0\r\nT: u\r\nV: w\r\n\r\n"),
    Vector(
      name: "trailers for HTTP/1.0", request: "GET / HTTP/1.0\r\nTE: trailers\r\n\r\n",
      response: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nT: u\r\n\r\n",
      client: "HTTP/1.1 200 OK\r\n\(via)connection: close\r\n\r\na", closesClient: true),
    Vector(
      name: "chunked for HTTP/1.0", request: old,
      response:
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
      client: "HTTP/1.1 200 OK\r\n\(via)connection: close\r\n\r\nabc", closesClient: true),
    Vector(
      name: "length for HTTP/1.0 with keep-alive",
      request: "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
      response: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
      client: "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\(via)connection: keep-alive\r\n\r\nx"),
    Vector(
      name: "client asks to close",
      request: "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
      response: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
      client: "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\(via)connection: close\r\n\r\nx",
      closesClient: true),
    Vector(
      name: "upstream closes",
      response: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
      client: "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\(via)\r\nx", keepsUpstream: false),
    Vector(
      name: "hop-by-hop fields",
      response: "HTTP/1.1 200 OK\r\nConnection: x-a\r\nX-A: 1\r\nKeep-Alive: x\r\nX-B: 2\r\n"
        + "Content-Length: 0\r\n\r\n",
      client: "HTTP/1.1 200 OK\r\nX-B: 2\r\ncontent-length: 0\r\n\(via)\r\n"),
    Vector(
      name: "HEAD keeps the length", request: head,
      response: "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n",
      client: "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\(via)\r\n"),
    Vector(
      name: "204 has no length", response: "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
      client: "HTTP/1.1 204 No Content\r\n\(via)\r\n"),
    Vector(
      name: "304 has no body", response: "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n",
      client: "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\(via)\r\n"),
    Vector(
      name: "interim, then final",
      response:
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      client: "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\(via)\r\n"
        + "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\(via)\r\n"),
    Vector(
      name: "100 that nobody waits for is dropped",
      response: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      client: "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\(via)\r\n"),
    Vector(
      name: "bytes behind the answer spoil the connection",
      response: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n",
      client: "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\(via)\r\nx", keepsUpstream: false),
    Vector(name: "no HTTP", response: "hello there, client\r\n\r\n", client: nil),
    Vector(name: "two digits", response: "HTTP/1.1 20 OK\r\n\r\n", client: nil),
    Vector(name: "HTTP/2.0", response: "HTTP/2.0 200 OK\r\n\r\n", client: nil),
    Vector(name: "bare LF", response: "HTTP/1.1 200 OK\nA: b\r\n\r\n", client: nil),
    Vector(name: "switching protocols", response: "HTTP/1.1 101 X\r\n\r\n", client: nil),
    Vector(
      name: "length and coding",
      response: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      client: nil),
    Vector(
      name: "lengths differ",
      response: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", client: nil),
    Vector(
      name: "too many interims", response: String(repeating: "HTTP/1.1 102 X\r\n\r\n", count: 9),
      client: nil),
  ]

  private static func outcome(_ vector: Vector, _ pieces: [String]) -> ExchangeDriver {
    var driver = ExchangeDriver()
    driver.client(vector.request)
    driver.connect()
    for piece in pieces { driver.upstream(piece) }
    return driver
  }

  private static func check(_ driver: ExchangeDriver, _ vector: Vector, _ note: String) {
    if let client = vector.client {
      #expect(driver.clientText == client, "\(note)")
      // Bytes behind an answer count as leftover only when they came with it.
      if vector.keepsUpstream { #expect(driver.log.contains(.kept(upstream: true)), "\(note)") }
      #expect(driver.log.contains(.closed) == vector.closesClient, "\(note)")
    } else {
      #expect(driver.refusal == .upstream(.malformedResponse), "\(note)")
    }
  }

  @Test("Each response is relayed or refused", arguments: vectors)
  func relay(_ vector: Vector) {
    let driver = Self.outcome(vector, [vector.response])
    Self.check(driver, vector, "whole")
    if vector.client != nil {
      #expect(driver.log.contains(.kept(upstream: vector.keepsUpstream)))
    }
  }

  @Test("Where the bytes are split makes no difference", arguments: vectors)
  func split(_ vector: Vector) {
    let bytes = Array(vector.response)
    for position in 1..<bytes.count {
      let pieces = [String(bytes[..<position]), String(bytes[position...])]
      Self.check(Self.outcome(vector, pieces), vector, "split at \(position)")
    }
    Self.check(Self.outcome(vector, bytes.map { String($0) }), vector, "one by one")
  }

  @Test("A body without framing ends with the close")
  func untilClose() {
    var driver = ExchangeDriver()
    driver.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    driver.connect()
    driver.upstream("HTTP/1.1 200 OK\r\n\r\nabc")
    #expect(driver.exchange.marks.relay == .intoChunks)
    #expect(driver.fail(.closedMidResponse) == .completed)
    let completion = driver.exchange.completeResponse(leftover: 0, driver.workspace)
    #expect(!completion.keepsUpstream)
    #expect(completion.client == .next)
  }

  @Test(
    "A body that is cut is never completed",
    arguments: [
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: u\r\n",
    ])
  func cut(_ response: String) {
    var driver = ExchangeDriver(hasFallback: true)
    driver.client("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    driver.connect()
    driver.upstream(response)
    #expect(driver.fail(driver.exchange.meaningOfUpstreamClose) == .abort)
  }
}
