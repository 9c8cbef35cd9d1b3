// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import MessageRelay
internal import ServerPrograms
internal import Synchronization
internal import TortureModel
internal import TransactionalMessaging

/// Carries a schedule out: strikes of one line after each other, the lines at the same time.
final class Strikes: Sendable {
  /// How long a process may take to pass the point at which it shall die, milliseconds; then it is
  /// killed wherever it is.
  private static let patience: Int64 = 1_500
  /// How long an event may take until it is a dead letter, and after how much of that another is
  /// written, milliseconds.
  private static let (failing, again): (Int64, Int64) = (6_000, 2_000)
  /// Wait between two looks for one, milliseconds.
  private static let look: Int64 = 50
  /// How long a server that came back is let be, milliseconds: where it is slow to start, the rest
  /// would otherwise never happen while it is there.
  private static let respite: Int64 = 1_000
  /// Operators that are called before it is given up that one dies where it should.
  private static let operators = 3

  private struct State {
    var counts: [String: Int] = [:]
    var kills = 0
    /// Effects that there were when a consumer was killed last.
    var effects: Int64 = -1
    /// When a server was away, nanoseconds.
    var outages: [ClosedRange<Int64>] = []
  }

  private let fleet: Fleet
  private let stage: Stage
  private let database: any TortureDatabase
  private let lease: Int64
  private let clock = SystemMessagingClock()
  private let state = Mutex(State())

  init(_ fleet: Fleet, on stage: Stage, _ database: any TortureDatabase, lease: Int64) {
    self.fleet = fleet
    self.stage = stage
    self.database = database
    self.lease = lease
  }

  /// How many processes were killed so far.
  var kills: Int { state.withLock(\.kills) }
  /// How often each thing was done.
  var counts: [String: Int] { state.withLock(\.counts) }
  var outages: [ClosedRange<Int64>] { state.withLock(\.outages) }

  /// Returns when all of it is done, or when strikes at hand are after an interruption.
  ///
  /// - Throws: `TortureFailure` when a server does not come back.
  func carryOut(_ schedule: TortureSchedule, until interruption: WakeSignal) async throws {
    let start = clock.now()
    try await withThrowingTaskGroup(of: Void.self) { lines in
      for strikes in Dictionary(grouping: schedule.strikes, by: \.action.line).values {
        lines.addTask {
          for strike in strikes {
            let wait = start + strike.at - self.clock.now()
            if wait > 0 {
              _ = await self.clock.wait(milliseconds: wait, or: [(interruption, 0)])
            }
            try Task.checkCancellation()
            if interruption.generation > 0 { return }
            if strike.action.killsConsumer { try await self.letWork() }
            let name = try await self.carryOut(strike)
            self.state.withLock { state in
              state.counts[name, default: 0] += 1
              if strike.action.isKill { state.kills += 1 }
            }
          }
        }
      }
      try await lines.waitForAll()
    }
  }

  /// Lets consumers get something done since they were killed last. Those that are killed before
  /// each effect, as strikes in arrears would, are at the same event each time, which then looks
  /// like the reason for their deaths.
  private func letWork() async throws {
    let deadline = clock.now() + Self.patience
    while clock.now() < deadline {
      if let counts = try? await database.counts() {
        let isWorking = state.withLock { state in
          guard counts.effects > state.effects || counts.events <= counts.effects + counts.behind
          else { return false }
          state.effects = counts.effects
          return true
        }
        if isWorking { return }
      }
      try await clock.sleep(milliseconds: Self.look)
    }
  }

  /// - Returns: what was done.
  private func carryOut(_ strike: Strike) async throws -> String {
    switch strike.action {
    case .crash(let role, .leaseTaken, _): return await takeover(of: role, strike)
    case .crash(.operator, let point, _): return try await replay(dyingAt: point, strike)
    case .crash(let role, .letterUncommitted, _): return try await letter(of: role, strike)
    case .crash(let role, let point, let passage):
      guard let (_, process) = await fleet.process(of: role, index: strike.index) else { break }
      return await crash(process, point, passage: passage, strike)
    case .kill(let role):
      guard let (_, process) = await fleet.process(of: role, index: strike.index) else { break }
      process.signal(SIGKILL)
      await process.ended()
    case .stop(let role, let milliseconds):
      guard let (_, process) = await fleet.process(of: role, index: strike.index) else { break }
      process.signal(SIGSTOP)
      try? await clock.sleep(milliseconds: milliseconds)
      process.signal(SIGCONT)
    case .cutReply(let role):
      stage.cutters[role]?.arm()
    case .partition(let role, let milliseconds):
      let start = ChildVoice.now()
      stage.partitions[role]?.cut()
      try? await clock.sleep(milliseconds: milliseconds)
      stage.partitions[role]?.heal()
      if role == .relay { wasAway(since: start) }
    case .killDatabase: try await restart(stage.database)
    case .killBroker: try await restart(stage.broker)
    case .poison: await poison(strike)
    }
    return strike.action.name
  }

