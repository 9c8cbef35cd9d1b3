// SPDX-License-Identifier: Apache-2.0

import ProxyDataPlane
import RoutingDecisions
import Testing

@Suite("Half-closed clients", .everyTransport, .timeLimit(.minutes(1)))
struct HalfCloseTests {
  private static let echo = Origin.answering { request in
    let text = request.startLine.split(separator: " ")[1] + request.text
    return "HTTP/1.1 200 OK\r\ncontent-length: \(text.utf8.count)\r\n\r\n\(text)"
  }

  @Test("Every request sent before the end is answered, in order")
  func pipelined() async throws {
    try await Origin.run(Self.echo) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          let requests = (1...5).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }
          try await client.send(requests.joined())
          client.finishSending()
          for number in 1...5 { #expect(try await client.message()?.text == "/\(number)") }
          #expect(try await client.receiveAll() == "")
        }
      }
      #expect(origin.requests.value == 5)
    }
  }

  @Test("A request whose body came whole before the end arrives whole")
  func upload() async throws {
    try await Origin.run(Self.echo) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        for _ in 0..<20 {
          try await Loopback.connect(proxy.port) { client in
            try await client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
            client.finishSending()
            #expect(try await client.message()?.text == "/aabc")
          }
        }
      }
      #expect(origin.requests.value == 20)
    }
  }

  @Test(
    "A request that is not whole is dropped with its connection",
    arguments: [
      "GET / HTTP/1.1\r\nHo", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nT: u\r\n",
    ])
  func partial(_ request: String) async throws {
    try await Origin.run(Self.echo) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(request)
          client.finishSending()
          #expect(try await client.receiveAll() == "")
        }
        // A request whose head was whole had a connection on its way.
        while request.hasPrefix("POST"), origin.connections.value == 0 { try await letOthersRun() }
      }
      #expect(origin.requests.value == 0)
    }
  }
}
