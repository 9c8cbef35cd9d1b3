// SPDX-License-Identifier: Apache-2.0

package import Foundation
internal import MessageRelay
internal import ServerPrograms
package import TortureModel
package import TransactionalMessaging

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
  /// How often dead letters are replayed at the end: each time the next ones may come to light.
  private static let mostReplays = 100

  /// What a run came to before it is judged.
  private struct Outcome: Sendable {
    var standstills: [Standstill]
    var isPartial: Bool
  }

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

  /// Carries it out; leaves nothing behind, interrupted, cancelled or not.
  ///
  /// - Parameter interruption: once it is raised, nothing more is struck, what was done comes to
  ///   rest, and the report is one of a part.
  /// - Throws: `TortureFailure` when it cannot be made, such as without a server's programs;
  ///   `CancellationError`, also where it is interrupted before anything was done.
  package func run(
    until interruption: WakeSignal = WakeSignal(),
    progress: @escaping @Sendable (Progress) -> Void
  ) async throws -> TortureReport {
    if let contradiction = settings.contradiction { throw TortureFailure(contradiction) }
    try Self.checkTraits(settings)
    // A process that has just died is spoken to now and then.
    signal(SIGPIPE, SIG_IGN)
    progress(Progress(stage: "servers start", kills: 0, committed: 0))
    do {
      let stage = try await prepared(until: interruption)
      do {
        let report = try await torture(stage, until: interruption, progress)
        await stage.strikeDown()
        return report
      } catch {
        await stage.strikeDown()
        throw error
      }
    } catch let failure as Program.Failure {
      throw TortureFailure(failure.description)
    }
  }

  /// Servers with their tables, streams or queues.
  private func prepared(until interruption: WakeSignal) async throws -> Stage {
    try await withThrowingTaskGroup(of: Stage?.self) { tasks in
      tasks.addTask {
        let stage = try await Stage(settings)
        do {
          try await stage.prepare()
          return stage
        } catch {
          await stage.strikeDown()
          throw error
        }
      }
      tasks.addTask {
        await interruption.wait(after: 0)
        return nil
      }
      let first = try await tasks.next() ?? nil
      tasks.cancelAll()
      if let first { return first }
      // Whatever it throws, it throws because it was cancelled.
      while let late = try? await tasks.next() { await late?.strikeDown() }
      throw CancellationError()
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
    _ stage: Stage, until interruption: WakeSignal,
    _ progress: @escaping @Sendable (Progress) -> Void
  ) async throws -> TortureReport {
    let start = clock.now()
    let fleet = Fleet(
      executable: executable, arguments: arguments, settings, stores: stage.stores,
      brokers: stage.brokers)
    let strikes = Strikes(fleet, on: stage, try stage.open(), lease: settings.lease)
    defer { fleet.end() }
    let outcome = try await withThrowingTaskGroup(of: Outcome?.self) { tasks in
      for seat in settings.seats {
        tasks.addTask {
          try await fleet.keep(seat)
          return nil
        }
      }
      tasks.addTask {
        try await carryOut(fleet, strikes, from: start, until: interruption, progress)
        let isPartial = interruption.generation > 0
        return Outcome(
          standstills: try await rest(stage, fleet, strikes, progress), isPartial: isPartial)
      }
      var outcome: Outcome?
      while outcome == nil, let next = try await tasks.next() { outcome = next }
      fleet.end()
      tasks.cancelAll()
      return outcome
    }
    progress(
      Progress(stage: "judging", kills: strikes.kills, committed: fleet.committed))
    let ledger = fleet.ledger
    var evidence = try await stage.open().evidence()
    evidence.standstills = outcome?.standstills ?? []
    let verdict = TortureVerdict(ledger, evidence)
    return TortureReport(
      settings, verdict,
      recovery: RelayRecovery(
        deaths: fleet.ownerDeaths, sent: ledger.sendings.map(\.at), outages: strikes.outages),
      strikes: strikes.counts, kills: strikes.kills, notes: ledger.notes,
      milliseconds: clock.now() - start, isPartial: outcome?.isPartial ?? false)
  }

  /// Strikes until all of the schedule is done, and as long as the run shall last.
  private func carryOut(
    _ fleet: Fleet, _ strikes: Strikes, from start: Int64, until interruption: WakeSignal,
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
        try await strikes.carryOut(TortureSchedule(settings), until: interruption)
        let left = start + settings.duration - clock.now()
        if left > 0 { _ = await clock.wait(milliseconds: left, or: [(interruption, 0)]) }
        try Task.checkCancellation()
        return true
      }
      while let isDone = try await tasks.next() {
        if isDone { break }
      }
      tasks.cancelAll()
    }
  }

  /// Lets writers end and waits until nothing goes on any more but behind dead letters; replays
  /// those, until none is left. A little longer in the end, for what comes twice.
  ///
  /// - Returns: what was done each time before they were replayed.
  private func rest(
    _ stage: Stage, _ fleet: Fleet, _ strikes: Strikes,
    _ progress: @escaping @Sendable (Progress) -> Void
  ) async throws -> [Standstill] {
    await fleet.dismiss(.writer, withinMilliseconds: Self.farewell)
    let database = try stage.open()
    var standstills: [Standstill] = []
    while true {
      try await settle(database, fleet) {
        progress(Progress(stage: "rest", kills: strikes.kills, committed: fleet.committed))
      }
      let standstill = try await database.standstill()
      guard !standstill.dead.isEmpty, standstills.count < Self.mostReplays else { break }
      standstills.append(standstill)
      _ = try await fleet.replay()
    }
    // Longer than a broker waits before it delivers again.
    try await clock.sleep(milliseconds: settings.broker.isServer ? 1_500 : 300)
    return standstills
  }

  /// Returns when every event has its effect or waits behind a dead letter, or when nothing changes
  /// any more for long.
  private func settle(
    _ database: any TortureDatabase, _ fleet: Fleet, _ progress: () -> Void
  ) async throws {
    var last: (counts: TortureCounts?, sendings: Int) = (nil, -1)
    var lastChange = clock.now()
    while true {
      try Task.checkCancellation()
      progress()
      let counts = try await database.counts()
      if counts.events == counts.effects + counts.behind { return }
      // A relay that is behind may send for long what waits for an earlier version.
      let sendings = fleet.sendings
      if counts != last.counts || sendings != last.sendings {
        last = (counts, sendings)
        lastChange = clock.now()
      }
      if clock.now() - lastChange > settings.patience { return }
      try await clock.sleep(milliseconds: Self.pulse)
    }
  }
}
