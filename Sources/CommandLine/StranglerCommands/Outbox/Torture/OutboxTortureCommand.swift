// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Foundation
internal import MessagingTorture
internal import RoutingDecisions
internal import TortureModel
internal import TransactionalMessaging
internal import UnixSignals

struct OutboxTortureCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "torture",
    abstract: "Kill writers, relays, consumers and servers, and count what became of every event.",
    discussion: """
      Starts servers of its own on loopback, in a temporary folder, and writers, relays and
      consumers as processes, and touches nothing else. Writers are slow, abort, or stay idle in
      their transactions. Processes are killed at every point where an event could get lost, stopped
      past their lease, servers killed and started again, replies to COMMIT lost, relays and
      consumers cut off from the broker. Consumers fail at some events until those are dead letters,
      which are replayed while operators and consumers die over it. Writers tell before and after
      each commit; when everything is at rest, each event is judged by that:

        lost        committed, and did not arrive
        doubled     its effects happened twice
        reordered   after a later one of its aggregate
        stuck       waits although nothing is in its way
        unexpected  there, although its transaction was undone
        torn        its transaction is there in part
        condemned   a dead letter although nothing was wrong with it, or too soon or too late

      Equal seeds give equal strikes and equal transactions; when processes run is up to the system.
      The rules naive and fence, which others use with PostgreSQL, are there to see them fail.

      An interrupt (SIGINT or SIGTERM) ends the torture: what was done comes to rest and is judged,
      processes and servers end, and the verdict is marked as partial. A second one ends all of it
      at once, without a verdict.

      EXAMPLES
        strangler outbox torture
        strangler outbox torture --store postgresql --broker nats --kills 2000
        strangler outbox torture --store postgresql --rule naive
        strangler outbox torture --store postgresql --rule fence --kills 0 --duration 5s
        strangler outbox torture --seed 7 --dry-run     prints what would be done, and when

      EXIT CODES
        0  nothing was found
        1  something was found
        2  the run could not be made, such as without a server's programs
        3  interrupted: the verdict is one on what was done until then, whatever was found, or none
      """)

  @Option(help: "Where the outbox is: \(Self.names(TortureSettings.Store.self)).")
  var store = TortureSettings.Store.sqlite

  @Option(help: "What carries events to consumers: \(Self.names(TortureSettings.Broker.self)).")
  var broker = TortureSettings.Broker.inProcess

  @Option(help: "How relays find new events: \(Self.names(TortureSettings.Rule.self)).")
  var rule = TortureSettings.Rule.snapshot

  @Option(help: "Processes to kill, servers included.")
  var kills = 60

  @Option(
    help: """
      Time over which they are killed, such as 90s or 5m; a run that is behind takes longer. \
      Without it 150 ms for each, at least 5 s.
      """)
  var duration: TortureDuration?

  @Option(help: "Of the schedule and the transactions; random when not given.")
  var seed: UInt64?

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  @Flag(name: .customLong("dry-run"), help: "Print the schedule and do nothing.")
  var isDryRun = false

  @Flag(help: "Show no progress.")
  var quiet = false

  func validate() throws {
    guard (0...100_000).contains(kills) else {
      throw ValidationError("--kills: expected 0 to 100000, found \(kills)")
    }
    if let contradiction = settings(seed: 0).contradiction {
      throw ValidationError(contradiction)
    }
  }

  func run() async throws {
    let settings = settings(seed: seed ?? UInt64.random(in: 0..<1 << 32))
    if isDryRun { return write(TortureSchedule(settings)) }
    guard let executable = Bundle.main.executableURL else {
      throw CommandFailure.unusable("cannot find this program's own file to start processes from")
    }
    let line = ProgressLine(quiet: quiet)
    let total = settings.kills
    let run = TortureRun(
      settings, executable: executable,
      arguments: ["outbox", OutboxTortureChildCommand._commandName])
    let report: TortureReport
    do {
      report = try await Self.untilInterrupted { interruption in
        try await run.run(until: interruption) { progress in
          line.update(
            "\(progress.stage), \(progress.committed) committed", done: progress.kills, of: total)
        }
      }
    } catch let failure as TortureFailure {
      line.clear()
      throw CommandFailure.unusable(failure.description)
    } catch is CancellationError {
      line.clear()
      throw CommandFailure.interrupted("interrupted, nothing was judged")
    }
    line.clear()
    Terminal.standardOutput.write(format == .json ? JSONText.encode(report) : report.text)
    let count = report.faults.reduce(0) { $0 + $1.count }
    if report.isPartial {
      throw CommandFailure.interrupted(
        "interrupted after \(report.kills) of \(total) kills, \(count) findings until then")
    }
    if count > 0 {
      throw CommandFailure.negative("\(count) findings; --seed \(settings.seed) strikes alike")
    }
  }

  private func settings(seed: UInt64) -> TortureSettings {
    TortureSettings(
      seed: seed, store: store, broker: broker, rule: rule, kills: kills,
      duration: duration?.milliseconds)
  }

  private func write(_ schedule: TortureSchedule) {
    let text =
      format == .json
      ? JSONText.encode(schedule.strikes)
      : schedule.strikes.map { "\($0.at) ms  \($0.action.name)\n" }.joined()
    Terminal.standardOutput.write(text)
  }

  /// An interrupt lets the run come to its end early; the next one cancels it. It cleans up after
  /// itself either way.
  ///
  /// - Throws: what the body throws; `CancellationError` when it was cancelled.
  private static func untilInterrupted(
    _ body: @escaping @Sendable (WakeSignal) async throws -> TortureReport
  ) async throws -> TortureReport {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    let interruption = WakeSignal()
    return try await withThrowingTaskGroup(of: TortureReport?.self) { group in
      group.addTask { try await body(interruption) }
      group.addTask {
        for await _ in signals {
          if interruption.generation > 0 { break }
          interruption.raise()
        }
        return nil
      }
      let first = try await group.next() ?? nil
      group.cancelAll()
      if let first { return first }
      // Whatever the cancelled run throws, it throws because it was cancelled.
      while (try? await group.next()) != nil {}
      throw CancellationError()
    }
  }

  private static func names<Choice: RawRepresentable & CaseIterable>(
    _ choice: Choice.Type
  ) -> String where Choice.RawValue == String {
    choice.allCases.map(\.rawValue).joined(separator: ", ")
  }
}

extension TortureSettings.Store: ExpressibleByArgument {}
extension TortureSettings.Broker: ExpressibleByArgument {}
extension TortureSettings.Rule: ExpressibleByArgument {}

/// A number of seconds or minutes, such as 90s or 5m.
struct TortureDuration: ExpressibleByArgument {
  let milliseconds: Int64

  init?(argument: String) {
    let units: [Character: Int64] = ["s": 1_000, "m": 60_000]
    guard let unit = argument.last.flatMap({ units[$0] }),
      let count = Int64(argument.dropLast()), (1...86_400).contains(count)
    else { return nil }
    milliseconds = count * unit
  }
}
