// SPDX-License-Identifier: Apache-2.0

internal import ServiceLifecycle
package import TransactionalMessaging

/// One call of `consume`: gets messages and takes turns, until the task is cancelled or shut down
/// gracefully, or it is over; returns when the last of the handlers is finished.
///
/// - Parameters:
///   - supply: gets messages into the queue; it ends once no more are wanted and, where it is asked
///     to stay for those that are held, all handlers are finished.
///   - isOver: whether no more messages are wanted.
///   - stop: no more messages are wanted; called more than once.
///   - finished: handlers are finished.
package func consumeTurns<Turn: Sendable>(
  supply: @escaping @Sendable () async -> Void, until isOver: () -> Bool, arrivals: WakeSignal,
  next: () -> Turn?, take: @escaping @Sendable (Turn) async -> Void,
  stop: @escaping @Sendable () -> Void, finished: () -> Void = {}
) async {
  await withGracefulShutdownHandler {
    await withDiscardingTaskGroup { tasks in
      tasks.addTask { await supply() }
      await takeTurns(until: isOver, arrivals: arrivals, next: next, take: take)
      stop()
      finished()
    }
  } onGracefulShutdown: {
    stop()
  }
}

/// Gets messages of a group over one connection after the other, until no more are wanted. The last
/// one stays: answers still go over it.
package struct GroupSupply: Sendable {
  private static let outage = Backoff(first: 20, most: 2_000)
  /// A connection that lasted so long, in milliseconds, was a good one.
  private static let steady: Int64 = 10_000

  let group: String
  let clock: any MessagingClock
  let record: BrokerRecord
  /// Raised once, when the broker is closed.
  let closing: WakeSignal
  /// Raised once, when no more messages are wanted.
  let stopped: WakeSignal
  let stop: @Sendable () -> Void

  package init(
    of group: String, clock: any MessagingClock, record: BrokerRecord, closing: WakeSignal,
    stopped: WakeSignal, stop: @escaping @Sendable () -> Void
  ) {
    self.group = group
    self.clock = clock
    self.record = record
    self.closing = closing
    self.stopped = stopped
    self.stop = stop
  }

  /// - Parameters:
  ///   - open: begins the next connection.
  ///   - lost: is told that one is over, and whether messages came over it, which makes it a good
  ///     one too.
  package func run<Connection: EndingConnection>(
    open: () async throws(BrokerError) -> Connection, lost: () -> Bool = { false }
  ) async {
    var attempts = 0
    while !isOver {
      if closing.generation > 0 { return stop() }
      let began = clock.now()
      do throws(BrokerError) {
        let connection = try await open()
        guard let failure = await end(of: connection) else { return }
        throw failure
      } catch {
        if isOver { return }
        let wasGood = lost() || clock.now() - began > Self.steady
        attempts = wasGood ? 1 : attempts + 1
        record.note(outage: "group \(group): \(error.message)")
        await pause(afterAttempt: attempts, or: [(stopped, 0), (closing, 0)])
      }
    }
  }

  /// Waits as long as is fit after so many failures, or until a signal is raised.
  package func pause(
    afterAttempt attempts: Int, or signals: [(signal: WakeSignal, generation: UInt64)]
  ) async {
    var random = SystemRandomNumberGenerator()
    _ = await clock.wait(
      milliseconds: Self.outage.delay(afterAttempt: attempts, using: &random), or: signals)
  }

  private var isOver: Bool { stopped.generation > 0 || Task.isCancelled }

  /// Why the connection was lost; nil when it is wanted no more.
  private func end(of connection: some EndingConnection) async -> BrokerError? {
    while !isOver {
      let ended = connection.ended.generation
      if let failure = connection.failure { return failure }
      if closing.generation > 0 {
        stop()
        break
      }
      await WakeSignal.first(of: [(connection.ended, ended), (stopped, 0), (closing, 0)])
    }
    return nil
  }
}
