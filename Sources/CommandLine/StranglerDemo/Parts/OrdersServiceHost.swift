// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Hummingbird
internal import Logging
internal import OrdersService

/// Serves the extracted orders service in the process that `ChildService` starts.
public struct OrdersServiceHost: Sendable {
  private let database: String
  private let port: Int

  /// - Parameters:
  ///   - database: File of the service's database; created and seeded when it is missing.
  ///   - port: Port on 127.0.0.1; 0 takes a free one.
  public init(database: String, port: Int) {
    self.database = database
    self.port = port
  }

  /// Serves until standard input closes, which it does when the parent ends, however it ends.
  /// - Parameter announce: Receives the line that tells the parent the port.
  public func run(announce: @escaping @Sendable (String) -> Void) async throws {
    var configuration = OrdersConfiguration()
    configuration.database = database
    var logger = Logger(label: "orders-service")
    logger.logLevel = .error
    let service = try OrdersApplication(configuration: configuration, logger: logger)
    let server = service.server(port: port) { announce(ChildService.announcement + "\($0)") }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      group.addTask { await Self.standardInputClosed() }
      try await group.next()
      group.cancelAll()
    }
  }

  private static func standardInputClosed() async {
    await withCheckedContinuation { continuation in
      // Reads block, so they get a thread of their own and not one of the cooperative pool.
      Thread {
        while let data = try? FileHandle.standardInput.read(upToCount: 1), !data.isEmpty {}
        continuation.resume()
      }.start()
    }
  }
}
