// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdTesting
import Logging
import NIOCore
import NIOPosix
import ProxyDataPlane
import RoutingDecisions
import ServiceLifecycle
import Synchronization
import Testing

@testable import ControlPlane

#if os(Linux)
  @Suite("Taking over from an older process", .timeLimit(.minutes(1)))
  struct SuccessionTests {
    private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    /// Two routes that split, both at 5 % in the file.
    private func configuration(
      proxy: Int = 0, admin: Int = 0
    ) throws -> ProxyConfiguration {
      let listen = NetworkAddress(host: "127.0.0.1", port: proxy)
      let upstreams = ["legacy", "orders"].map { name in
        let address = NetworkAddress(host: "127.0.0.1", port: 9)
        return UpstreamConfiguration(name: name, target: .network([address]))
      }
      let percent = try #require(Percentage(parsing: "5"))
      let routes = try ["carts", "orders"].map { name in
        RouteConfiguration(
          name: name, match: RouteMatch(path: try PathTemplate(parsing: "/\(name)/**")),
          legacy: "legacy", extracted: "orders", percent: percent)
      }
      return ProxyConfiguration(
        listen: listen,
        admin: AdminConfiguration(listen: NetworkAddress(host: "127.0.0.1", port: admin)),
        upstreams: upstreams, routes: routes)
    }

    private func running(
      _ front: FrontProxy, _ body: (FrontProxy) async throws -> Void
    ) async throws {
      let group = ServiceGroup(services: [front], logger: logger)
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        do {
          _ = try await front.proxy.boundAddress()
          try await body(front)
        } catch {
          await group.triggerGracefulShutdown()
          throw error
        }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
      }
    }

    @Test("Live percentages come along, but not where the file was changed; then the admin address")
    func percentages() async throws {
      let old = try FrontProxy(configuration: configuration(), logger: logger)
      let oldGroup = ServiceGroup(services: [old], logger: logger)
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        tasks.addTask {
          defer { end.finish() }
          try await oldGroup.run()
        }
        let (proxy, admin) = try await old.addresses()
        let adminPort = try #require(admin).port
        for route in ["carts", "orders"] {
          try old.proxy.routing.setPercent(
            route: route, to: .full, actor: "ada", reason: "all", unixMilliseconds: 0)
        }
        var next = try configuration(proxy: proxy.port, admin: adminPort)
        next.routes[1].percent = .zero
        let new = try FrontProxy(configuration: next, takesOver: true, logger: logger)
        try await running(new) { new in
          let routes = new.proxy.routing.current.configuration.routes
          #expect(routes.map(\.percent) == [.full, .zero])
          #expect(new.proxy.routing.history(ofRoute: "carts").map(\.reason) == ["taken over"])
          await oldGroup.triggerGracefulShutdown()
          for await _ in ended {}
          let addresses = try await new.addresses()
          #expect(addresses.admin?.port == adminPort)
          try await TestClient.withClient(host: "127.0.0.1", port: adminPort) { client in
            let shown = try await client.send(.get, "/config").body
            #expect(shown.contains(#""route" : "carts""#))
          }
        }
      }
    }

    @Test("What is ordered from the older process holds in the new one too", arguments: [0, 5])
    func followed(percent: Int) async throws {
      let old = try FrontProxy(configuration: configuration(), logger: logger)
      try await running(old) { old in
        let (proxy, admin) = try await old.addresses()
        try set(.full, in: old)
        let next = try configuration(proxy: proxy.port, admin: try #require(admin).port)
        let new = try FrontProxy(configuration: next, takesOver: true, logger: logger)
        try await running(new) { new in
          let before = new.proxy.routing.version
          let ordered = try #require(Percentage(parsing: "\(percent)"))
          try set(ordered, in: old)
          while new.proxy.routing.version == before {
            try Task.checkCancellation()
            await Task.yield()
          }
          let routes = new.proxy.routing.current.configuration.routes
          #expect(routes.first { $0.name == "orders" }?.percent == ordered)
        }
      }
    }

    private func set(_ percent: Percentage, in front: FrontProxy) throws {
      try front.proxy.routing.setPercent(
        route: "orders", to: percent, actor: "ada", reason: "test", unixMilliseconds: 0)
    }

    @Test("With nobody to take over from the file's percentages are in force")
    func alone() async throws {
      let first = try FrontProxy(configuration: configuration(), logger: logger)
      var ports = (proxy: 0, admin: 0)
      try await running(first) { front in
        let addresses = try await front.addresses()
        ports = (addresses.proxy.port, addresses.admin?.port ?? 0)
      }
      let next = try configuration(proxy: ports.proxy, admin: ports.admin)
      let second = try FrontProxy(configuration: next, takesOver: true, logger: logger)
      try await running(second) { front in
        #expect(front.proxy.routing.version == 1)
        let addresses = try await front.addresses()
        #expect(addresses.admin?.port == ports.admin)
      }
    }

    @Test("Whoever listens there without being of this user is asked nothing and told no token")
    func stranger() async throws {
      let visits = Visits()
      let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .childChannelInitializer { channel in
          visits.count.add(1, ordering: .relaxed)
          return channel.close()
        }
        .bind(host: "127.0.0.1", port: 0).get()
      let address = NetworkAddress(
        host: "127.0.0.1", port: try #require(listener.localAddress?.port))
      #expect(AddressHolder.of(address) == .own)
      func succession(_ holder: AddressHolder) throws -> Succession {
        Succession(
          holder: { _ in holder }, admin: AdminConfiguration(listen: address),
          token: AdminToken(String(repeating: "t", count: 64)),
          routing: LiveRouting(try RoutingTable(configuration())), logger: logger,
          unixMilliseconds: { 0 })
      }
      for holder in [AddressHolder.stranger(user: 4711), .nobody] {
        #expect(try await succession(holder).begin() == nil)
        #expect(visits.count.load(ordering: .relaxed) == 0)
      }
      #expect(try await succession(.own).begin() == nil)
      #expect(visits.count.load(ordering: .relaxed) > 0)
      try await listener.close()
      #expect(AddressHolder.of(address) == .nobody)
    }

    private final class Visits: Sendable {
      let count = Atomic<Int>(0)
    }
  }
#endif
