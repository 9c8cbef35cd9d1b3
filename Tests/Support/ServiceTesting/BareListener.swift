// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
package import ServiceCalls
import Synchronization

/// A listener on loopback that does to each connection what a broken service does.
package final class BareListener: Sendable {
  package enum Behaviour: Sendable {
    /// Closes the connection with a reset once the first bytes have come.
    case resets
    /// Writes this text once the first bytes have come, and closes the connection.
    case writes(String)
    /// Writes this text once the first bytes have come, and nothing more.
    case stalls(String)
    /// Takes the bytes and never answers.
    case isSilent
  }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let behaviour: Behaviour
    private let requests: Counter
    private var isDone = false

    init(_ behaviour: Behaviour, _ requests: Counter) {
      self.behaviour = behaviour
      self.requests = requests
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      if isDone { return }
      isDone = true
      requests.add()
      switch behaviour {
      case .isSilent: break
      case .resets:
        // With nothing to linger for, the kernel sends a reset instead of an end.
        if let provider = context.channel as? any SocketOptionProvider {
          provider.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in }
        }
        context.close(promise: nil)
      case .stalls(let text):
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
      case .writes(let text):
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        context.close(promise: nil)
      }
    }
  }

  private let channel: any Channel
  private let counter: Counter
  /// Connections that fill the queue.
  private let waiting = Mutex<[any Channel]>([])
  package let endpoint: ServiceEndpoint

  package convenience init(_ behaviour: Behaviour) async throws {
    let counter = Counter()
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Handler(behaviour, counter))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    self.init(channel, counter)
  }

  private init(_ channel: any Channel, _ counter: Counter) {
    self.channel = channel
    self.counter = counter
    endpoint = ServiceEndpoint(host: "127.0.0.1", port: channel.localAddress?.port ?? 0)
  }

  /// One whose queue of connections is full: whoever connects waits.
  package static func full() async throws -> BareListener {
    let listener = BareListener(
      try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .serverChannelOption(.backlog, value: 0)
        .serverChannelOption(.autoRead, value: false)
        .bind(host: "127.0.0.1", port: 0).get(), Counter())
    // The kernel decides how many more it takes than it is asked to.
    while let waiting = try? await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(.milliseconds(100))
      .connect(host: "127.0.0.1", port: listener.endpoint.port).get()
    {
      listener.waiting.withLock { $0.append(waiting) }
    }
    return listener
  }

  deinit { channel.close(promise: nil) }

  /// Connections that sent something.
  package var requests: Int { counter.count }

  /// Stops listening: connections are refused from then on.
  package func stop() async throws { try await channel.close() }
}
