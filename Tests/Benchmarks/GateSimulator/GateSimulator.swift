// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

@main
struct GateSimulator: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gate-simulator",
    abstract: "Count how often gates roll back equal services, and how soon they see bad ones.",
    discussion: """
      Simulates counts of requests with seeded draws, so a run can be repeated exactly. Behind each
      row that something is demanded of stands the demand; a missed one ends the command with 1.
      A full run takes minutes; measure release builds only.

      EXAMPLES
        swift run -c release gate-simulator
        swift run -c release gate-simulator --seed 7 --only latency,mismatches
      """)

  @Option(help: "Another number makes other draws.") var seed: UInt64 = 0
  @Option(help: "What to simulate: \(Simulation.allNames), by commas.") var only: String?

  func validate() throws { _ = try simulations() }

  func run() throws {
    var table = SimulationTable(seed: seed)
    let wanted = try simulations()
    for simulation in Simulation.allCases where wanted.contains(simulation) {
      table.run(simulation)
    }
    if table.missed > 0 { throw ExitCode.failure }
  }

  private func simulations() throws -> Set<Simulation> {
    guard let only else { return Set(Simulation.allCases) }
    return Set(
      try only.split(separator: ",").map { name in
        guard let simulation = Simulation(rawValue: String(name)) else {
          throw ValidationError("\(name) is none of \(Simulation.allNames).")
        }
        return simulation
      })
  }
}

/// The parts of a run.
enum Simulation: String, CaseIterable {
  case equal, errors, users, outage, latency, mismatches, promotion

  static var allNames: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
