// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import ConfigurationFiles
internal import Foundation
internal import RoutingDecisions

struct DataCheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check the mappings against both stores; what does not hold is shown in a row.",
    discussion: """
      Reads the schemas of both stores and what the mappings say of them: columns that are unknown,
      that nobody writes or that go nowhere, casts that lose something, value tables that are not
      total or not invertible, splits that cannot be joined again, filters that the reverse stream
      would leave, keys that are none. What schemas leave open is asked of the rows: suspects are
      looked for by SQL, and evaluated there and back as a copy would be.

      Every statement is read only, ends after --timeout seconds and gives --rows rows at most. A
      question that is still open then counts as a no.

      Ends with 0 when all holds, with 1 when it does not, with 2 when the file or a store cannot be
      read.

      EXAMPLES
        strangler data check --config strangler.yaml
        strangler data check --config strangler.yaml --timeout 60 --rows 10000
        strangler data check --config strangler.yaml --format json
      """)

  @OptionGroup var configuration: ConfigurationOption
  @OptionGroup var limit: StatementLimit

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  @Option(help: "Most rows that are looked at for each question, 1 to 100000.")
  var rows = 1_000

  func validate() throws {
    guard (1...100_000).contains(rows) else {
      throw ValidationError("--rows: expected 1 to 100000")
    }
  }

  func run() async throws {
    guard FileManager.default.isReadableFile(atPath: configuration.file) else {
      throw CommandFailure.unusable("cannot read \(configuration.file); name a file with --config")
    }
    let decoded = ConfigurationFile.data(configuration.file)
    guard let settings = decoded.settings else {
      return try answer(DataCheckReport(configuration.file, decoded.diagnostics))
    }
    let progress = ProgressLine(quiet: limit.quiet)
    let report = try await OpenedStores.reading(settings, within: limit.duration, progress) {
      try await DataCheckReport(
        configuration.file, settings, $0, decoded, within: limit, rows: rows, progress)
    }
    try answer(report)
  }

  private func answer(_ report: DataCheckReport) throws {
    switch format {
    case .json: Terminal.standardOutput.write(JSONText.encode(report))
    case .text:
      (report.isUsable ? Terminal.standardOutput : .standardError).write(report.text)
    }
    guard report.isUsable else { throw CommandFailure.negativeAnswer }
  }
}
