// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
  import HTTPExchange
  import NIOCore
  import NIOPosix
  import RoutingDecisions
  import Testing

  @testable import ProxyDataPlane

  /// A host name that stands for other machines after a look-up. Only Linux has more than one
  /// loopback address without being told.
  @Suite("Names that change", .everyTransport, .timeLimit(.minutes(1)))
  struct NameChangeTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    private static func configuration(_ port: Int) throws -> ProxyConfiguration {
      var configuration = try ProxyConfiguration.all(to: port).policies(of: "legacy") {
        $0.resolveEvery = .seconds(3600)
      }
      configuration.upstreams[0].target = .network([NetworkAddress(host: "localhost", port: port)])
      return configuration
    }

    private static func expect(_ text: String, _ client: WireConnection) async throws {
      try await client.send(get)
      let answer = try await client.message()
      #expect(answer?.text == text)
    }

    @Test("New requests go to the new address, and connections to the old one close")
    func moved() async throws {
      let old = KillableOrigin(saying: "old")
      let new = KillableOrigin(saying: "new")
      try await old.start()
      try await new.start(on: "127.0.0.2", port: old.port)
      let name = NetworkAddress(host: "localhost", port: old.port)
      try await RunningProxy.run(Self.configuration(old.port)) { proxy in
        let upstream = proxy.server.upstreams.inForce[0]
        try await Loopback.connect(proxy.port) { client in
          // Many more turns than an upstream keeps places for.
          for _ in 0..<20 {
            try await Self.expect("old", client)
            upstream.resolved(name, to: ["127.0.0.2"])
            try await Self.expect("new", client)
            upstream.resolved(name, to: ["127.0.0.1"])
          }
          upstream.resolved(name, to: ["127.0.0.2"])
          try await Self.expect("new", client)
          while old.connections > 0 {
            try Task.checkCancellation()
            await Task.yield()
          }
        }
      }
      try await old.kill()
      try await new.kill()
    }

    @Test("A request under way at an address that is gone is finished there")
    func underWay() async throws {
      let gate = Gate()
      let held: Origin.Behaviour = { connection, requests in
        while try await connection.message() != nil {
          requests.add()
          await gate.wait()
          try await connection.send("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nold")
        }
      }
      try await Origin.run(held) { old in
        let name = NetworkAddress(host: "localhost", port: old.port)
        try await RunningProxy.run(Self.configuration(old.port)) { proxy in
          try await Loopback.connect(proxy.port) { client in
            try await client.send(Self.get)
            while old.requests.value == 0 {
              try Task.checkCancellation()
              await Task.yield()
            }
            proxy.server.upstreams.inForce[0].resolved(name, to: ["127.0.0.2"])
            // Nobody listens there, which the next request finds.
            try await Loopback.connect(proxy.port) { other in
              try await other.send(Self.get)
              #expect(try await other.message()?.status == 502)
            }
            gate.open()
            #expect(try await client.message()?.text == "old")
          }
        }
      }
    }
  }
#endif
