// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
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
    server = try await PassedOn.server(to: target) {
      let connection = CutConnection(state)
      return (connection.passesStatement, { _ in connection.passesReply() })
    }
  }

  /// Where it listens.
  var port: UInt16 { PassedOn.port(of: server) }

  /// How many replies were lost.
  var cut: Int { state.cut }

  /// Loses the reply to the next COMMIT.
  func arm() { state.arm() }

  deinit { server.close(promise: nil) }

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
