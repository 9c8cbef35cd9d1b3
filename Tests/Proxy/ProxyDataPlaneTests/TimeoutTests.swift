// SPDX-License-Identifier: Apache-2.0

import ProxyDataPlane
import RoutingDecisions
import Testing

@Suite("Timeouts", .everyTransport, .timeLimit(.minutes(1)))
struct TimeoutTests {
  private static let silent: Origin.Behaviour = { connection, requests in
    _ = try await connection.message()
    requests.add()
    _ = try await connection.receive()
  }

  private static func timeouts(_ change: (inout ProxyTimeouts) -> Void) -> ProxyTimeouts {
    var timeouts = ProxyTimeouts.testing
    change(&timeouts)
    return timeouts
  }

  @Test("A head that never ends is answered 408")
  func requestHead() async throws {
    let timeouts = Self.timeouts { $0.requestHead = .milliseconds(100) }
    try await RunningProxy.run(.all(to: 9, timeouts: timeouts)) { proxy in
      try await Loopback.connect(proxy.port) { client in
        try await client.send("GET / HTTP/1.1\r\nHost: a\r\n")
        let response = try #require(try await client.message())
        #expect(response.status == 408)
        #expect(response.value("connection") == "close")
      }
    }
  }

  @Test("A body that never ends is answered 408")
  func requestBody() async throws {
    let timeouts = Self.timeouts { $0.idle = .milliseconds(100) }
    try await Origin.run(Self.silent) { origin in
      try await RunningProxy.run(.all(to: origin.port, timeouts: timeouts)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
          #expect(try await client.message()?.status == 408)
        }
      }
    }
  }

  @Test("An upstream that never answers is 504, and legacy answers a safe request instead")
  func responseHead() async throws {
    let timeouts = Self.timeouts { $0.responseHead = .seconds(3) }
    try await Origin.run(Self.silent) { silent in
      try await Origin.run(Origin.saying("legacy")) { legacy in
        let configuration = try ProxyConfiguration.extracted(
          silent.port, legacy: legacy.port, timeouts: timeouts)
        try await RunningProxy.run(configuration) { proxy in
          try await Loopback.connect(proxy.port) { client in
            try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.message()?.text == "legacy")
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            let write = try #require(try await client.message())
            #expect(write.status == 504)
            #expect(write.text.contains("response-timeout"))
          }
        }
      }
    }
  }

  @Test("The total covers everything: 504")
  func total() async throws {
    let timeouts = Self.timeouts { $0.total = .milliseconds(150) }
    try await Origin.run(Self.silent) { origin in
      try await RunningProxy.run(.all(to: origin.port, timeouts: timeouts)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
          let response = try #require(try await client.message())
          #expect(response.status == 504)
          #expect(response.text.contains("stalled"))
        }
      }
    }
  }

  @Test("A connection between two requests is closed without a word")
  func idleClient() async throws {
    let timeouts = Self.timeouts { $0.keepAlive = .seconds(8) }
    try await Origin.run(Origin.saying("ok")) { origin in
      try await RunningProxy.run(.all(to: origin.port, timeouts: timeouts)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
          #expect(try await client.message()?.text == "ok")
          #expect(try await client.receiveAll() == "")
        }
      }
    }
  }

  @Test("A pooled connection that nobody needs is closed")
  func idleUpstream() async throws {
    let timeouts = Self.timeouts { $0.upstreamKeepAlive = .milliseconds(50) }
    let closed = Origin.Counter()
    let origin: Origin.Behaviour = { connection, _ in
      while try await connection.message() != nil {
        try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
      }
      closed.add()
    }
    try await Origin.run(origin) { origin in
      try await RunningProxy.run(.all(to: origin.port, timeouts: timeouts)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
          #expect(try await client.message()?.status == 200)
          while closed.value == 0 { try await letOthersRun() }
          // The origin may see the close before it is counted.
          while proxy.server.counters.snapshot().upstreamsOpen > 0 { try await letOthersRun() }
        }
      }
    }
  }
}
