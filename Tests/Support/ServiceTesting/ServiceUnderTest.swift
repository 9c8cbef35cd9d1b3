// SPDX-License-Identifier: Apache-2.0

package import Hummingbird
import Logging
import NIOCore
package import ServiceCalls
import Synchronization

/// A service on loopback, with the routes that a test gives it.
package final class ServiceUnderTest: Sendable {
  package typealias Responder = @Sendable (Request, BasicRequestContext) async throws -> Response

  private let task: Task<Void, any Error>
  /// Where it listens.
  package let endpoint: ServiceEndpoint

  /// Starts one.
  ///
  /// - Parameter port: 0 for any that is free.
  package init(port: Int = 0, _ routes: (Router<BasicRequestContext>) -> Void) async throws {
    let router = Router()
    routes(router)
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    let application = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
      onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) },
      logger: Logger(label: "service") { _ in SwiftLogNoOpLogHandler() })
    task = Task {
      defer { continuation.finish() }
      try await application.runService(gracefulShutdownSignals: [])
    }
    var listening = 0
    for await port in ports {
      listening = port
      break
    }
    endpoint = ServiceEndpoint(host: "127.0.0.1", port: listening)
  }

  deinit { task.cancel() }

  /// Ends it; its connections are closed.
  package func stop() async {
    task.cancel()
    _ = await task.result
  }
}
