// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import RoutingDecisions
internal import TransactionalMessaging

struct OutboxStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say where relays and consumers stand: what is unsent, since when, and what waits.",
    discussion: """
      Reads what relays have stored, whichever process they run in. An outbox without a relay shows
      none, although its events wait.

      EXAMPLES
        strangler outbox status --database postgresql://shop@db.internal/shop
        strangler outbox status --config strangler.yaml --format json
      """)

  @OptionGroup var place: OutboxPlace

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func run() async throws {
    let report = try await place.operating { try await $0.report(now: UnixTime.milliseconds()) }
    Terminal.standardOutput.write(
      format == .json ? JSONText.encode(report) : OutboxText.report(report))
  }
}
