// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import HummingbirdCore
package import Logging
internal import NIOCore
internal import ProxyDataPlane
package import RoutingDecisions
internal import ServiceLifecycle

/// Serves metrics and nothing else: `GET /metrics`, in the Prometheus text format, version 0.0.4.
package struct MetricsServer: Service {
  /// Why it does not run.
  package struct BindFailed: Error, CustomStringConvertible {
    package let description: String
  }

  private static let maximumConnections = 16
  private static let idleTimeout: Int64 = 60

  private let address: NetworkAddress
  private let application: Application<RouterResponder<BasicRequestContext>>

  /// Creates the server; nothing listens before `run()`.
  ///
  /// - Parameters:
  ///   - onListening: called with the port once connections are taken.
  ///   - text: what is told, each time that somebody asks.
  package init(
    listen address: NetworkAddress, logger: Logger,
    onListening: @escaping @Sendable (Int) async -> Void = { _ in },
    text: @escaping @Sendable () async -> String
  ) {
    self.address = address
    let router = Router(options: .autoGenerateHeadEndpoints)
    router.get("/metrics") { _, _ in
      Response(
        status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
        body: .init(byteBuffer: .init(string: await text())))
    }
    application = Application(
      responder: router.buildResponder(),
      server: .http1(configuration: .init(idleTimeout: .seconds(Self.idleTimeout))),
      configuration: ApplicationConfiguration(
        address: .hostname(address.host, port: address.port),
        availableConnectionsDelegate: MaximumAvailableConnections(Self.maximumConnections)),
      onServerRunning: { await onListening($0.localAddress?.port ?? address.port) },
      logger: logger)
  }

  /// Serves until graceful shutdown or cancellation.
  ///
  /// - Throws: `BindFailed` when the address cannot be listened on.
  package func run() async throws {
    do {
      try await application.run()
    } catch let error as IOError {
      throw BindFailed(
        description: "cannot listen on \(address): \(SystemErrorText.plain(error)); choose another "
          + "address, or stop what uses this one")
    }
  }
}
