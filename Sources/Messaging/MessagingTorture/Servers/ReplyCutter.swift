// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Passes connections on to PostgreSQL, and now and then loses the reply to a COMMIT: the server
/// has the statement and carries it out, the client's connection ends, and the client cannot know.
final class ReplyCutter: Sendable {
  private let server: any Channel
  private let state: Counts

  /// Listens on a free port of loopback.
  init(to target: Int) async throws {
    let state = Counts()
    self.state = state
    server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { client in
        ClientBootstrap(group: client.eventLoop).connect(host: "127.0.0.1", port: target)
          .flatMap { upstream in
            client.eventLoop.makeCompletedFuture {
              let connection = CutConnection(state)
              try upstream.pipeline.syncOperations.addHandler(
                PassedOn(to: client) { _ in connection.passesReply() })
              try client.pipeline.syncOperations.addHandler(
                PassedOn(to: upstream) { connection.passesStatement($0) })
            }
          }
      }
      .bind(host: "127.0.0.1", port: 0).get()
  }

  /// Where it listens.
  var port: Int { server.localAddress?.port ?? 0 }

  /// How many replies were lost.
  var cut: Int { state.cut }

  /// Loses the reply to the next COMMIT.
  func arm() { state.arm() }

  /// Takes no more connections.
  func close() async { try? await server.close().get() }
}

/// How many replies are to be lost, and how many were.
private final class Counts: Sendable {
  private let state = Mutex((armed: 0, cut: 0))

  var cut: Int { state.withLock { $0.cut } }

  func arm() { state.withLock { $0.armed += 1 } }

  /// Whether one is to be lost now.
  func take() -> Bool {
    state.withLock { state in
      guard state.armed > 0 else { return false }
      state.armed -= 1
      state.cut += 1
      return true
    }
  }
}

/// A connection through the cutter, on its event loop.
private final class CutConnection {
  /// The statement in a Parse message without a name.
  private static let commit = [0] + Array("COMMIT".utf8) + [0]

  private let counts: Counts
  private var isCut = false

  init(_ counts: Counts) { self.counts = counts }

  /// Statements always get through; behind one COMMIT no reply does.
  func passesStatement(_ bytes: ByteBuffer) -> Bool {
    if !isCut, bytes.readableBytesView.firstRange(of: Self.commit) != nil { isCut = counts.take() }
    return true
  }

  func passesReply() -> Bool { !isCut }
}

/// One direction of a connection: what does not pass ends it.
private final class PassedOn: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let other: any Channel
  private let passes: (ByteBuffer) -> Bool

  init(to other: any Channel, passes: @escaping (ByteBuffer) -> Bool) {
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

/// Ports for servers that have to be told one.
enum LoopbackPorts {
  /// A port that nobody used a moment ago.
  static func free() async throws -> Int {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .bind(host: "127.0.0.1", port: 0).get()
    let port = channel.localAddress?.port
    try await channel.close().get()
    guard let port else { throw TortureFailure("no port is free on loopback") }
    return port
  }
}
