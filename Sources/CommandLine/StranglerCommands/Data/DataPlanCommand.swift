// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import RoutingDecisions

struct DataPlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show what would be copied, in which order and by which SQL, and what comes back.",
    discussion: """
      Tables come in an order in which no row refers to one that is not there yet. Rows are counted
      in SQLite, and as the planner guesses them in PostgreSQL. Nothing is written, and what the
      rows hold is not looked at: that is strangler data check.

      EXAMPLES
        strangler data plan --config strangler.yaml
        strangler data plan --config strangler.yaml --chunk-rows 5000 --format json
      """)

  @OptionGroup var configuration: ConfigurationOption
  @OptionGroup var limit: StatementLimit

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  @Option(name: .customLong("chunk-rows"), help: "Rows of a chunk, 1 to 1000000.")
  var chunkRows = 10_000

  func validate() throws {
    guard (1...1_000_000).contains(chunkRows) else {
      throw ValidationError("--chunk-rows: expected 1 to 1000000")
    }
  }

  func run() async throws {
    let (settings, decoded) = try MappingOption.settings(configuration.file)
    let progress = ProgressLine(quiet: limit.quiet)
    let plan = try await OpenedStores.reading(settings, within: limit.duration, progress) {
      try await DataPlan(
        settings, $0, decoded, chunkRows: chunkRows, within: limit, progress)
    }
    switch format {
    case .json: Terminal.standardOutput.write(JSONText.encode(plan))
    case .text: Terminal.standardOutput.write(plan.text)
    }
  }
}
