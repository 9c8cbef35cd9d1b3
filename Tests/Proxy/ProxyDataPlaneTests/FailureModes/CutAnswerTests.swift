// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyDataPlane
import RoutingDecisions
import Testing

/// An answer that was begun and cannot be completed is never made to look whole, and is counted
/// under the side that broke off.
@Suite("Answers that are cut", .everyTransport, .timeLimit(.minutes(1)))
struct CutAnswerTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  private static func partial(_ head: String, reset: Bool = false) -> Origin.Behaviour {
    { connection, _ in
      _ = try await connection.message()
      try await connection.send(head)
      if reset { try await connection.reset() }
    }
  }

  @Test(
    "Upstream gone in mid-body: the client's connection is cut",
    arguments: [
      "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nnonsense\r\n",
    ])
  func upstreamGone(_ answer: String) async throws {
    for reset in [false, true] {
      try await Origin.run(Self.partial(answer, reset: reset)) { origin in
        try await RunningProxy.run(.all(to: origin.port)) { proxy in
          try await Loopback.connect(proxy.port) { client in
            try await client.send(Self.get)
            let answer = try? await client.message()
            // A reset may overtake what was sent before it; then the answer was never begun.
            #expect(answer == nil || (reset && answer?.status == 502))
          }
          let counters = proxy.server.counters
          if !reset {
            while counters.snapshot().answersCutByUpstream == 0 { try await letOthersRun() }
          }
          #expect(counters.snapshot().answersCutByUpstream <= 1)
          #expect(counters.snapshot().answersCutByClient == 0)
        }
      }
    }
  }

  @Test("Client gone in mid-body: the upstream is let go, and the answer counted as cut")
  func clientGone() async throws {
    let ended = Origin.Counter()
    let endless: Origin.Behaviour = { connection, _ in
      _ = try await connection.message()
      try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nabc")
      while try await connection.receive() {}
      ended.add()
    }
    try await Origin.run(endless) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send(Self.get)
          while client.received.readableBytes < 4 { _ = try await client.receive() }
          try await client.reset()
        }
        let counters = proxy.server.counters
        while counters.snapshot().answersCutByClient == 0 { try await letOthersRun() }
        while ended.value == 0 { try await letOthersRun() }
        #expect(counters.snapshot().answersCutByUpstream == 0)
        #expect(counters.snapshot().routes.reduce(0) { $0 + $1.requests } == 1)
      }
    }
  }

  @Test("Client gone in mid-upload: the origin never sees a whole request")
  func clientGoneUploading() async throws {
    let ended = Origin.Counter()
    let reader: Origin.Behaviour = { connection, requests in
      do {
        if try await connection.message() != nil { requests.add() }
      } catch {}
      ended.add()
    }
    for body in [
      "Content-Length: 100\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ] {
      try await Origin.run(reader) { origin in
        try await RunningProxy.run(.all(to: origin.port)) { proxy in
          try await Loopback.connect(proxy.port) { client in
            try await client.send("POST / HTTP/1.1\r\nHost: a\r\n\(body)")
            while origin.connections.value == 0 { try await letOthersRun() }
            try await client.reset()
          }
          while ended.value == 0 { try await letOthersRun() }
        }
        #expect(origin.requests.value == 0)
      }
    }
  }
}
