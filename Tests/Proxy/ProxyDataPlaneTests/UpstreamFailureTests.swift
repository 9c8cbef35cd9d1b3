// SPDX-License-Identifier: Apache-2.0

import ProxyDataPlane
import RoutingDecisions
import Testing

@Suite("Upstreams that fail", .everyTransport, .timeLimit(.minutes(1)))
struct UpstreamFailureTests {
  private static let get = "GET /orders/1 HTTP/1.1\r\nHost: a\r\n\r\n"
  private static let post = "POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"

  /// A port where nobody listens: an origin had it and is gone.
  /// Nobody listens there (tcpmux), and no other test is ever given it.
  private static let deadPort = 1

  @Test("Nobody listens: 502 with a problem that names the upstream, and the connection lives on")
  func refused() async throws {
    let port = Self.deadPort
    try await RunningProxy.run(.all(to: port)) { proxy in
      try await Loopback.connect(proxy.port) { client in
        for _ in 0..<2 {
          try await client.send(Self.get)
          let response = try #require(try await client.message())
          #expect(response.status == 502)
          #expect(response.text.contains("\"upstream\":\"legacy\""))
          #expect(response.text.contains("\"reason\":\"connect-failed\""))
        }
      }
    }
  }

  @Test("A second endpoint takes over from a dead one, for writes too: nothing was sent yet")
  func otherEndpoint() async throws {
    let dead = Self.deadPort
    try await Origin.run(Origin.saying("alive")) { origin in
      try await RunningProxy.run(.all(to: dead, origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          for _ in 0..<4 {
            try await client.send(Self.post)
            #expect(try await client.message()?.text == "alive")
          }
        }
        let counted = proxy.server.counters.snapshot()
        #expect(counted.upstreamFailures.contains { $0.reason == "connect-failed" && $0.count > 0 })
        #expect(counted.retries.allSatisfy { $0.count == 0 })
      }
      #expect(origin.requests.value == 4)
    }
  }

  @Test("Closed between requests: every safe request is answered")
  func closedBetweenRequests() async throws {
    let once: Origin.Behaviour = { connection, requests in
      // Promises to keep the connection, answers, and closes when the next request comes.
      guard try await connection.message() != nil else { return }
      requests.add()
      try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
      _ = try await connection.message()
    }
    try await Origin.run(once) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          for _ in 0..<20 {
            try await client.send(Self.get)
            #expect(try await client.message()?.text == "ok")
          }
        }
      }
      #expect(origin.requests.value == 20)
    }
  }

  @Test("Closed after a write was sent: 502, and it is not sent again")
  func writeIsNotResent() async throws {
    let deaf: Origin.Behaviour = { connection, requests in
      if try await connection.message() != nil { requests.add() }
    }
    try await Origin.run(deaf) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(Self.post)
          let response = try #require(try await client.message())
          #expect(response.status == 502)
          #expect(response.text.contains("closed-before-response"))
        }
      }
      #expect(origin.requests.value == 1)
    }
  }

  @Test("Killed within its answer: the client sees the cut, not a complete answer")
  func killedMidResponse() async throws {
    let dying: Origin.Behaviour = { connection, _ in
      _ = try await connection.message()
      try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this")
    }
    try await Origin.run(dying) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        await #expect(throws: WireError.self) {
          try await Loopback.connect(proxy.port) { client in
            try await client.send(Self.get)
            _ = try await client.message()
          }
        }
      }
    }
  }

  @Test(
    "The answer is not HTTP: 502",
    arguments: [
      "nonsense\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ])
  func malformed(_ answer: String) async throws {
    try await Origin.run(Origin.answering { _ in answer }) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(Self.get)
          let response = try #require(try await client.message())
          #expect(response.status == 502)
          #expect(response.text.contains("malformed-response"))
        }
      }
    }
  }

  @Test("The extracted side is dead: legacy answers safe requests, marked and counted")
  func fallback() async throws {
    let dead = Self.deadPort
    try await Origin.run(Origin.saying("legacy")) { legacy in
      try await RunningProxy.run(.extracted(dead, legacy: legacy.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(Self.get)
          let response = try #require(try await client.message())
          #expect(response.text == "legacy")
          #expect(response.value("strangler-fallback") == "legacy")
          try await client.send(Self.post)
          let write = try #require(try await client.message())
          #expect(write.status == 502)
          #expect(write.text.contains("\"upstream\":\"orders\""))
        }
        let snapshot = proxy.server.counters.snapshot()
        #expect(snapshot.fallbacks.first { $0.subject == "orders" }?.count == 1)
      }
      #expect(legacy.requests.value == 1)
    }
  }

  @Test("Fallback can be switched off")
  func fallbackOff() async throws {
    let dead = Self.deadPort
    try await Origin.run(Origin.saying("legacy")) { legacy in
      try await RunningProxy.run(.extracted(dead, legacy: legacy.port, fallback: .off)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(Self.get)
          #expect(try await client.message()?.status == 502)
        }
      }
      #expect(legacy.requests.value == 0)
    }
  }

  @Test("The extracted side dies under load: no safe request fails")
  func killedUnderLoad() async throws {
    try await Origin.run(Origin.saying("legacy")) { legacy in
      // Every answer may be its last: the connection closes after a few, unannounced.
      let shaky: Origin.Behaviour = { connection, requests in
        for _ in 0..<3 {
          guard try await connection.message() != nil else { return }
          requests.add()
          try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nnew")
        }
        _ = try await connection.receive()
        try await connection.reset()
      }
      try await Origin.run(shaky) { extracted in
        try await RunningProxy.run(.extracted(extracted.port, legacy: legacy.port)) { proxy in
          let answered = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
              group.addTask {
                try await Loopback.connect(proxy.port) { client in
                  var answered = 0
                  for _ in 0..<100 {
                    try await client.send(Self.get)
                    if try await client.message()?.status == 200 { answered += 1 }
                  }
                  return answered
                }
              }
            }
            return try await group.reduce(0, +)
          }
          #expect(answered == 800)
        }
        #expect(extracted.requests.value > 0)
      }
    }
  }
}
