// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Synchronization

/// An origin that can be killed and started again on its port. Killed, it resets every connection
/// and refuses new ones, as the kernel does for a process that is gone.
final class KillableOrigin: Sendable {
  private struct State {
    var listener: (any Channel)?
    var clients: [ObjectIdentifier: any Channel] = [:]
    var port = 0
  }

  private let state = Mutex(State())
  /// Requests that were answered, by method.
  let answered = Mutex<[String: Int]>([:])
  private let text: String

  init(saying text: String) { self.text = text }

  var port: Int { state.withLock(\.port) }

  /// Connections open now.
  var connections: Int { state.withLock(\.clients.count) }

  func start() async throws { try await start(on: "127.0.0.1", port: port) }

  func start(on host: String, port: Int) async throws {
    let listener = try await ServerBootstrap(group: Loopback.group)
      .serverChannelOption(.backlog, value: 256)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        self.state.withLock { $0.clients[ObjectIdentifier(channel)] = channel }
        channel.closeFuture.whenComplete { _ in
          self.state.withLock { _ = $0.clients.removeValue(forKey: ObjectIdentifier(channel)) }
        }
        return channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Answerer(self))
        }
      }
      .bind(host: host, port: port).get()
    state.withLock {
      $0.listener = listener
      $0.port = listener.localAddress?.port ?? 0
    }
  }

  func kill() async throws {
    let listener = state.withLock { state in
      defer { state.listener = nil }
      return state.listener
    }
    try await listener?.close().get()
    for channel in state.withLock({ Array($0.clients.values) }) {
      // The option's value is the pair (on, seconds) in the memory of one Int: on, after 0 seconds.
      try? await channel.setOption(.socketOption(.so_linger), value: 1).get()
      try? await channel.close().get()
    }
  }

  /// Answers each request, whose body has to come in one piece with its head.
  private final class Answerer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let origin: KillableOrigin
    private var received = ""

    init(_ origin: KillableOrigin) { self.origin = origin }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      received += String(buffer: unwrapInboundIn(data))
      while let end = received.firstRange(of: "\r\n\r\n") {
        let method = received.prefix { $0 != " " }
        received = String(received[end.upperBound...])
        origin.answered.withLock { $0[String(method), default: 0] += 1 }
        let answer =
          "HTTP/1.1 200 OK\r\ncontent-length: \(origin.text.utf8.count)\r\n\r\n\(origin.text)"
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
      }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      context.close(promise: nil)
    }
  }
}
