// SPDX-License-Identifier: Apache-2.0

#if PostgreSQL
  import DataMapping
  import Foundation
  import MappedStores
  import ServerPrograms
  import Synchronization

  /// The commands that move a table, and the servers that it is on, killed with SIGKILL at random
  /// moments while services write it; each command is given again until it ends by itself.
  struct KillsRow {
    /// Rows of the table, so that the commands last some hundred milliseconds.
    private static let rows = 20_000
    /// How often a command is given again before it counts as stuck.
    private static let attempts = 20
    /// Of the steps, those in which a server is killed instead of the command.
    private static let crashes = 0.2

    /// A command that was killed, and the state that it leads to.
    private struct Step {
      let words: [String]
      let target: MigrationState?
    }

    private struct Kills {
      var commands = 0
      var servers = 0
      /// Commands that did not go on.
      var stuck: [String] = []
    }

    private let plan: BenchmarkPlan
    private let strangler: String
    private let seed: UInt64

    init(_ plan: BenchmarkPlan, strangler: String, seed: UInt64) {
      var plan = plan
      plan.rows = min(plan.rows, Self.rows)
      (self.plan, self.strangler, self.seed) = (plan, strangler, seed)
    }

    func measure() async throws -> RowResult {
      let world = try await BenchmarkWorld(plan)
      defer { world.end() }
      let configuration = try world.configuration()
      let traffic = Traffic(world, plan)
      let observer = try OwnerObserver(world)
      let kills = try await traffic.around(follows: false) {
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { try await observer.run() }
          defer { observer.stop() }
          let result = try await kill(world, configuration)
          observer.stop()
          try await group.waitForAll()
          return result
        }
      }
      let (differing, lost) = try await BenchmarkWorld.persistently {
        (try await world.differingRows(), try await traffic.lost())
      }
      let (writes, seen) = (traffic.latencies.count, observer.found)
      return RowResult(
        row: "kills",
        numbers: [
          "commands": Double(kills.commands), "servers": Double(kills.servers),
          "stuck": Double(kills.stuck.count), "writes": Double(writes),
          "lostWrites": Double(lost), "differingRows": Double(differing),
          "looks": Double(seen.looks), "epochs": Double(seen.epochs),
          "twoOwners": Double(seen.twoOwners), "seed": Double(seed),
        ],
        text: """
          \(kills.commands) commands and \(kills.servers) servers killed, \(seen.epochs) changes \
          of the fences, \(seen.looks) looks at both, \(seen.twoOwners) times two owners; \
          \(writes) writes, \(lost) lost, \(differing) rows differ; \
          \(kills.stuck.isEmpty ? "none" : kills.stuck.joined(separator: "; ")) stuck
          """,
        demand: "all go on, one owner always, equal by SQL, 0 lost",
        isAsDemanded: kills.stuck.isEmpty && seen.twoOwners == 0 && lost == 0 && differing == 0
          && kills.commands >= plan.kills && kills.servers > 0)
    }

    // MARK: - Killing

    private func kill(_ world: BenchmarkWorld, _ configuration: String) async throws -> Kills {
      var random = SeededMoments(seed)
      var kills = Kills()
      // Of each command the longest time that it took by itself.
      var lasted: [String: Double] = [:]
      var follower = try start(["follow", "--mapping", "orders", "--quiet"], configuration)
      var state = MigrationState.legacyPrimary
      // In the end both sides are to be equal, so one of them has to follow all of the other.
      while kills.commands < plan.kills || ![.newReads, .newPrimary].contains(state),
        kills.stuck.isEmpty
      {
        let step = try await next(world, &random)
        let name = step.words.joined(separator: " ")
        let command = try start(step.words, configuration)
        try await ContinuousClock().sleep(
          for: .seconds(random.next(below: 1.2 * (lasted[name] ?? 0.5))))
        if random.next(below: 1) < Self.crashes {
          // Whoever carries changes over waits until it is back.
          try await world.crash(random.next(below: 1) < 0.5 ? .legacy : .new)
          kills.servers += 1
          await command.end()
        } else {
          await command.end()
          kills.commands += 1
          if random.next(below: 1) < 0.5 {
            await follower.end()
            kills.commands += 1
            follower = try start(["follow", "--mapping", "orders", "--quiet"], configuration)
          }
        }
        if let code = follower.exitCode {
          kills.stuck.append("follow ended with \(code): \(follower.text)")
        }
        if let reason = try await goOn(step, name, world, configuration, &lasted) {
          kills.stuck.append("\(name): \(reason)")
        }
        state = try await self.state(world)
      }
      // Without anybody under way, from wherever that is.
      await follower.end()
      return kills
    }

    private func state(_ world: BenchmarkWorld) async throws -> MigrationState {
      try await BenchmarkWorld.persistently { try await world.run.migration() }.state
    }

    /// What comes next from where the mapping is: each step there and back, and what only looks.
    private func next(
      _ world: BenchmarkWorld, _ random: inout SeededMoments
    ) async throws -> Step {
      let one = ["orders", "--reason", "kills"]
      let look = random.next(below: 1)
      switch try await state(world) {
      case .legacyPrimary: return Step(words: ["advance"] + one, target: .legacyReads)
      case .legacyReads:
        if look < 0.4 { return Step(words: ["backfill", "--mapping", "orders"], target: nil) }
        if look < 0.5 { return Step(words: ["retreat"] + one, target: .legacyPrimary) }
        return Step(words: ["cutover"] + one, target: .newPrimary)
      case .newReads:
        if look < 0.2 { return Step(words: ["verify", "--live"], target: nil) }
        if look < 0.3 { return Step(words: ["retreat"] + one, target: .legacyReads) }
        return Step(words: ["advance"] + one, target: .newPrimary)
      case .newPrimary, .retired:
        if look < 0.2 { return Step(words: ["verify", "--live"], target: nil) }
        return Step(words: ["retreat"] + one, target: .newReads)
      }
    }

    /// Gives a command again until it is where it leads to.
    ///
    /// - Returns: why it does not go on; nil when it did.
    private func goOn(
      _ step: Step, _ name: String, _ world: BenchmarkWorld, _ configuration: String,
      _ lasted: inout [String: Double]
    ) async throws -> String? {
      let clock = ContinuousClock()
      var reason = ""
      for _ in 0..<Self.attempts {
        let migration = try await BenchmarkWorld.persistently { try await world.run.migration() }
        if let target = step.target, migration.isSettled, migration.state == target { return nil }
        let began = clock.now
        let command = try start(step.words, configuration)
        await command.ended()
        lasted[name] = max(lasted[name] ?? 0, (clock.now - began).inSeconds)
        if command.exitCode == 0 { return nil }
        reason = command.text
        // What was changed at legacy-primary is not noted, and is carried over by a backfill and a
        // repair.
        let repairing = ["repair", "orders", "--apply", "--reason", "kills"]
        for words in [["backfill", "--mapping", "orders"], repairing] {
          let mending = try start(words, configuration)
          await mending.ended()
        }
      }
      return reason
    }

    private func start(_ words: [String], _ configuration: String) throws -> Program {
      try Program.start(strangler, ["data"] + words + ["--config", configuration])
    }
  }

  /// Looks at the fences of both sides from outside, for as long as it runs.
  private final class OwnerObserver: Sendable {
    struct Found {
      var looks = 0
      /// Fences that were seen.
      var epochs = 0
      /// Looks at which both sides took writes.
      var twoOwners = 0
    }

    private let world: BenchmarkWorld
    private let legacy: any WritableStore
    private let new: any WritableStore
    private let isOver = Mutex(false)
    private let state = Mutex(Found())

    init(_ world: BenchmarkWorld) throws {
      self.world = world
      (legacy, new) = (try world.legacy.openWritable(), try world.new.openWritable())
    }

    var found: Found { state.withLock { $0 } }

    func stop() { isOver.withLock { $0 = true } }

    func run() async throws {
      defer { for store in [legacy, new] { store.close() } }
      let clock = ContinuousClock()
      var seen: Set<String> = []
      while !isOver.withLock({ $0 }) {
        // A side that is the owner before and after the other one was, by one decision, was it
        // meanwhile.
        guard let before = try? await fence(legacy, .legacy),
          let between = try? await fence(new, .new), let after = try? await fence(legacy, .legacy)
        else {
          // A server was killed.
          try await clock.sleep(for: .milliseconds(2))
          continue
        }
        seen.insert("\(before) \(between)")
        let count = seen.count
        let isTwice = before == after && before.role == .primary && between.role == .primary
        state.withLock { state in
          state.looks += 1
          state.epochs = count
          if isTwice { state.twoOwners += 1 }
        }
        try await clock.sleep(for: .milliseconds(2))
      }
    }

    private func fence(_ store: any WritableStore, _ side: Doubt.Side) async throws -> Fence {
      let statements = FenceStatements(world.run.statements, side)
      let isThere = try await store.run([statements.isThere]).first?.first?.first == "1"
      guard isThere else { return Fence() }
      let found = FenceStatements.fence(try await store.run([statements.find])[0]) ?? Fence()
      return Fence(found.role, epoch: found.epoch, step: 0)
    }
  }

  /// Moments that the seed alone determines.
  private struct SeededMoments {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    /// From 0 to below a bound; splitmix64 (https://prng.di.unimi.it/splitmix64.c).
    mutating func next(below bound: Double) -> Double {
      state &+= 0x9e37_79b9_7f4a_7c15
      var value = state
      value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
      value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
      return Double((value ^ (value >> 31)) >> 11) / Double(1 << 53) * bound
    }
  }
#endif
