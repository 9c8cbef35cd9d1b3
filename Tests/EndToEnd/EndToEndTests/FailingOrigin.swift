// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An upstream that answers every request at once, and fails a share of them from a moment on.
final class FailingOrigin: Sendable {
  private struct State {
    var requests = 0
    /// Of each hundred requests.
    var failures = 0
    var lastArrival: Date?
  }

  private let state = Mutex(State())
  private let listener = Mutex<(any Channel)?>(nil)

  /// Requests so far.
  var requests: Int { state.withLock(\.requests) }
  /// When the last one came.
  var lastArrival: Date? { state.withLock(\.lastArrival) }

  func fail(ofEachHundred failures: Int) { state.withLock { $0.failures = failures } }

  /// Listens on a free port of the loopback and returns it.
  func start() async throws -> Int {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 256)
      .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(Answerer(self))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    listener.withLock { $0 = channel }
    return channel.localAddress?.port ?? 0
  }

  func stop() async throws { try await listener.withLock(\.self)?.close().get() }

  private func arrive() -> HTTPResponseStatus {
    state.withLock { state in
      state.requests += 1
      state.lastArrival = Date()
      // Evenly spread, so that a run is like the next one.
      let (now, before) = (state.requests * state.failures, (state.requests - 1) * state.failures)
      return now / 100 > before / 100 ? .internalServerError : .ok
    }
  }

  private final class Answerer: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let origin: FailingOrigin

    init(_ origin: FailingOrigin) { self.origin = origin }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      guard case .end = unwrapInboundIn(data) else { return }
      let head = HTTPResponseHead(
        version: .http1_1, status: origin.arrive(), headers: ["content-length": "2"])
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "ok")))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
  }
}
