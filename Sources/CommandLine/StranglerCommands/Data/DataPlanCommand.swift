// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import DataMapping
internal import MappedStores
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
      try await drawUp(settings, $0, decoded, progress)
    }
    switch format {
    case .json: Terminal.standardOutput.write(JSONText.encode(plan))
    case .text: Terminal.standardOutput.write(plan.text)
    }
  }

  private func drawUp(
    _ settings: DataSettings, _ opened: OpenedStores, _ decoded: DecodedData,
    _ progress: ProgressLine
  ) async throws -> DataPlan {
    let check = DataCheck(settings, schemas: opened.schemas)
    let errors = check.findings.filter { $0.severity == .error }
    guard errors.isEmpty else { throw MappingOption.unusable(decoded.placing(errors)) }
    let order = check.order
    let ordered = order.mappings + order.circle
    var tables: [DataPlan.Table] = []
    for (index, mapping) in ordered.enumerated() {
      progress.update("rows of \(mapping.mapping.legacy)", done: index, of: ordered.count)
      guard let statements = MappingStatements(mapping),
        let store = opened.stores[mapping.mapping.legacy.store]
      else { continue }
      let estimate = try await store.estimate(statements, within: limit.duration)
      tables.append(DataPlan.Table(mapping, statements, estimate, chunkRows: chunkRows))
    }
    var splits: [String] = []
    for mapping in settings.mappings {
      splits += try await opened.splits(mapping, settings, within: limit.duration)
    }
    return DataPlan(tables: tables, warnings: Self.warnings(check) + splits)
  }

  private static func warnings(_ check: DataCheck) -> [String] {
    let circle = check.order.circle.map { $0.mapping.new.description }
    let refers = check.unfilled.map { mapping, table in
      "rows of \(mapping.mapping.new) refer to \(table), which no mapping fills"
    }
    return refers + check.findings.filter { $0.severity == .warning }.map(\.text)
      + (circle.isEmpty
        ? []
        : [
          "\(circle.joined(separator: ", ")) refer to each other; let all of them follow before the "
            + "backfill, so that rows which come too early are carried over as changes"
        ])
  }
}
