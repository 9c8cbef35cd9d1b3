// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BadReleases
import Foundation

@main
struct BadReleaseTrial: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bad-release-trial",
    abstract: "Put bad releases behind the real proxy and see how soon they are taken back.",
    discussion: """
      Each trial starts a proxy with a plan whose stage of 10 % begins, two services and 200
      requests a second of 20,000 users on loopback; one of the faults has 50 % of 40 users. The new
      side then fails; or both do, or nobody asks, or nothing fails and both sides answer each
      question otherwise every time. What is demanded is held to, and a missed row ends the
      command with 1.

      EXAMPLES
        bad-release-trial --strangler .build/release/strangler --json trials.json
        bad-release-trial --strangler .build/release/strangler --only errors --runs 40
      """)

  @Option(help: "The strangler program, a release build.") var strangler: String
  @Option(help: "Trials of each fault; errors get four times as many.") var runs = 5
  @Option(help: "Trials at the same time.") var atOnce = 6
  @Option(help: "Another number makes other draws.") var seed: UInt64 = 1
  @Option(help: "Faults to try, by commas.") var only: String?
  @Option(help: "File for every trial as JSON.") var json: String?

  func validate() throws {
    if !FileManager.default.isExecutableFile(atPath: strangler) {
      throw ValidationError("\(strangler) is no program; build it with -c release.")
    }
    if runs < 1 || atOnce < 1 { throw ValidationError("At least one trial, one at a time.") }
    _ = try faults()
  }

  func run() async throws {
    let trials = try faults().flatMap { fault in
      Array(repeating: fault, count: fault == .errors ? 4 * runs : runs)
    }
    let outcomes = await carryOut(trials)
    let table = TrialTable(outcomes)
    FileHandle.standardOutput.write(Data(table.text.utf8))
    if let json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      try encoder.encode(outcomes).write(to: URL(filePath: json))
    }
    if !table.isAsDemanded { throw ExitCode.failure }
  }

  private func carryOut(_ trials: [Fault]) async -> [TrialOutcome] {
    await withTaskGroup(of: TrialOutcome.self) { group in
      var outcomes: [TrialOutcome] = []
      for (index, fault) in trials.enumerated() {
        if index >= atOnce, let outcome = await group.next() { outcomes.append(outcome) }
        group.addTask {
          await outcome(of: fault, seed: seed &* 10_000 &+ UInt64(index))
        }
      }
      for await outcome in group { outcomes.append(outcome) }
      return outcomes
    }
  }

  /// A trial that could not be carried out is one that is not as demanded.
  private func outcome(of fault: Fault, seed: UInt64) async -> TrialOutcome {
    do {
      return try await Trial.run(fault, program: strangler, pace: TrialPace(), seed: seed)
    } catch {
      var outcome = TrialOutcome(fault)
      outcome.reason = "not carried out: \(error)"
      outcome.isCarriedOut = false
      return outcome
    }
  }

  private func faults() throws -> [Fault] {
    guard let only else { return Fault.allCases }
    return try only.split(separator: ",").map { name in
      guard let fault = Fault(rawValue: String(name)) else {
        let known = Fault.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("\(name) is none of \(known).")
      }
      return fault
    }
  }
}
