// SPDX-License-Identifier: Apache-2.0

internal import DNSRecords
internal import NIOCore
internal import NIOPosix

/// Asks one server of names: by a datagram, and over TCP where the answer does not fit into one.
///
/// Each question goes out from a port of its own and with an id of its own, and the socket takes
/// what comes from that server alone, so that nobody can answer who does not see the question.
struct NameServer {
  /// Messages that wait to be read.
  private static let most = 8
  /// How long a connection may take to come about.
  private static let connecting = TimeAmount.seconds(2)

  let server: ResolverSettings.Server

  /// - Throws: `DNSAnswer.Problem`, or why the server cannot be reached. How long it takes is up to
  ///   whoever cancels it.
  func answer(to question: DNSQuestion) async throws -> DNSAnswer {
    let address = try SocketAddress(ipAddress: server.address, port: server.port)
    let answer = try await datagram(question, address)
    return answer.isTruncated ? try await stream(question, address) : answer
  }

  private typealias Messages = AsyncThrowingStream<ByteBuffer, any Error>

  private func datagram(
    _ question: DNSQuestion, _ address: SocketAddress
  ) async throws -> DNSAnswer {
    let (messages, arrived) = Messages.makeStream(bufferingPolicy: .bufferingNewest(Self.most))
    let channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers(Opening(), Arriving(arrived))
        }
      }
      .connect(to: address).get()
    defer { channel.close(promise: nil) }
    try await channel.writeAndFlush(
      AddressedEnvelope(remoteAddress: address, data: ByteBuffer(bytes: question.bytes)))
    for try await message in messages {
      do {
        return try DNSAnswer(Array(message.readableBytesView), to: question)
      } catch DNSAnswer.Problem.otherQuestion, DNSAnswer.Problem.malformed {
        // The server's own may still come.
        continue
      }
    }
    throw CancellationError()
  }

  private func stream(
    _ question: DNSQuestion, _ address: SocketAddress
  ) async throws -> DNSAnswer {
    let (pieces, arrived) = Messages.makeStream(bufferingPolicy: .unbounded)
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(Self.connecting)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Arriving(arrived))
        }
      }
      .connect(to: address).get()
    defer { channel.close(promise: nil) }
    var message = ByteBuffer()
    message.writeInteger(UInt16(question.bytes.count))
    message.writeBytes(question.bytes)
    try await channel.writeAndFlush(message)
    // Its length says how many bytes belong to it: 65,535 at most.
    var received = ByteBuffer()
    for try await var piece in pieces {
      received.writeBuffer(&piece)
      guard let length = received.getInteger(at: received.readerIndex, as: UInt16.self),
        let bytes = received.getBytes(at: received.readerIndex + 2, length: Int(length))
      else { continue }
      return try DNSAnswer(bytes, to: question)
    }
    throw DNSAnswer.Problem.malformed
  }
}

/// Takes datagrams out of their envelopes.
private final class Opening: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  typealias InboundOut = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    context.fireChannelRead(wrapInboundOut(unwrapInboundIn(data).data))
  }
}

/// Hands on what arrives.
private final class Arriving: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let arrived: AsyncThrowingStream<ByteBuffer, any Error>.Continuation

  init(_ arrived: AsyncThrowingStream<ByteBuffer, any Error>.Continuation) {
    self.arrived = arrived
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    arrived.yield(unwrapInboundIn(data))
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    arrived.finish(throwing: error)
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) { arrived.finish() }
}
