// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOPosix
import RoutingDecisions
import Synchronization

/// SwiftNIO's event loops, one worker on each.
final class NIOTransport: ProxyTransport {
  private let configuration: ProxyConfiguration
  private let accepting: AcceptLimit
  private let logger: Logger
  private let group: MultiThreadedEventLoopGroup
  private let workers: [Worker]
  private let listener = Mutex<(any Channel)?>(nil)

  init(_ configuration: ProxyConfiguration, _ parts: ServerParts) {
    self.configuration = configuration
    accepting = parts.accepting
    logger = parts.logger
    group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.workers)
    workers = group.makeIterator().enumerated().map { index, eventLoop in
      Worker(eventLoop, configuration, parts, index: index)
    }
  }

  func start() async throws -> NetworkAddress {
    for worker in workers { worker.eventLoop.execute { worker.start() } }
    let channel = try await bind()
    listener.withLock { $0 = channel }
    return NetworkAddress(
      host: configuration.listen.host,
      port: channel.localAddress?.port ?? configuration.listen.port)
  }

  func adopt(_ change: WorkerChange) async {
    for worker in workers {
      try? await worker.eventLoop.submit { worker.adopt(change) }.get()
    }
  }

  func retire(_ upstreams: [Int]) async {
    for worker in workers {
      try? await worker.eventLoop.submit { worker.retire(upstreams) }.get()
    }
  }

  func stopListening() async {
    guard let listener = listener.withLock(\.self) else { return }
    let clock = ContinuousClock()
    let end = clock.now + Self.queuePatience
    while clock.now < end, !accepting.isReached {
      let isEmpty = await Self.connectionsInLine(at: listener) == 0
      // A channel that was taken is lost with the listener until its own loop has set it up.
      for worker in workers { try? await worker.eventLoop.submit {}.get() }
      if isEmpty, await Self.connectionsInLine(at: listener) == 0 { break }
    }
    try? await listener.close()
  }

  /// For those whom the system accepted before the listener closes; the accept limit may hold them.
  private static let queuePatience = Duration.seconds(1)

  /// Connections that the system accepted and this process did not take; 0 where it does not tell.
  private static func connectionsInLine(at listener: any Channel) async -> Int {
    #if os(Linux)
      guard let options = listener as? any SocketOptionProvider,
        let info = try? await options.getTCPInfo().get()
      else { return 0 }
      // Of a socket that listens this is its line.
      return Int(info.tcpi_unacked)
    #else
      return 0
    #endif
  }

  func beginDrain(limit: Duration) async {
    let limit = TimeAmount(limit)
    for worker in workers {
      let begun = worker.eventLoop.submit {
        _ = worker.eventLoop.scheduleTask(in: limit) { worker.stop() }
        worker.drain()
      }
      try? await begun.get()
    }
  }

  func drained() async {
    for worker in workers { try? await worker.drained.futureResult.get() }
  }

  func shutDown() async {
    for worker in workers { try? await worker.eventLoop.submit { worker.stop() }.get() }
    try? await group.shutdownGracefully()
  }

  private func bind() async throws -> any Channel {
    let byLoop = Dictionary(
      workers.map { (ObjectIdentifier($0.eventLoop), $0) }, uniquingKeysWith: { first, _ in first })
    let (accepting, logger) = (accepting, logger)
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      // One at a time, since the limit is looked at before each.
      .serverChannelOption(.maxMessagesPerRead, value: 1)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(AcceptHandler(accepting, logger))
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
          try worker.accepted(channel)
        }
      }
    do {
      return try await bootstrap.bind(
        host: configuration.listen.host, port: configuration.listen.port
      ).get()
    } catch {
      throw ProxyServerError.cannotListen(
        on: configuration.listen, SystemErrorText.plain(error))
    }
  }
}
