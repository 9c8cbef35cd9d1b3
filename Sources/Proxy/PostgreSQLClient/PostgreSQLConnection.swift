// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  internal import Foundation
  internal import Synchronization

  /// One connection to PostgreSQL, over libpq.
  ///
  /// It lives on a thread of its own, where libpq's calls happen, none of which blocks longer than
  /// the deadline that its caller gave, but for looking up a host's name: the system's resolver
  /// takes as long for that as it likes, and `PostgreSQLOpening` does not. Callers wait without
  /// holding a thread.
  ///
  /// Statements run one after the other, in the order in which they came. A connection that does
  /// not answer in time is given up as a whole, since its protocol has no place to go on from.
  package final class PostgreSQLConnection: Sendable {
    /// Most statements that wait for their turn.
    package static let longestLine = 64

    private let thread: PostgreSQLThread

    private init(_ thread: PostgreSQLThread) { self.thread = thread }

    deinit { thread.close() }

    /// Connects.
    ///
    /// - Parameters:
    ///   - address: where; its `sslmode` is honoured.
    ///   - name: who connects, as the server's `pg_stat_activity` shows it.
    ///   - limit: how long connecting may take.
    ///   - onEvent: hears what the server tells by itself, on the connection's thread: it must not
    ///     block. `closed` is its last event; there is none when `open` throws.
    package static func open(
      _ address: PostgreSQLAddress, as name: String, within limit: Duration,
      onEvent: @escaping @Sendable (PostgreSQLEvent) -> Void
    ) async throws -> PostgreSQLConnection {
      try await open(address, as: name, within: limit, onEvent: onEvent, connect: Self.connect)
    }

    @Sendable private static func connect(
      _ address: PostgreSQLAddress, _ name: String, _ pipe: WakePipe,
      _ deadline: ContinuousClock.Instant
    ) throws(PostgreSQLError) -> PostgreSQLLink {
      try PostgreSQLLink(address, name: name, pipe: pipe, until: deadline)
    }

    /// What a resolver that hangs may add to a deadline.
    static let grace = Duration.milliseconds(500)

    static func open(
      _ address: PostgreSQLAddress, as name: String, within limit: Duration,
      onEvent: @escaping @Sendable (PostgreSQLEvent) -> Void,
      hanging: HangingLookUps = .ofProcess, connect: @escaping PostgreSQLThread.Connect
    ) async throws -> PostgreSQLConnection {
      let thread = try PostgreSQLThread(address, name: name, onEvent: onEvent)
      let opening = PostgreSQLOpening(hanging)
      // A connection says itself that its time is over, and why, where it can.
      try await opening.wait(within: limit + grace) {
        Thread { thread.run(until: .now + limit, opening: opening, connect) }.start()
      }
      return PostgreSQLConnection(thread)
    }

    /// Runs one statement.
    ///
    /// - Returns: its rows, without any for a statement that has none.
    /// - Throws: `PostgreSQLError`.
    @discardableResult
    package func query(
      _ sql: String, _ parameters: [PostgreSQLValue] = [], within limit: Duration
    ) async throws -> [PostgreSQLRow] {
      try await run([PostgreSQLStatement(sql, parameters)], within: limit).rows.last ?? []
    }

    /// Runs statements in one transaction, which is committed if none of them is refused.
    ///
    /// - Returns: the rows of each statement.
    @discardableResult
    package func transaction(
      _ statements: [PostgreSQLStatement], within limit: Duration
    ) async throws -> [[PostgreSQLRow]] {
      let whole = [PostgreSQLStatement("BEGIN")] + statements + [PostgreSQLStatement("COMMIT")]
      return Array(try await run(whole, within: limit).rows.dropFirst().dropLast())
    }

    /// Runs statements of the transaction that is open in one round trip: all of them are sent
    /// before the first answer comes, and behind one that is refused none runs.
    ///
    /// - Returns: what became of them; a refusal is no error here, since it says which one it was.
    /// - Throws: `PostgreSQLError`, with the code `refused` where nothing was sent: no transaction
    ///   is open, or a parameter is none.
    package func pipeline(
      _ statements: [PostgreSQLStatement], within limit: Duration
    ) async throws -> PostgreSQLOutcome {
      try await run(statements, isPipelined: true, within: limit)
    }

    /// Copies rows out, in constant memory: `COPY ... TO STDOUT`.
    ///
    /// - Parameters:
    ///   - limit: how long the server may keep silent.
    ///   - onRow: takes each message, on the connection's thread; a slow one slows the server down.
    package func copy(
      _ sql: String, within limit: Duration, onRow: @escaping PostgreSQLRowTaker
    ) async throws {
      _ = try await run([PostgreSQLStatement(sql)], within: limit, onRow: onRow)
    }

    /// Ends it; statements that wait are answered with an error.
    package func close() { thread.close() }

    private func run(
      _ statements: [PostgreSQLStatement], isPipelined: Bool = false, within limit: Duration,
      onRow: PostgreSQLRowTaker? = nil
    ) async throws -> PostgreSQLOutcome {
      let thread = thread
      return try await withCheckedThrowingContinuation { answer in
        thread.submit(
          PostgreSQLThread.Request(
            statements: statements, isPipelined: isPipelined, limit: limit,
            deadline: .now + limit, onRow: onRow, answer: answer))
      }
    }
  }

#endif
