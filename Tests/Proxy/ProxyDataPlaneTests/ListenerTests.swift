// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import ProxyDataPlane
import RoutingDecisions
import Synchronization
import Testing

@Suite("Listeners and names", .everyTransport, .timeLimit(.minutes(1)))
struct ListenerTests {
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  @Test("A port in use is an error that names it, also when a proxy uses it")
  func portInUse() async throws {
    try await RunningProxy.run(.all(to: 9)) { proxy in
      var configuration = try ProxyConfiguration.all(to: 9)
      configuration.listen.port = proxy.port
      let error = await #expect(throws: ProxyServerError.self) {
        try await RunningProxy.run(configuration) { _ in }
      }
      #expect(error?.code == .bindFailed)
      #expect(error?.message.contains("127.0.0.1:\(proxy.port)") == true)
    }
  }

  @Test("Several workers share one port and every client is served")
  func workers() async throws {
    try await Origin.run(Origin.saying("ok")) { origin in
      var configuration = try ProxyConfiguration.all(to: origin.port)
      configuration.workers = 3
      try await RunningProxy.run(configuration) { proxy in
        let answers = try await withThrowingTaskGroup(of: String?.self) { group in
          for _ in 0..<48 {
            group.addTask {
              try await Loopback.connect(proxy.port) { client in
                try await client.send(Self.get)
                return try await client.message()?.text
              }
            }
          }
          return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count == 48 && answers.allSatisfy { $0 == "ok" })
      }
    }
  }

  @Test("The limit of clients holds over all workers, and a place given back is used")
  func limitOverWorkers() async throws {
    try await Origin.run(Origin.saying("ok")) { origin in
      let limits = ProxyLimits(clientConnections: 2)
      var configuration = try ProxyConfiguration.all(to: origin.port, limits: limits)
      configuration.workers = 2
      try await RunningProxy.run(configuration) { proxy in
        let most = Most()
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<24 {
            group.addTask {
              try await Loopback.connect(proxy.port) { client in
                try await client.send(Self.get)
                #expect(try await client.message()?.text == "ok")
                most.note(Int(proxy.server.counters.snapshot().clientsOpen))
              }
            }
          }
          try await group.waitForAll()
        }
        #expect((1...2).contains(most.value))
      }
    }
  }

  /// The greatest number noted.
  private final class Most: Sendable {
    private let number = Atomic<Int>(0)
    var value: Int { number.load(ordering: .relaxed) }
    func note(_ value: Int) { number.max(value, ordering: .relaxed) }
  }

  @Test("Host names are resolved on both sides")
  func names() async throws {
    try await Origin.run(Origin.saying("ok")) { origin in
      var configuration = try ProxyConfiguration.all(to: origin.port)
      configuration.listen.host = "localhost"
      configuration.upstreams[0].target = .network([
        NetworkAddress(host: "localhost", port: origin.port)
      ])
      try await RunningProxy.run(configuration) { proxy in
        try await Loopback.connect(proxy.port, host: "localhost") { client in
          try await client.send(Self.get)
          #expect(try await client.message()?.text == "ok")
        }
      }
    }
  }

  @Test("A name that nobody knows is 503, and the proxy serves on")
  func unknownName() async throws {
    var configuration = try ProxyConfiguration.all(to: 9)
    configuration.upstreams[0].target = .network([
      NetworkAddress(host: "nobody.invalid", port: 80)
    ])
    try await RunningProxy.run(configuration) { proxy in
      try await Loopback.connect(proxy.port) { client in
        for _ in 0..<2 {
          try await client.send(Self.get)
          let response = try #require(try await client.message())
          #expect(response.status == 503)
          #expect(response.text.contains("no-endpoint"))
        }
      }
    }
  }

  @Test("A connection that is not made in time is given up: 504")
  func connectTimeout() async throws {
    // Nobody accepts, and the system's queue takes few: the connections behind those hang.
    let full = try await ServerBootstrap(group: Loopback.group)
      .serverChannelOption(.backlog, value: 0)
      .serverChannelOption(.autoRead, value: false)
      .bind(host: "127.0.0.1", port: 0).get()
    let port = full.localAddress?.port ?? 0
    var timeouts = ProxyTimeouts.testing
    timeouts.connect = .milliseconds(100)
    timeouts.responseHead = .seconds(1)
    try await RunningProxy.run(.all(to: port, timeouts: timeouts)) { proxy in
      let answers = try await withThrowingTaskGroup(of: WireMessage?.self) { group in
        for _ in 0..<4 {
          group.addTask {
            try await Loopback.connect(proxy.port) { client in
              try await client.send(Self.get)
              return try await client.message()
            }
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(answers.allSatisfy { $0?.status == 504 })
      #expect(answers.contains { $0?.text.contains("connect-timeout") == true })
    }
    try await full.close()
  }
}
