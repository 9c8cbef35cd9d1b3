// SPDX-License-Identifier: Apache-2.0

import HTTPExchange
public import Logging
import NIOCore
import NIOPosix
public import RoutingDecisions
public import ServiceLifecycle
import Synchronization

/// The front proxy: listens, routes each request to one of its upstreams, and answers.
///
/// Runs as a `Service`. On graceful shutdown it takes no new connections, lets every request in
/// flight finish, then closes what is left after `timeouts.drain`.
public final class ProxyServer: Service {
  /// The routing in force; change percentages here.
  public let routing: LiveRouting
  /// What happened so far.
  public let counters: ProxyCounters
  /// Whether it takes connections.
  public let readiness = ProxyReadiness()

  private let configuration: ProxyConfiguration
  private let targets: [UpstreamTarget]
  private let logger: Logger
  private let bound = BoundAddress()

  /// Prepares a proxy; nothing is bound before `run`.
  ///
  /// - Parameters:
  ///   - configuration: where to listen, whom to ask, what goes where.
  ///   - modules: the modules that upstreams name, by that name.
  ///   - logger: gets one line for each change of state; nothing per request.
  /// - Throws: `InvalidConfiguration`, or `ProxyServerError` when a module is missing.
  public init(
    configuration: ProxyConfiguration, modules: [String: any InProcessModule] = [:],
    logger: Logger = Logger(label: "strangler.proxy")
  ) throws {
    self.configuration = configuration
    self.logger = logger
    routing = LiveRouting(try RoutingTable(configuration))
    counters = ProxyCounters(
      configuration, rejectionReasons: Rejection.allCases.map(\.name),
      failureReasons: UpstreamFailure.allCases.map(\.name))
    targets = try configuration.upstreams.map { upstream in
      switch upstream.target {
      case .network(let endpoints): return .endpoints(endpoints)
      case .module(let name):
        guard let module = modules[name] else {
          throw ProxyServerError(
            code: .unknownModule,
            message: "Upstream \"\(upstream.name)\" names module \"\(name)\", which this program "
              + "does not link. Modules here: "
              + (modules.isEmpty ? "none" : modules.keys.sorted().joined(separator: ", ")) + ".")
        }
        return .module(module)
      }
    }
  }

  /// The address it listens on, with the port the system picked; waits until it is bound.
  ///
  /// - Throws: `ProxyServerError` when `run` failed or ended.
  public func boundAddress() async throws -> NetworkAddress { try await bound.value() }

  /// Serves until graceful shutdown or cancellation.
  ///
  /// - Throws: `ProxyServerError` when the listener cannot be bound.
  public func run() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.workers)
    do {
      try await serve(on: group)
    } catch {
      bound.fail(error)
      try? await group.shutdownGracefully()
      throw error
    }
    bound.fail(ProxyServerError(code: .notRunning, message: "The proxy has stopped."))
    try await group.shutdownGracefully()
  }

  private func serve(on group: MultiThreadedEventLoopGroup) async throws {
    let accepting = AcceptLimit(configuration.limits.clientConnections)
    let workers = group.makeIterator().enumerated().map { index, eventLoop in
      Worker(
        eventLoop: eventLoop, configuration: configuration, targets: targets, live: routing,
        counters: counters.worker(index), accepting: accepting)
    }
    for worker in workers { worker.eventLoop.execute { worker.start() } }
    let listener: any Channel
    do {
      listener = try await bind(group, workers, accepting)
    } catch {
      await stop(workers)
      throw error
    }
    let address = NetworkAddress(
      host: configuration.listen.host,
      port: listener.localAddress?.port ?? configuration.listen.port)
    logger.info("proxy listens", metadata: ["address": "\(address)"])
    bound.succeed(address)
    readiness.advance(to: .ready)
    // Returns on graceful shutdown and throws on cancellation; both end the service.
    let isGraceful = (try? await gracefulShutdown()) != nil
    try? await listener.close()
    if isGraceful { await drain(workers) }
    readiness.advance(to: .draining)
    await stop(workers)
    logger.info("proxy stopped")
  }

  private func stop(_ workers: [Worker]) async {
    for worker in workers { try? await worker.eventLoop.submit { worker.stop() }.get() }
  }

  private func bind(
    _ group: MultiThreadedEventLoopGroup, _ workers: [Worker], _ accepting: AcceptLimit
  ) async throws -> any Channel {
    let byLoop = Dictionary(
      workers.map { (ObjectIdentifier($0.eventLoop), $0) }, uniquingKeysWith: { first, _ in first })
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(AcceptHandler(accepting))
        }
      }
      .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelOption(.recvAllocator, value: ChannelTuning.receiveAllocator)
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelOption(.writeBufferWaterMark, value: ChannelTuning.writeWaterMark)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard let worker = byLoop[ObjectIdentifier(channel.eventLoop)] else { return }
          try channel.pipeline.syncOperations.addHandler(ClientConnection(worker))
        }
      }
    do {
      return try await bootstrap.bind(
        host: configuration.listen.host, port: configuration.listen.port
      ).get()
    } catch {
      throw ProxyServerError(
        code: .bindFailed,
        message: "Cannot listen on \(configuration.listen): \(error). Choose another address with "
          + "proxy.listen, or stop what uses this one.")
    }
  }

  private func drain(_ workers: [Worker]) async {
    logger.info("proxy drains", metadata: ["limit": "\(configuration.timeouts.drain)"])
    let limit = TimeAmount(configuration.timeouts.drain)
    var drained: [EventLoopFuture<Void>] = []
    for worker in workers {
      let begun = worker.eventLoop.submit {
        worker.eventLoop.scheduleTask(in: limit) { worker.stop() }
        return worker.drain()
      }
      if let future = try? await begun.get() { drained.append(future) }
    }
    // Whoever sees this state may rely on every answer from now on being its connection's last.
    readiness.advance(to: .draining)
    for future in drained { try? await future.get() }
  }
}
