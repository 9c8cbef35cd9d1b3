// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  internal import CPostgreSQL
  internal import Synchronization

  /// The thread of one connection: takes statements from a line, and sleeps in `poll` on the
  /// connection's socket and on a pipe that wakes it.
  final class PostgreSQLThread: Sendable {
    /// Statements that run one after the other, as long as none is refused.
    struct Request: Sendable {
      let statements: [PostgreSQLStatement]
      /// All are sent before the first is answered, within a transaction that somebody else ends.
      let isPipelined: Bool
      let limit: Duration
      let deadline: ContinuousClock.Instant
      /// Takes the rows of a copy.
      var onRow: PostgreSQLRowTaker?
      let answer: CheckedContinuation<PostgreSQLOutcome, any Error>
    }

    private struct State {
      var line: [Request] = []
      /// Nothing more is taken: somebody closed it, or it was lost.
      var isClosed = false
    }

    private let state = Mutex(State())
    private let pipe: WakePipe
    private let address: PostgreSQLAddress
    private let name: String
    private let onEvent: @Sendable (PostgreSQLEvent) -> Void

    init(
      _ address: PostgreSQLAddress, name: String,
      onEvent: @escaping @Sendable (PostgreSQLEvent) -> Void
    ) throws {
      self.address = address
      self.name = name
      self.onEvent = onEvent
      pipe = try WakePipe()
    }

    /// Takes a request into the line.
    func submit(_ request: Request) {
      let refusal: PostgreSQLError? = state.withLock { state in
        if state.isClosed { return PostgreSQLError(.connection, "the connection is closed") }
        if state.line.count >= PostgreSQLConnection.longestLine {
          return PostgreSQLError(
            .busy, "\(PostgreSQLConnection.longestLine) statements wait already")
        }
        state.line.append(request)
        return nil
      }
      if let refusal { return request.answer.resume(throwing: refusal) }
      pipe.wake()
    }

    func close() {
      state.withLock { $0.isClosed = true }
      pipe.wake()
    }

    /// Makes the connection; on the thread, which it may block as long as a resolver does.
    typealias Connect =
      @Sendable (
        PostgreSQLAddress, _ name: String, WakePipe, _ deadline: ContinuousClock.Instant
      ) throws(PostgreSQLError) -> PostgreSQLLink

    /// The thread's whole life.
    func run(
      until deadline: ContinuousClock.Instant, opening: PostgreSQLOpening, _ connect: Connect
    ) {
      let reason: String
      do throws(PostgreSQLError) {
        // It ends with this block, before anybody hears that it did.
        let link = try connect(address, name, pipe, deadline)
        // Nobody waits for it any more, and nobody was told that there is one.
        guard opening.end(nil) else { return }
        reason = serve(link)
      } catch {
        _ = opening.end(error)
        return
      }
      let left = state.withLock { state in
        state.isClosed = true
        defer { state.line = [] }
        return state.line
      }
      for request in left {
        request.answer.resume(throwing: PostgreSQLError(.connection, reason))
      }
      onEvent(.closed(reason: reason))
    }

    /// Serves until the end; returns why it came.
    private func serve(_ link: PostgreSQLLink) -> String {
      while true {
        let (request, isClosed) = state.withLock { state in
          (state.line.isEmpty ? nil : state.line.removeFirst(), state.isClosed)
        }
        do throws(PostgreSQLError) {
          if isClosed {
            request?.answer.resume(
              throwing: PostgreSQLError(.connection, "the connection is closed"))
            return "closed here"
          }
          if let request {
            try carryOut(request, link)
          } else {
            try link.waitForEvent()
          }
          link.takeNotifications(onEvent)
        } catch {
          return error.message
        }
      }
    }

    /// - Throws: what ends the connection, after it was answered too.
    private func carryOut(_ request: Request, _ link: PostgreSQLLink) throws(PostgreSQLError) {
      if request.deadline < .now {
        // It waited for one before it that was in time; nothing was sent.
        return request.answer.resume(
          throwing: PostgreSQLError(.busy, "it did not get its turn within \(request.limit)"))
      }
      var outcome = PostgreSQLOutcome()
      do throws(PostgreSQLError) {
        if request.isPipelined {
          outcome = try link.pipeline(request.statements, until: request.deadline, request.limit)
        } else {
          for statement in request.statements {
            outcome.rows.append(
              try link.execute(
                statement, until: request.deadline, request.limit, onRow: request.onRow))
          }
        }
      } catch {
        if case .refused = error.code {
          // Whatever the refused transaction held is let go of before anybody else has a turn.
          if request.statements.count > 1, !request.isPipelined {
            do throws(PostgreSQLError) {
              _ = try link.execute(
                PostgreSQLStatement("ROLLBACK"), until: request.deadline, request.limit)
            } catch let failure {
              request.answer.resume(throwing: error)
              throw failure
            }
          }
          return request.answer.resume(throwing: error)
        }
        request.answer.resume(throwing: error)
        throw error
      }
      request.answer.resume(returning: outcome)
    }
  }

#endif
