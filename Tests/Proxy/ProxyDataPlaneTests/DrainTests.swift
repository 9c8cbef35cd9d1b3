// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyDataPlane
import RoutingDecisions
import Testing

@Suite("Graceful drain", .everyTransport, .timeLimit(.minutes(1)))
struct DrainTests {
  @Test("A request in flight is finished, told that the connection ends, and cut by nobody")
  func inFlight() async throws {
    let (arrived, arrive) = AsyncStream.makeStream(of: Void.self)
    let (gate, open) = AsyncStream.makeStream(of: Void.self)
    let slow: Origin.Behaviour = { connection, _ in
      _ = try await connection.message()
      arrive.yield()
      for await _ in gate { break }
      try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone")
    }
    try await Origin.run(slow) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await Loopback.connect(proxy.port) { client in
          try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
          for await _ in arrived { break }
          await proxy.shutDown()
          while proxy.server.readiness.state != .draining { try await letOthersRun() }
          open.yield()
          let response = try #require(try await client.message())
          #expect(response.text == "done")
          #expect(response.value("connection") == "close")
          #expect(try await client.receiveAll() == "")
        }
      }
    }
  }

  @Test("Under load nobody is cut: each connection gets a whole answer to its last request")
  func underLoad() async throws {
    try await Origin.run(Origin.saying("whole")) { origin in
      let results = try await RunningProxy.run(.all(to: origin.port)) { proxy in
        try await withThrowingTaskGroup(of: (answers: Int, announced: Bool).self) { group in
          for _ in 0..<16 {
            group.addTask { try await Self.requestUntilClosed(proxy.port) }
          }
          while origin.requests.value < 200 { try await letOthersRun() }
          await proxy.shutDown()
          return try await group.reduce(into: []) { $0.append($1) }
        }
      }
      #expect(results.count == 16)
      #expect(results.allSatisfy { $0.announced && $0.answers > 0 })
      #expect(results.reduce(0) { $0 + $1.answers } == origin.requests.value)
    }
  }

  /// Sends one request after the other; throws when one is cut or not answered.
  private static func requestUntilClosed(_ port: Int) async throws -> (
    answers: Int, announced: Bool
  ) {
    try await Loopback.connect(port) { client in
      var answers = 0
      while true {
        try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        guard let response = try await client.message(), response.text == "whole" else {
          throw WireError(description: "request \(answers + 1) was cut")
        }
        answers += 1
        if response.value("connection") == "close" { return (answers, true) }
      }
    }
  }

  @Test("An idle connection is closed, and an endless request is cut at the limit")
  func limit() async throws {
    let silent: Origin.Behaviour = { connection, requests in
      _ = try await connection.message()
      requests.add()
      _ = try await connection.receive()
    }
    try await Origin.run(silent) { origin in
      var timeouts = ProxyTimeouts.testing
      timeouts.drain = .milliseconds(500)
      let configuration = try ProxyConfiguration.all(to: origin.port, timeouts: timeouts)
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port) { idle in
          try await Loopback.connect(proxy.port) { endless in
            try await endless.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            while origin.requests.value == 0 { try await letOthersRun() }
            await proxy.shutDown()
            #expect(try await idle.receiveAll() == "")
            #expect((try? await endless.receiveAll()) ?? "" == "")
          }
        }
      }
    }
  }

  @Test("After the drain nobody listens")
  func stopsListening() async throws {
    let port = try await Origin.run(Origin.saying("")) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { $0.port }
    }
    await #expect(throws: (any Error).self) {
      try await Loopback.connect(port) { _ in }
    }
  }
}
