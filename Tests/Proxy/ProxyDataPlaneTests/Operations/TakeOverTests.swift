// SPDX-License-Identifier: Apache-2.0

import RoutingDecisions
import Testing

@testable import ProxyDataPlane

#if os(Linux)
  @Suite("Taking a port over", .timeLimit(.minutes(1)))
  struct TakeOverTests {
    private static func configuration(
      _ origin: Origin, port: Int = 0, workers: Int
    ) throws -> ProxyConfiguration {
      var configuration = try ProxyConfiguration.all(to: origin.port)
      configuration.listen.port = port
      configuration.workers = workers
      return configuration
    }

    @Test(
      "Clients that connect anew for each request lose none when one proxy follows another",
      arguments: [(1, 1), (2, 1), (2, 3)])
    func underLoad(_ before: Int, _ after: Int) async throws {
      try await Origin.run(Origin.saying("whole")) { origin in
        try await RunningProxy.run(Self.configuration(origin, workers: before)) { old in
          let stop = Stop()
          let ended = Origin.Counter()
          let answers = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
              group.addTask {
                defer { ended.add() }
                return try await Self.request(old.port, until: stop)
              }
            }
            try await Self.wait(for: 100, on: origin)
            let next = try Self.configuration(origin, port: old.port, workers: after)
            try await RunningProxy.run(next, takesOver: true) { new in
              // Those on their way to the old one when the new one came; then nobody.
              try await Self.wait(for: 50, on: origin)
              let reached = old.server.counters.snapshot().clientsOpened
              try await Self.wait(for: 200, on: origin)
              #expect(old.server.counters.snapshot().clientsOpened == reached)
              await old.shutDown()
              while old.server.readiness.state != .draining { try await letOthersRun() }
              try await Self.wait(for: 200, on: origin)
              stop.now()
              while ended.value < 8 { try await letOthersRun() }
              #expect(new.server.counters.snapshot().clientsOpened >= 400)
            }
            return try await group.reduce(0, +)
          }
          #expect(answers == origin.requests.value)
        }
      }
    }

    private static func wait(for requests: Int, on origin: Origin) async throws {
      let reached = origin.requests.value + requests
      while origin.requests.value < reached { try await letOthersRun() }
    }

    /// Throws when a request is not answered whole.
    private static func request(_ port: Int, until stop: Stop) async throws -> Int {
      var answers = 0
      while !stop.isReached {
        try await Loopback.connect(port) { client in
          try await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
          guard try await client.message()?.text == "whole" else {
            throw WireError(description: "request \(answers + 1) was cut")
          }
        }
        answers += 1
      }
      return answers
    }

    @Test("A second proxy that was not told to take over is told that the port is in use")
    func byMistake() async throws {
      try await Origin.run(Origin.saying("")) { origin in
        try await RunningProxy.run(Self.configuration(origin, workers: 2)) { first in
          let second = try ProxyServer(
            configuration: Self.configuration(origin, port: first.port, workers: 2))
          let error = await #expect(throws: ProxyServerError.self) { try await second.run() }
          #expect(error?.code == .bindFailed)
          #expect(error?.message.contains("Address already in use") == true)
        }
      }
    }

    @Test("The transport that cannot do it says so")
    func otherTransport() throws {
      var configuration = try ProxyConfiguration.all(to: 9)
      configuration.transport = .nio
      let error = #expect(throws: ProxyServerError.self) {
        try ProxyServer(configuration: configuration, takesOver: true)
      }
      #expect(error?.code == .cannotTakeOver)
    }

    @Test("Too few open files for the clients allowed are a warning that names the numbers")
    func openFiles() throws {
      var configuration = try ProxyConfiguration.all(to: 9)
      configuration.limits.clientConnections = 1000
      #expect(OpenFileLimit.warning(configuration, limit: 2256) == nil)
      let warning = try #require(OpenFileLimit.warning(configuration, limit: 1024))
      #expect(warning.contains("1000 clients, which may need 2256 open files"))
      #expect(warning.contains("lower client-connections to 384"))
      #expect(OpenFileLimit.raise() > 0)
    }
  }
#endif
