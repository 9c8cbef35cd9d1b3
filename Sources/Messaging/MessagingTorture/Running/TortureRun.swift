// SPDX-License-Identifier: Apache-2.0

package import Foundation
internal import MessageRelay
internal import ServerPrograms
package import TortureModel
internal import TransactionalMessaging

/// One run: servers, processes, strikes, rest, verdict.
package struct TortureRun: Sendable {
  /// How far it is, for whoever watches.
  package struct Progress: Sendable, Equatable {
    package var stage: String
    package var kills: Int
    package var committed: Int
  }

  /// Wait between two looks at how far it is, milliseconds.
  private static let pulse: Int64 = 200
  /// How long writers may take to end.
  private static let farewell: Int64 = 5_000

  private let settings: TortureSettings
  private let executable: URL
  private let arguments: [String]
  private let clock = SystemMessagingClock()

  /// - Parameters:
  ///   - executable: the program that plays writers, relays and consumers.
  ///   - arguments: with which it calls `TortureChild.run`.
  package init(_ settings: TortureSettings, executable: URL, arguments: [String]) {
    self.settings = settings
    self.executable = executable
    self.arguments = arguments
  }

  /// Carries it out; leaves nothing behind, cancelled or not.
  ///
  /// - Throws: `TortureFailure` when it cannot be made, such as without a server's programs;
  ///   `CancellationError`.
  package func run(progress: @escaping @Sendable (Progress) -> Void) async throws -> TortureReport {
    if let contradiction = settings.contradiction { throw TortureFailure(contradiction) }
    try Self.checkTraits(settings)
    // A process that has just died is spoken to now and then.
    signal(SIGPIPE, SIG_IGN)
    progress(Progress(stage: "servers start", kills: 0, committed: 0))
    let stage: Stage
    do {
      stage = try await Stage(settings)
    } catch let failure as Program.Failure {
      throw TortureFailure(failure.description)
    }
    do {
      try await stage.prepare()
      let report = try await torture(stage, progress)
      await stage.strikeDown()
      return report
    } catch {
      await stage.strikeDown()
      if let failure = error as? Program.Failure { throw TortureFailure(failure.description) }
      throw error
    }
  }

  private static func checkTraits(_ settings: TortureSettings) throws {
    #if !PostgreSQL
      if settings.store == .postgresql { throw TortureFailure.missingTrait("PostgreSQL") }
    #endif
    #if !NATS
      if settings.broker == .nats { throw TortureFailure.missingTrait("NATS") }
    #endif
    #if !RabbitMQ
      if settings.broker == .rabbitmq { throw TortureFailure.missingTrait("RabbitMQ") }
    #endif
  }

  private func torture(
    _ stage: Stage, _ progress: @escaping @Sendable (Progress) -> Void
  ) async throws -> TortureReport {
    let start = clock.now()
    let fleet = Fleet(
      executable: executable, arguments: arguments, settings, stores: stage.stores,
      brokers: stage.brokers)
    let strikes = Strikes(fleet, on: stage, lease: settings.lease)
    defer { fleet.end() }
    try await withThrowingTaskGroup(of: Bool.self) { tasks in
      for seat in settings.seats {
        tasks.addTask {
          try await fleet.keep(seat)
          return false
        }
      }
      tasks.addTask {
        try await carryOut(fleet, strikes, from: start, progress)
        try await rest(stage, fleet, strikes, progress)
        return true
      }
      while let isDone = try await tasks.next() {
        if isDone { break }
      }
      fleet.end()
      tasks.cancelAll()
    }
    progress(
      Progress(stage: "judging", kills: strikes.kills, committed: fleet.committed))
    let ledger = fleet.ledger
    let verdict = TortureVerdict(ledger, try await stage.open().evidence())
    return TortureReport(
      settings, verdict,
      recovery: RelayRecovery(
        deaths: fleet.ownerDeaths, sent: ledger.sendings.map(\.at), outages: strikes.outages),
      strikes: strikes.counts, kills: strikes.kills, notes: ledger.notes,
      milliseconds: clock.now() - start)
  }

  /// Strikes until all of the schedule is done, and as long as the run shall last.
  private func carryOut(
    _ fleet: Fleet, _ strikes: Strikes, from start: Int64,
    _ progress: @escaping @Sendable (Progress) -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Bool.self) { tasks in
      tasks.addTask {
        while !Task.isCancelled {
          progress(
            Progress(stage: "torture", kills: strikes.kills, committed: fleet.committed))
          try? await clock.sleep(milliseconds: Self.pulse)
        }
        return false
      }
      tasks.addTask {
        try await strikes.carryOut(TortureSchedule(settings))
        let left = start + settings.duration - clock.now()
        if left > 0 { try await clock.sleep(milliseconds: left) }
        return true
      }
      while let isDone = try await tasks.next() {
        if isDone { break }
      }
      tasks.cancelAll()
    }
  }

  /// Lets writers end, then waits until every event has its effect, or until nothing changes any
  /// more for long; a little longer in either case, for what comes twice.
  private func rest(
    _ stage: Stage, _ fleet: Fleet, _ strikes: Strikes,
    _ progress: @escaping @Sendable (Progress) -> Void
  ) async throws {
    await fleet.dismiss(.writer, withinMilliseconds: Self.farewell)
    let database = try stage.open()
    var last: (effects: Int64, sendings: Int) = (-1, -1)
    var lastChange = clock.now()
    while true {
      try Task.checkCancellation()
      progress(Progress(stage: "rest", kills: strikes.kills, committed: fleet.committed))
      let counts = try await database.counts()
      if counts.events == counts.effects { break }
      // A relay that is behind may send for long what waits for an earlier version.
      let now = (effects: counts.effects, sendings: fleet.sendings)
      if now != last { (last, lastChange) = (now, clock.now()) }
      if clock.now() - lastChange > settings.patience { break }
      try await clock.sleep(milliseconds: Self.pulse)
    }
    // Longer than a broker waits before it delivers again.
    try await clock.sleep(milliseconds: settings.broker.isServer ? 1_500 : 300)
  }
}
