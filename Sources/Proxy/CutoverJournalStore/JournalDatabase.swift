// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  internal import CutoverControl
  internal import PostgreSQLClient
  internal import Synchronization

  /// The way to a journal's database: one connection, made anew when it was lost.
  actor JournalDatabase {
    /// How long connecting may take, and each statement.
    static let connecting = Duration.seconds(3)
    static let answering = Duration.seconds(2)
    /// Pauses between attempts to connect: each twice the one before, with a random part of it.
    static let shortestPause = Duration.milliseconds(250)
    static let longestPause = Duration.seconds(4)
    /// Most pieces of news that wait to be heard; they all say "look again".
    private static let longestNews = 16

    nonisolated let address: PostgreSQLAddress
    nonisolated let news: AsyncStream<JournalNews>
    private nonisolated let tell: AsyncStream<JournalNews>.Continuation
    /// Makes a new connection fit for use.
    private let prepare: @Sendable (PostgreSQLConnection) async throws -> Void

    private var connection: PostgreSQLConnection?
    /// Counts connections, so that the end of an old one is not taken for that of the new one.
    private var generation = 0
    private var lastLost = 0
    private var opening: Task<PostgreSQLConnection, any Error>?
    private var pause = shortestPause
    private var refusal: (error: any Error, until: ContinuousClock.Instant)?

    init(
      _ address: PostgreSQLAddress,
      prepare: @escaping @Sendable (PostgreSQLConnection) async throws -> Void
    ) {
      self.address = address
      self.prepare = prepare
      (news, tell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.longestNews))
    }

    /// The connection that is there, or a new one. An attempt that failed stands for those that
    /// follow at once.
    func current() async throws -> PostgreSQLConnection {
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
        tell.yield(.reachable)
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
        case .notified: tell.yield(.appended)
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
      tell.yield(.cutOff(reason: reason))
    }

    /// Ends the connection for good.
    func close() {
      connection?.close()
      tell.finish()
    }
  }
#endif