  private func crash(
    _ process: ChildProcess, _ point: CrashPoint, passage: Int, _ strike: Strike
  ) async -> String {
    process.order(.crash(point, passage: passage))
    let isInTime = await process.ended(withinMilliseconds: Self.patience)
    process.signal(SIGKILL)
    await process.ended()
    return isInTime ? strike.action.name : "elsewhere"
  }

  /// The owner is stopped until its lease is over; whoever takes it dies at once, and the old owner
  /// comes back.
  private func takeover(of role: TortureRole, _ strike: Strike) async -> String {
    guard let owner = await fleet.process(of: role, index: strike.index),
      let heir = fleet.standby(of: role)
    else { return "elsewhere" }
    heir.process.order(.crash(.leaseTaken, passage: 1))
    owner.process.signal(SIGSTOP)
    let isInTime = await heir.process.ended(withinMilliseconds: lease + Self.patience)
    heir.process.signal(SIGKILL)
    await heir.process.ended()
    owner.process.signal(SIGCONT)
    return isInTime ? strike.action.name : "elsewhere"
  }

  // MARK: - Dead letters

  private func poison(_ strike: Strike) async {
    await fleet.process(of: .writer, index: strike.index)?.process.order(.poison)
  }

  /// Sees to it that there is a dead letter.
  private func hasLetter(_ strike: Strike) async throws -> Bool {
    let deadline = clock.now() + Self.failing
    var nextPoison = clock.now()
    while clock.now() < deadline {
      // Its server may be away.
      if let counts = try? await database.counts() {
        if counts.dead > 0 { return true }
        if counts.behind == 0, clock.now() >= nextPoison {
          await poison(strike)
          nextPoison = clock.now() + Self.again
        }
      }
      try await clock.sleep(milliseconds: Self.look)
    }
    return false
  }

  /// An operator dies over a replay, and the next one does it once more.
  private func replay(dyingAt point: CrashPoint, _ strike: Strike) async throws -> String {
    let isThere = try await hasLetter(strike)
    var isDead = false
    // One that found the database away did not come so far.
    for _ in 0..<Self.operators where !isDead { isDead = try await fleet.replay(dyingAt: point) }
    _ = try await fleet.replay()
    return isThere && isDead ? strike.action.name : "elsewhere"
  }

  /// A consumer dies over a dead letter that was replayed.
  private func letter(of role: TortureRole, _ strike: Strike) async throws -> String {
    let isThere = try await hasLetter(strike)
    let consumers = fleet.processes(of: role)
    // Whichever gets it.
    for process in consumers { process.order(.crash(.letterUncommitted, passage: 1)) }
    let isReplayed = try await fleet.replay()
    if isThere, isReplayed, await Self.anyEnded(of: consumers) { return strike.action.name }
    consumers.first?.signal(SIGKILL)
    await consumers.first?.ended()
    return "elsewhere"
  }

  private static func anyEnded(of processes: [ChildProcess]) async -> Bool {
    await withTaskGroup(of: Bool.self) { tasks in
      for process in processes {
        tasks.addTask { await process.ended(withinMilliseconds: patience) }
      }
      defer { tasks.cancelAll() }
      for await hasEnded in tasks where hasEnded { return true }
      return false
    }
  }

  // MARK: - Servers

  private func restart(_ server: (any RestartableServer)?) async throws {
    let start = ChildVoice.now()
    await server?.kill()
    try await server?.restart()
    wasAway(since: start)
    try await clock.sleep(milliseconds: Self.respite)
  }

  private func wasAway(since start: Int64) {
    // Those who lost their connections need a moment to come back.
    let end = ChildVoice.now() + 500_000_000
    state.withLock { $0.outages.append(start...end) }
  }
}
