// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import DataMapping
internal import MappedStores
internal import RoutingDecisions

/// How a comparison of tables is written.
enum DataReportFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json, html
}

struct DataVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Compare every row of both sides: what legacy's become with what the new side has.",
    discussion: """
      Each store is read within one snapshot. Changes are not followed yet: between the two
      snapshots nobody may write the mapped tables, or what is written shows up as a difference.

        missing   legacy has the row, the new side does not
        extra     the new side has a row that legacy does not
        differs   a column says something else
        encoding  both say the same, in another encoding: text read in the wrong one, letters and
                  accents taken apart, numbers stored as texts

      All rows are counted, and --list of each kind shown with the columns that differ. Tables
      without a difference are read once, others up to three times or more. Nothing is written.

      Ends with 0 when all is equal, with 1 when it is not, with 2 when the file, a mapping or a
      store cannot be used.

      EXAMPLES
        strangler data verify --config strangler.yaml
        strangler data verify --config strangler.yaml --mapping orders --list 100
        strangler data verify --config strangler.yaml --format html --output orders.html
      """)

  @OptionGroup var configuration: ConfigurationOption
  @OptionGroup var mapping: MappingOption
  @OptionGroup var limit: StatementLimit
  @OptionGroup var output: OutputOption

  @Option(help: "text, json or html.")
  var format = DataReportFormat.text

  @Option(help: "Rows of each kind that are shown, 0 to 10000.")
  var list = 20

  func validate() throws {
    guard (0...10_000).contains(list) else {
      throw ValidationError("--list: expected 0 to 10000")
    }
  }

  func run() async throws {
    let (settings, decoded) = try MappingOption.settings(configuration.file)
    let line = ProgressLine(quiet: limit.quiet)
    let report = try await OpenedStores.reading(settings, within: limit.duration, line) {
      try await compare(settings, $0, decoded, line)
    }
    switch format {
    case .text: try output.deliver(report.text)
    case .json: try output.deliver(JSONText.encode(report))
    case .html: try output.deliver(report.html)
    }
    guard report.equal else { throw CommandFailure.negativeAnswer }
  }

  private func compare(
    _ settings: DataSettings, _ opened: OpenedStores, _ decoded: DecodedData, _ line: ProgressLine
  ) async throws -> DataVerifyReport {
    var limits = Verification.Limits()
    limits.listed = list
    var mappings: [DataVerifyReport.Mapping] = []
    for check in try mapping.checks(settings, opened, decoded) {
      let name = check.mapping.name
      guard let translation = check.translation,
        let run = VerificationRun(check, stores: opened.stores)
      else { continue }
      guard RowDigests.canTellTenants(translation) else {
        throw CommandFailure.unusable(
          "\(name): no column of \(check.mapping.new) says which tenant a row is of, so rows of "
            + "other tenants cannot be told from its own")
      }
      let rows = try await estimate(check, opened)
      let progress = RowProgress("\(name): reading both sides", of: rows.map { 2 * $0 }, on: line)
      let passes = PassNames(name, progress, rows: 2 * (rows ?? 0))
      let verification = try await run.run(limits) { step, count in
        passes.enter(step)
        progress.add(count)
      }
      mappings.append(DataVerifyReport.Mapping(check, verification))
    }
    return DataVerifyReport(file: configuration.file, mappings: mappings)
  }

  /// Nil where counting takes too long: then there is no bar.
  private func estimate(_ check: MappingCheck, _ opened: OpenedStores) async throws -> Int? {
    guard Terminal.standardError.isInteractive, !limit.quiet,
      let statements = MappingStatements(check),
      let store = opened.stores[check.mapping.legacy.store]
    else { return nil }
    return try await store.estimate(statements, within: .seconds(1))?.rows
  }
}
