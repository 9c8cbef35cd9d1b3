// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOPosix

/// One direction of a connection: what does not pass ends it.
final class PassedOn: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias Passes = (ByteBuffer) -> Bool

  /// Listens on a free port of loopback and passes each connection on.
  ///
  /// - Parameter connection: what passes to the target and back, asked on the event loop.
  static func server(
    to target: Int, connection: @escaping @Sendable () -> (there: Passes, back: Passes)
  ) async throws -> any Channel {
    try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { client in
        ClientBootstrap(group: client.eventLoop).connect(host: "127.0.0.1", port: target)
          .flatMap { upstream in
            client.eventLoop.makeCompletedFuture {
              let passes = connection()
              try upstream.pipeline.syncOperations.addHandler(
                PassedOn(to: client, passes: passes.back))
              try client.pipeline.syncOperations.addHandler(
                PassedOn(to: upstream, passes: passes.there))
            }
          }
      }
      .bind(host: "127.0.0.1", port: 0).get()
  }

  static func port(of server: any Channel) -> UInt16 {
    UInt16(server.localAddress?.port ?? 0)
  }

  private let other: any Channel
  private let passes: Passes

  private init(to other: any Channel, passes: @escaping Passes) {
    self.other = other
    self.passes = passes
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    guard passes(bytes) else { return context.close(promise: nil) }
    other.writeAndFlush(bytes, promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    other.close(promise: nil)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
