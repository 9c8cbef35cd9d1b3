// SPDX-License-Identifier: Apache-2.0

import ProxyDataPlane
import RoutingDecisions
import Testing

@Suite("Refused requests", .everyTransport, .timeLimit(.minutes(1)))
struct StrictnessTests {
  struct Vector: CustomTestStringConvertible {
    let rule: String
    let request: String
    let status: Int
    var testDescription: String { rule }
  }

  static let vectors = [
    Vector(
      rule: "conflicting-framing",
      request:
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n", status: 400),
    Vector(rule: "bare-line-feed", request: "GET / HTTP/1.1\nHost: a\n\n", status: 400),
    Vector(rule: "missing-host", request: "GET / HTTP/1.1\r\n\r\n", status: 400),
    Vector(
      rule: "field-too-large",
      request: "GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: 100 << 10)
        + "\r\n\r\n", status: 431),
    Vector(
      rule: "request-line-too-long",
      request: "GET /" + String(repeating: "x", count: 9 << 10) + " HTTP/1.1\r\nHost: a\r\n\r\n",
      status: 414),
    Vector(
      rule: "body-too-large", request: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n",
      status: 413),
    Vector(
      rule: "connect-refused", request: "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", status: 501),
    Vector(rule: "trace-refused", request: "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", status: 405),
    Vector(rule: "ambiguous-path", request: "GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n", status: 400),
  ]

  @Test("never reach the origin", arguments: vectors)
  func refused(_ vector: Vector) async throws {
    try await Origin.run(Origin.saying("reached")) { origin in
      let limits = ProxyLimits(requestBody: 1000)
      try await RunningProxy.run(.all(to: origin.port, limits: limits)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(vector.request)
          let response = try #require(try await client.message())
          #expect(response.status == vector.status)
          #expect(response.value("content-type") == "application/problem+json")
          #expect(response.text.contains("\"reason\":\"\(vector.rule)\""))
          #expect(response.value("connection") == "close")
          client.finishSending()
          #expect(try await client.receiveAll() == "")
        }
        let rejections = proxy.server.counters.snapshot().rejections
        #expect(rejections.first { $0.reason == vector.rule }?.count == 1)
      }
      #expect(origin.connections.value == 0)
    }
  }

  @Test("A chunked body over the limit is cut off with 413 and never completed at the origin")
  func chunkedBodyTooLarge() async throws {
    try await Origin.run(Origin.saying("reached")) { origin in
      let limits = ProxyLimits(requestBody: 1000)
      try await RunningProxy.run(.all(to: origin.port, limits: limits)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
          try await client.send("3e8\r\n" + String(repeating: "x", count: 1000) + "\r\n1\r\nx\r\n")
          #expect(try await client.message()?.status == 413)
        }
      }
      #expect(origin.requests.value == 0)
    }
  }

  @Test("A head as large as the configuration allows arrives")
  func largestHead() async throws {
    try await Origin.run(Origin.saying("reached")) { origin in
      let limits = ProxyLimits(field: 400 << 10, head: 512 << 10)
      try await RunningProxy.run(.all(to: origin.port, limits: limits)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          let value = String(repeating: "v", count: 390 << 10)
          try await client.send("GET / HTTP/1.1\r\nHost: a\r\nX: \(value)\r\n\r\n")
          #expect(try await client.message()?.text == "reached")
        }
      }
    }
  }

  @Test("A path that no route takes is 404 and the connection lives on")
  func noRoute() async throws {
    try await Origin.run(Origin.saying("reached")) { origin in
      var configuration = try ProxyConfiguration.all(to: origin.port)
      configuration.routes[0].match.path = try PathTemplate(parsing: "/only")
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(
            "GET /other HTTP/1.1\r\nHost: a\r\n\r\nHEAD /x HTTP/1.1\r\nHost: a\r\n\r\n")
          #expect(try await client.message()?.status == 404)
          #expect(try await client.message(isAnswerToHead: true)?.status == 404)
          try await client.send("GET /only HTTP/1.1\r\nHost: a\r\n\r\n")
          #expect(try await client.message()?.text == "reached")
        }
      }
    }
  }
}
