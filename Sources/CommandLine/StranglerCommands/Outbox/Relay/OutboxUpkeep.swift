// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  internal import Logging
  internal import MessageStorePostgreSQL
  internal import ServiceLifecycle

  /// Makes the outbox's partitions in time, beside a relay: whoever relays is there all the time.
  struct OutboxUpkeep: Service {
    private static let interval = Duration.seconds(3_600)

    let database: PostgreSQLDatabase
    let logger: Logger

    func run() async throws {
      while !Task.isCancelled, !Task.isShuttingDownGracefully {
        do {
          let made = try await PostgreSQLMessageTables.makePartitions(in: database)
          if !made.isEmpty {
            logger.info("partitions were made", metadata: ["statements": "\(made.count)"])
          }
        } catch {
          logger.warning(
            "no partitions could be made: rows go to outbox_default until somebody does",
            metadata: ["reason": "\(error)"])
        }
        // Ends early when it is asked to stop; the loop looks why.
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.interval) }
      }
    }
  }
#endif
