// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import Synchronization

/// The way to a broker, which can be cut: whoever speaks meanwhile loses the connection, with what
/// was on its way, and gets no new one.
final class Partition: Sendable {
  private let server: any Channel
  private let state: Cuts

  /// Listens on a free port of loopback.
  init(to target: Int) async throws {
    let state = Cuts()
    self.state = state
    server = try await PassedOn.server(to: target) {
      ({ _ in !state.isCut }, { _ in !state.isCut })
    }
  }

  /// Where it listens.
  var port: UInt16 { PassedOn.port(of: server) }

  func cut() { state.set(true) }

  func heal() { state.set(false) }

  deinit { server.close(promise: nil) }

  /// Takes no more connections.
  func close() async { try? await server.close().get() }
}

private final class Cuts: Sendable {
  private let state = Mutex(false)

  var isCut: Bool { state.withLock { $0 } }

  func set(_ isCut: Bool) { state.withLock { $0 = isCut } }
}
