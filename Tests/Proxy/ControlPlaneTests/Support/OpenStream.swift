// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// A connection to an answer that does not end, kept open until it is closed.
struct OpenStream {
  let channel: any Channel
  /// What came until the marker did.
  let text: String

  /// Asks for a path of `localhost` and reads until a marker.
  init(_ path: String, port: Int, until marker: String) async throws {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let seen = loop.makePromise(of: String.self)
    channel = try await ClientBootstrap(group: loop)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Reader(marker, seen))
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
    let request = "GET \(path) HTTP/1.1\r\nHost: localhost:\(port)\r\n\r\n"
    try await channel.writeAndFlush(ByteBuffer(string: request))
    text = try await seen.futureResult.get()
  }

  private final class Reader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let marker: String
    private let seen: EventLoopPromise<String>
    private var text = ""

    init(_ marker: String, _ seen: EventLoopPromise<String>) {
      self.marker = marker
      self.seen = seen
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      text += String(buffer: unwrapInboundIn(data))
      if text.contains(marker) { seen.succeed(text) }
    }

    func channelInactive(context: ChannelHandlerContext) {
      seen.fail(ChannelError.eof)
      context.fireChannelInactive()
    }
  }
}
