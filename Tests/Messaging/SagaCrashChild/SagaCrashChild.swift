// SPDX-License-Identifier: Apache-2.0

import CheckoutExample
import Foundation
import Logging
import SagaModel
import SagaOrchestration
import Synchronization
import TransactionalMessaging

/// The shop in one process that a test kills at any moment.
///
/// `saga-crash-child FOLDER PLACE work SEED` begins checkouts for ever and writes a line for each
/// step that is stored, so that its parent can choose a moment. `FOLDER PLACE end [POINT]` begins
/// nothing, and ends when no saga goes on; given a point, it kills itself at its so-manieth step.
/// The place is `sqlite`, or the address of a PostgreSQL.
///
/// The first line says how many milliseconds went by until a saga went on that was left behind.
@main
struct SagaCrashChild {
  /// Sagas that go on at the same time.
  private static let inFlight = 16

  static func main() async throws {
    let start = ContinuousClock.now
    let arguments = CommandLine.arguments
    guard arguments.count >= 4 else {
      FileHandle.standardError.write(Data("usage: FOLDER PLACE work SEED | end [POINT]\n".utf8))
      exit(64)
    }
    let number = arguments.count > 4 ? UInt64(arguments[4]) : nil
    #if PostgreSQL
      if arguments[2].hasPrefix("postgresql://") {
        let shop = try await PostgreSQLShop(arguments[2])
        return try await run(shop, arguments, number, since: start)
      }
    #endif
    try await run(
      SQLiteShop(path: arguments[1] + "/shop.sqlite"), arguments, number, since: start)
  }

  private static func run(
    _ shop: some ShopDatabase, _ arguments: [String], _ number: UInt64?,
    since start: ContinuousClock.Instant
  ) async throws {
    let left = try await shop.rows("SELECT id FROM saga WHERE phase = 'active'").map { $0[0] }
    let isWorking = arguments[3] == "work"
    let steps = StepTeller(left: left, start: start, deadAt: isWorking ? nil : number)
    let logger = Logger(label: "saga-crash-child") { _ in StepLog(steps: steps) }
    var times = CheckoutTimes()
    times.command = .milliseconds(isWorking ? 300 : 1_000)
    times.call = .milliseconds(isWorking ? 300 : 1_000)
    let world = try CheckoutWorld(shop, folder: arguments[1], times: times, logger: logger)
    try await world.running([world.orchestrator()]) {
      if isWorking { return try await beginForEver(world, seed: number ?? 0, steps) }
      while case let seen = steps.told.generation, try await world.active() > 0 {
        await steps.told.wait(after: seen)
      }
    }
  }

  private static func beginForEver(
    _ world: CheckoutWorld<some ShopDatabase>, seed: UInt64, _ steps: StepTeller
  ) async throws {
    var random = SeededGenerator(seed: seed)
    while true {
      let seen = steps.told.generation
      let room = try await inFlight - world.active()
      if room > 0 {
        let ids = (0..<room).map { _ in
          Fault.random(using: &random).id(UInt64.random(in: .min ... .max, using: &random))
        }
        try await world.begin(ids)
      } else {
        await steps.told.wait(after: seen)
      }
    }
  }
}

/// Writes a line for each step, and ends the process at one.
final class StepTeller: Sendable {
  let told = WakeSignal()
  private let left: Set<String>
  private let start: ContinuousClock.Instant
  private let deadAt: UInt64?
  private let state = Mutex((steps: UInt64(0), hasResumed: false))

  init(left: [String], start: ContinuousClock.Instant, deadAt: UInt64?) {
    self.left = Set(left)
    self.start = start
    self.deadAt = deadAt
  }

  func tell(_ saga: String, _ action: String) {
    let (isFirst, isDead) = state.withLock { state in
      state.steps += 1
      let isFirst = !state.hasResumed && left.contains(saga)
      if isFirst { state.hasResumed = true }
      return (isFirst, state.steps == deadAt)
    }
    if isDead { kill(getpid(), SIGKILL) }
    var line = "\(saga) \(action)\n"
    if isFirst { line += "resumed \((ContinuousClock.now - start) / .milliseconds(1))\n" }
    FileHandle.standardOutput.write(Data(line.utf8))
    told.raise()
  }
}

/// Turns what an orchestrator says of each step into lines.
struct StepLog: LogHandler {
  let steps: StepTeller
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.debug

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    guard let saga = event.metadata?["saga"], let action = event.metadata?["action"] else { return }
    steps.tell("\(saga)", "\(action)")
  }
}
