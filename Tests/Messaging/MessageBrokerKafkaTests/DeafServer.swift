// SPDX-License-Identifier: Apache-2.0

#if Kafka
  import NIOCore
  import NIOPosix

  /// A server that says nothing, or that speaks enough of Kafka's protocol to refuse whoever logs
  /// in (https://kafka.apache.org/protocol.html): the mock cluster asks nobody for credentials.
  struct DeafServer {
    private let channel: any Channel

    var address: String { "plaintext://127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    static func start(answers: Bool) async throws -> DeafServer {
      let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .childChannelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            if answers { try channel.pipeline.syncOperations.addHandler(LoginRefusal()) }
          }
        }
        .bind(host: "127.0.0.1", port: 0).get()
      return DeafServer(channel: channel)
    }

    func end() async { try? await channel.close() }
  }

  /// Answers requests in their order: which versions there are, that the mechanism is fine, and
  /// that the password is not.
  private final class LoginRefusal: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Kind: Int16 {
      case versions = 18
      case handshake = 17
      case authenticate = 36
    }

    /// What librdkafka looks for before it logs in, with the versions of each.
    private static let versions: [(kind: Int16, least: Int16, most: Int16)] = [
      (0, 0, 7), (1, 0, 11), (3, 0, 4), (17, 0, 1), (18, 0, 2), (22, 0, 1), (36, 0, 0),
    ]

    private var received = ByteBuffer()

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      var buffer = unwrapInboundIn(data)
      received.writeBuffer(&buffer)
      while var request = received.readLengthPrefixedSlice(as: Int32.self) {
        guard let kind = request.readInteger(as: Int16.self),
          let version = request.readInteger(as: Int16.self),
          let number = request.readInteger(as: Int32.self)
        else { return context.close(promise: nil) }
        answer(Kind(rawValue: kind), version: version, number: number, context)
      }
    }

    private func answer(
      _ kind: Kind?, version: Int16, number: Int32, _ context: ChannelHandlerContext
    ) {
      var body = ByteBuffer(integer: number)
      switch kind {
      case .versions where version > 2:
        // A version that it does not know; the client asks again with the oldest.
        body.writeInteger(Int16(35))
        body.writeInteger(Int32(0))
      case .versions:
        body.writeInteger(Int16(0))
        body.writeInteger(Int32(Self.versions.count))
        for entry in Self.versions {
          body.writeMultipleIntegers(entry.kind, entry.least, entry.most)
        }
        if version > 0 { body.writeInteger(Int32(0)) }
      case .handshake:
        body.writeInteger(Int16(0))
        let mechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
        body.writeInteger(Int32(mechanisms.count))
        for mechanism in mechanisms { write(mechanism, to: &body) }
      case .authenticate:
        body.writeInteger(Int16(58))
        write("Authentication failed: Invalid username or password", to: &body)
        body.writeInteger(Int32(0))
      case nil: return context.close(promise: nil)
      }
      var response = ByteBuffer(integer: Int32(body.readableBytes))
      response.writeBuffer(&body)
      context.writeAndFlush(wrapOutboundOut(response), promise: nil)
    }

    private func write(_ text: String, to buffer: inout ByteBuffer) {
      buffer.writeInteger(Int16(text.utf8.count))
      buffer.writeString(text)
    }
  }
#endif
