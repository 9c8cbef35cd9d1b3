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
      none, although its events wait. It looks twice, for the throughput in between.

      The format prometheus has the same numbers under the same names, as strangler outbox relay
      serves them where outbox.metrics is set.

      EXAMPLES
        strangler outbox status --database postgresql://shop@db.internal/shop
        strangler outbox status --config strangler.yaml --format json --over 0
        strangler outbox status --config strangler.yaml --format prometheus > outbox.prom
      """)

  enum Format: String, CaseIterable, ExpressibleByArgument { case text, json, prometheus }

  @OptionGroup var place: OutboxPlace

  @Option(help: "text, json or prometheus.")
  var format = Format.text

  @Option(help: "Seconds over which throughput is counted, 0 to 3600; 0 looks once.")
  var over = 1.0

  func validate() throws {
    guard (0...3_600).contains(over) else { throw ValidationError("--over: expected 0 to 3600") }
  }

  func run() async throws {
    let over = over
    let report = try await place.operating { outbox in
      let first = try await outbox.report(now: UnixTime.milliseconds())
      if over == 0 || first.relays.isEmpty { return first }
      try await Task.sleep(for: .seconds(over))
      return try await outbox.report(now: UnixTime.milliseconds(), since: first)
    }
    let text =
      switch format {
      case .text: OutboxText.report(report)
      case .json: JSONText.encode(report)
      case .prometheus: OutboxMetrics.text(report)
      }
    Terminal.standardOutput.write(text)
  }
}
