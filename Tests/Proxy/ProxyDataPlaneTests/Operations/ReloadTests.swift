// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RoutingDecisions
import Testing

@testable import ProxyDataPlane

@Suite("Reload", .everyTransport, .timeLimit(.minutes(1)))
struct ReloadTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  /// The configuration a proxy runs, changed.
  private static func changed(
    _ proxy: RunningProxy, _ edit: (inout ProxyConfiguration) -> Void
  ) -> ProxyConfiguration {
    var configuration = proxy.server.routing.current.configuration
    edit(&configuration)
    return configuration
  }

  private static func network(_ port: Int) -> UpstreamConfiguration.Target {
    .network([NetworkAddress(host: "127.0.0.1", port: port)])
  }

  @Test("The next request goes where the new configuration says; the old pool's links close")
  func movesTraffic() async throws {
    let (ended, end) = AsyncStream.makeStream(of: Void.self)
    let old: Origin.Behaviour = { connection, requests in
      try await Origin.saying("old")(connection, requests)
      end.yield()
    }
    try await Origin.run(old) { before in
      try await Origin.run(Origin.saying("new")) { after in
        try await RunningProxy.run(.all(to: before.port)) { proxy in
          try await Loopback.connect(proxy.port) { client in
            try await client.send(Self.get)
            #expect(try await client.message()?.text == "old")
            let change = try await proxy.server.reload(
              Self.changed(proxy) { $0.upstreams[0].target = Self.network(after.port) },
              unixMilliseconds: 0)
            #expect(change.items.map(\.subject) == ["upstream legacy", "upstream legacy"])
            for await _ in ended { break }
            try await client.send(Self.get)
            #expect(try await client.message()?.text == "new")
          }
        }
      }
    }
  }

  @Test("A request in flight is finished by the upstream that has it")
  func inFlight() async throws {
    let (arrived, arrive) = AsyncStream.makeStream(of: Void.self)
    let (gate, open) = AsyncStream.makeStream(of: Void.self)
    let slow: Origin.Behaviour = { connection, _ in
      _ = try await connection.message()
      arrive.yield()
      for await _ in gate { break }
      try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nold")
      // Nobody keeps a connection to an upstream that is gone.
      #expect(try await connection.message() == nil)
      open.finish()
    }
    try await Origin.run(slow) { before in
      try await Origin.run(Origin.saying("new")) { after in
        try await RunningProxy.run(.all(to: before.port)) { proxy in
          try await Loopback.connect(proxy.port) { first in
            try await first.send(Self.get)
            for await _ in arrived { break }
            try await proxy.server.reload(
              Self.changed(proxy) { configuration in
                configuration.upstreams[0] = UpstreamConfiguration(
                  name: "shop", target: Self.network(after.port))
                configuration.routes[0].legacy = "shop"
              }, unixMilliseconds: 0)
            try await Loopback.connect(proxy.port) { second in
              try await second.send(Self.get)
              #expect(try await second.message()?.text == "new")
            }
            open.yield()
            #expect(try await first.message()?.text == "old")
            try await first.send(Self.get)
            #expect(try await first.message()?.text == "new")
          }
        }
      }
    }
  }

  @Test("Forty reloads under load cost no request, and none is counted twice or not at all")
  func underLoad() async throws {
    try await Origin.run(Origin.saying("one")) { one in
      try await Origin.run(Origin.saying("two")) { two in
        try await RunningProxy.run(.all(to: one.port)) { proxy in
          let stop = Stop()
          let answers = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 { group.addTask { try await Self.request(proxy.port, until: stop) } }
            for round in 1...40 {
              let served = one.requests.value + two.requests.value
              let port = round.isMultiple(of: 2) ? one.port : two.port
              try await proxy.server.reload(
                Self.changed(proxy) { configuration in
                  configuration.upstreams[0].target = Self.network(port)
                  configuration.routes[0].name = "route-\(round % 3)"
                }, unixMilliseconds: 0)
              while one.requests.value + two.requests.value < served + 20 {
                try await letOthersRun()
              }
            }
            stop.now()
            return try await group.reduce(0, +)
          }
          #expect(one.requests.value > 0)
          #expect(two.requests.value > 0)
          #expect(one.requests.value + two.requests.value == answers)
          let counted = proxy.server.counters.snapshot().routes
          #expect(counted.reduce(0) { $0 + $1.requests } == UInt64(answers))
          #expect(Set(counted.map(\.route)).count == 5, "a name has one place only")
        }
      }
    }
  }

  private static func request(_ port: Int, until stop: Stop) async throws -> Int {
    try await Loopback.connect(port) { client in
      var answers = 0
      while !stop.isReached {
        try await client.send(get)
        guard let answer = try await client.message(), answer.status == 200 else {
          throw WireError(description: "request \(answers + 1) failed")
        }
        answers += 1
      }
      return answers
    }
  }

  @Test("What needs a new process is refused by name, and nothing changes")
  func refusal() async throws {
    try await Origin.run(Origin.saying("same")) { origin in
      try await RunningProxy.run(.all(to: origin.port)) { proxy in
        let before = proxy.server.routing.current
        let error = await #expect(throws: ProxyServerError.self) {
          try await proxy.server.reload(
            Self.changed(proxy) {
              $0.workers = 3
              $0.routes[0].name = "other"
            }, unixMilliseconds: 0)
        }
        #expect(error?.code == .needsNewProcess)
        #expect(error?.message.hasPrefix("proxy.workers: 1 -> 3 ") == true)
        await #expect(throws: InvalidConfiguration.self) {
          try await proxy.server.reload(
            Self.changed(proxy) { $0.routes[0].legacy = "nobody" }, unixMilliseconds: 0)
        }
        let missing = await #expect(throws: ProxyServerError.self) {
          try await proxy.server.reload(
            Self.changed(proxy) { $0.upstreams[0].target = .module("none") }, unixMilliseconds: 0)
        }
        #expect(missing?.code == .unknownModule)
        #expect(proxy.server.routing.current === before)
        try await Loopback.connect(proxy.port) { client in
          try await client.send(Self.get)
          #expect(try await client.message()?.text == "same")
        }
      }
    }
  }
}

/// Tells tasks to stop after what they are doing.
final class Stop: Sendable {
  private let counter = Origin.Counter()
  var isReached: Bool { counter.value > 0 }
  func now() { counter.add() }
}
