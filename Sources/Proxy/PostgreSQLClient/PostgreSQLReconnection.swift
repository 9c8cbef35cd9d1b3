// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  /// The way to a database that proxies share: one connection, made anew when it was lost.
  package actor PostgreSQLReconnection {
    /// What it tells without being asked.
    package enum News: Sendable {
      /// Somebody notified a channel that the connection listens to.
      case notified
      /// It can be reached again; whatever happened before was not heard.
      case reachable
      case cutOff(reason: String)
    }

    /// How long connecting may take, and each statement.
    package static let connecting = Duration.seconds(3)
    package static let answering = Duration.seconds(2)
    /// Pauses between attempts to connect: each twice the one before, with a random part of it.
    private static let shortestPause = Duration.milliseconds(250)
    private static let longestPause = Duration.seconds(4)

    package nonisolated let address: PostgreSQLAddress
    private nonisolated let tell: @Sendable (News) -> Void
    private let prepare: @Sendable (PostgreSQLConnection) async throws -> Void

    private var connection: PostgreSQLConnection?
    /// Counts connections, so that the end of an old one is not taken for that of the new one.
    private var generation = 0
    private var lastLost = 0
    private var opening: Task<PostgreSQLConnection, any Error>?
    private var pause = shortestPause
    private var refusal: (error: any Error, until: ContinuousClock.Instant)?

    /// - Parameters:
    ///   - tell: hears news; it must not block.
    ///   - prepare: makes a new connection fit for use.
    package init(
      _ address: PostgreSQLAddress, tell: @escaping @Sendable (News) -> Void = { _ in },
      prepare: @escaping @Sendable (PostgreSQLConnection) async throws -> Void
    ) {
      self.address = address
      self.tell = tell
      self.prepare = prepare
    }

    /// The connection that is there, or a new one. An attempt that failed stands for those that
    /// follow at once.
    package func current() async throws -> PostgreSQLConnection {
      if let connection { return connection }
      if let opening { return try await opening.value }
      if let refusal, ContinuousClock.now < refusal.until { throw refusal.error }
      generation += 1
      let number = generation
      let task = Task { try await self.open(number) }
      opening = task
      defer { opening = nil }
      do {
        let opened = try await task.value
        guard lastLost < number else {
          throw PostgreSQLError(.connection, "the connection was lost at once")
        }
        (connection, refusal, pause) = (opened, nil, Self.shortestPause)
        tell(.reachable)
        return opened
      } catch {
        let wait = pause * Double.random(in: 0.5...1)
        refusal = (error, .now + wait)
        pause = min(pause * 2, Self.longestPause)
        throw error
      }
    }

    private func open(_ number: Int) async throws -> PostgreSQLConnection {
      let tell = tell
      let opened = try await PostgreSQLConnection.open(
        address, as: "strangler", within: Self.connecting
      ) { event in
        switch event {
        case .notified: tell(.notified)
        case .closed(let reason):
          Task { await self.lost(number, reason) }
        }
      }
      do {
        try await prepare(opened)
        return opened
      } catch {
        opened.close()
        throw error
      }
    }

    private func lost(_ number: Int, _ reason: String) {
      lastLost = max(lastLost, number)
      // Later ones have taken its place.
      guard number == generation else { return }
      connection = nil
      tell(.cutOff(reason: reason))
    }

    /// Ends the connection for good.
    package func close() { connection?.close() }
  }
#endif
