// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import RoutingDecisions
internal import TransactionalMessaging

struct BypassReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "List changes without an event: statement, client, and places in the sources.",
    discussion: """
      Places are those where the sources write to the table, of tables that they define or map types
      to; the statement says which of them.

      EXAMPLES
        strangler outbox bypass report --database postgresql://shop@db.internal/shop
        strangler outbox bypass report --config strangler.yaml --sources . --format json

      The JSON's schema is fixtures/schemas/outbox-bypass.schema.json.

      EXIT CODES
        0  every change of watched tables had its event
        1  changes without an event, or some that cannot have been seen
        2  no table is watched, or the database or the folder cannot be used
      """)

  @OptionGroup var place: OutboxPlace

  @Option(
    help: ArgumentHelp("Folder with the Swift sources that write to it.", valueName: "folder"))
  var sources: String?

  @Option(help: "Most kinds of changes that are listed; all are counted.")
  var limit = 100

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func validate() throws {
    guard (1...10_000).contains(limit) else {
      throw ValidationError("--limit: expected 1 to 10000")
    }
  }

  func run() async throws {
    let limit = limit
    var report = try await place.reading { try await BypassAudit($0).report(limit: limit) }
    if let sources, !report.findings.isEmpty {
      let places = try WritingPlaces(folder: sources)
      for index in report.findings.indices {
        report.findings[index].places = places.of(report.findings[index].table)
      }
    }
    Terminal.standardOutput.write(
      format == .json ? JSONText.encode(report) : BypassText.report(report))
    guard report.isComplete else {
      throw CommandFailure.negative("changes of watched tables cannot have been seen")
    }
    guard report.isClean else {
      throw CommandFailure.negative("tables were changed without an event")
    }
  }
}
