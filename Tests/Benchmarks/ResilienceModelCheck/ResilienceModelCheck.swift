// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ResilienceModels

@main
struct ResilienceModelCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resilience-model-check",
    abstract: "Compare breaker, bulkhead and retries with simulations, over random events.",
    discussion: """
      The simulations were written from the rules alone. Sequences are seeded, so a difference can
      be repeated; the first one ends the command with 1.
      """)

  @Option(help: "Sequences of events for each machine.") var sequences = 1_000_000
  @Option(help: "Seed of the first sequence; the next one has the next.") var seed: UInt64 = 0

  func run() throws {
    var differs = false
    let checks: [(String, any ModelCheck.Type)] = [
      ("circuit breaker", BreakerCheck.self), ("bulkhead", BulkheadCheck.self),
      ("retry", RetryCheck.self),
    ]
    for (name, check) in checks {
      let clock = ContinuousClock()
      let start = clock.now
      let result = check.run(sequences: sequences, seed: seed)
      print(
        "\(name): \(result.sequences) sequences, \(result.events) events, \(clock.now - start):",
        result.difference ?? "no difference")
      differs = differs || result.difference != nil
    }
    if differs { throw ExitCode.failure }
  }
}
