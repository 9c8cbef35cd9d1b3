// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import RoutingDecisions
internal import TransactionalMessaging

struct OutboxHistoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "List who replayed and skipped what, when and why, newest first.",
    discussion: """
      EXAMPLES
        strangler outbox history --database shop.sqlite
        strangler outbox history --config strangler.yaml --limit 1000 --format json
      """)

  @OptionGroup var place: OutboxPlace

  @Option(help: "Most entries that are listed.")
  var limit = 100

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func validate() throws {
    guard limit > 0 else { throw ValidationError("--limit: expected a number from 1") }
  }

  func run() async throws {
    let entries = try await place.operating { try await $0.history(limit: limit) }
    Terminal.standardOutput.write(
      format == .json ? JSONText.encode(entries) : OutboxText.history(entries))
  }
}
