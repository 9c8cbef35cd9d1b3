// SPDX-License-Identifier: Apache-2.0

/// The port that a server listens on, for whoever has to wait until it does.
public struct ServerPort: Sendable {
  private let ports: AsyncStream<Int>
  private let told: AsyncStream<Int>.Continuation

  /// Creates one of which nothing is known; it is asked once.
  public init() { (ports, told) = AsyncStream.makeStream() }

  /// The server runs; called from `onServerRunning`.
  public func serverRuns(on port: Int) {
    told.yield(port)
    told.finish()
  }

  /// Returns once the server runs.
  ///
  /// - Throws: `CancellationError`.
  public func value() async throws -> Int {
    for await port in ports { return port }
    throw CancellationError()
  }
}
