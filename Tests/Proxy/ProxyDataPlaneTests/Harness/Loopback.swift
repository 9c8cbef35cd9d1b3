// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOPosix
import ProxyDataPlane
import RoutingDecisions
import ServiceLifecycle
import Synchronization

/// Servers and clients on loopback, all on free ports, all gone when the test returns.
enum Loopback {
  static let group = MultiThreadedEventLoopGroup.singleton

  /// Lets time pass on a loop's clock.
  static func pause(milliseconds: Int64) async throws {
    try await group.next().scheduleTask(in: .milliseconds(milliseconds)) {}.futureResult.get()
  }

  /// Connects, runs `body`, closes.
  static func connect<Value>(
    _ port: Int, host: String = "127.0.0.1",
    prepare: @escaping @Sendable (any Channel) throws -> Void = { _ in },
    _ body: (WireConnection) async throws -> Value
  ) async throws -> Value {
    let channel = try await ClientBootstrap(group: group)
      .channelOption(.socketOption(.tcp_nodelay), value: 1)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .connect(host: host, port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try prepare(channel)
          return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
            wrappingChannelSynchronously: channel,
            configuration: .init(isOutboundHalfClosureEnabled: true))
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      try await body(WireConnection(channel.channel, inbound, outbound))
    }
  }
}

/// An origin server whose behaviour is a function of one connection.
struct Origin {
  let port: Int
  /// Connections accepted so far.
  let connections: Counter
  /// Requests that `serve` counted.
  let requests: Counter

  final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .acquiring) }
    func add() { count.add(1, ordering: .acquiringAndReleasing) }
  }

  typealias Behaviour = @Sendable (WireConnection, Counter) async throws -> Void

  /// Runs an origin while `body` runs. Errors of a connection end that connection only.
  @discardableResult
  static func run<Value>(
    _ behaviour: @escaping Behaviour,
    prepare: @escaping @Sendable (any Channel) throws -> Void = { _ in },
    _ body: (Origin) async throws -> Value
  ) async throws -> Value {
    let listener = try await ServerBootstrap(group: Loopback.group)
      .serverChannelOption(.backlog, value: 256)
      .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .bind(host: "127.0.0.1", port: 0) { channel in
        channel.eventLoop.makeCompletedFuture {
          try prepare(channel)
          let client = try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
            wrappingChannelSynchronously: channel,
            configuration: .init(isOutboundHalfClosureEnabled: true))
          // One that is accepted while the origin ends is taken by nobody, and must not be freed
          // before it is closed: NIO takes that for a mistake and ends the process.
          channel.closeFuture.whenComplete { _ in withExtendedLifetime(client) {} }
          return client
        }
      }
    let origin = Origin(
      port: listener.channel.localAddress?.port ?? 0, connections: Counter(), requests: Counter())
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await serve(listener, origin, behaviour)
      }
      let value = try await body(origin)
      group.cancelAll()
      try? await listener.channel.close().get()
      while (try? await group.next()) != nil {}
      return value
    }
  }

  private static func serve(
    _ listener: NIOAsyncChannel<NIOAsyncChannel<ByteBuffer, ByteBuffer>, Never>, _ origin: Origin,
    _ behaviour: @escaping Behaviour
  ) async throws {
    try await listener.executeThenClose { clients in
      await withTaskGroup(of: Void.self) { group in
        do {
          for try await client in clients {
            origin.connections.add()
            group.addTask {
              try? await client.executeThenClose { inbound, outbound in
                let connection = WireConnection(client.channel, inbound, outbound)
                try await behaviour(connection, origin.requests)
              }
            }
          }
        } catch {}
        group.cancelAll()
      }
    }
  }

  /// Answers each request of a connection.
  static func answering(
    _ answer: @escaping @Sendable (WireMessage) -> String
  ) -> Behaviour {
    { connection, requests in
      while let request = try await connection.message() {
        requests.add()
        try await connection.send(answer(request))
      }
    }
  }

  /// Answers 200 with a text.
  static func saying(_ text: String) -> Behaviour {
    answering { _ in "HTTP/1.1 200 OK\r\ncontent-length: \(text.utf8.count)\r\n\r\n\(text)" }
  }
}

/// A proxy under test.
struct RunningProxy {
  let server: ProxyServer
  let port: Int
  private let trigger: @Sendable () async -> Void

  /// Runs a proxy while `body` runs, then shuts it down gracefully.
  @discardableResult
  static func run<Value>(
    _ configuration: ProxyConfiguration, modules: [String: any InProcessModule] = [:],
    takesOver: Bool = false, ledger: (any ShadowLedger)? = nil,
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
    _ body: (RunningProxy) async throws -> Value
  ) async throws -> Value {
    var configuration = configuration
    configuration.transport = EveryTransport.current
    let server = try ProxyServer(
      configuration: configuration, modules: modules, takesOver: takesOver, logger: logger)
    if let ledger { server.shadows.report(to: ledger) }
    let services = ServiceGroup(
      configuration: .init(
        services: [.init(service: server, successTerminationBehavior: .gracefullyShutdownGroup)],
        logger: logger))
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await services.run() }
      let port = try await server.boundAddress().port
      let proxy = RunningProxy(server: server, port: port) {
        await services.triggerGracefulShutdown()
      }
      do {
        let value = try await body(proxy)
        await proxy.shutDown()
        try await group.waitForAll()
        return value
      } catch {
        await proxy.shutDown()
        throw error
      }
    }
  }

  func shutDown() async { await trigger() }
}

extension ProxyConfiguration {
  /// Everything to one origin, or to a list of endpoints.
  static func all(
    to ports: Int..., timeouts: ProxyTimeouts = .testing, limits: ProxyLimits = .init()
  ) throws -> ProxyConfiguration {
    try ProxyConfiguration(
      listen: NetworkAddress(host: "127.0.0.1", port: 0), timeouts: timeouts, limits: limits,
      upstreams: [
        UpstreamConfiguration(
          name: "legacy",
          target: .network(ports.map { NetworkAddress(host: "127.0.0.1", port: $0) })
        )
      ],
      routes: [
        RouteConfiguration(
          name: "all", match: RouteMatch(path: PathTemplate(parsing: "/**")), legacy: "legacy")
      ])
  }

  /// Every user on the extracted side, with legacy behind it.
  static func extracted(
    _ extracted: Int, legacy: Int, timeouts: ProxyTimeouts = .testing,
    fallback: RouteConfiguration.Fallback = .safeMethods
  ) throws -> ProxyConfiguration {
    try ProxyConfiguration(
      listen: NetworkAddress(host: "127.0.0.1", port: 0), timeouts: timeouts,
      upstreams: [
        UpstreamConfiguration(
          name: "legacy", target: .network([NetworkAddress(host: "127.0.0.1", port: legacy)])),
        UpstreamConfiguration(
          name: "orders", target: .network([NetworkAddress(host: "127.0.0.1", port: extracted)])),
      ],
      routes: [
        RouteConfiguration(
          name: "orders", match: RouteMatch(path: PathTemplate(parsing: "/**")), legacy: "legacy",
          extracted: "orders", percent: .full, fallback: fallback)
      ])
  }
}

extension ProxyTimeouts {
  /// Generous, so that a slow machine fails no test, but shorter than a test's time limit.
  static let testing = ProxyTimeouts(
    connect: .seconds(5), requestHead: .seconds(20), responseHead: .seconds(20), idle: .seconds(20),
    drain: .seconds(20))
}
