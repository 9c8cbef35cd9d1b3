// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import RoutingDecisions
internal import SagaModel
internal import TransactionalMessaging

extension SagaListing.State: ExpressibleByArgument {}

struct SagaListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List sagas, those that began last first.",
    discussion: """
      A saga is running or compensating while it goes on by itself, stuck while it waits for an
      operator, and in the end completed or compensated.

      EXAMPLES
        strangler saga list --database shop.sqlite
        strangler saga list --config strangler.yaml --saga checkout --state stuck
        strangler saga list --config strangler.yaml --fingerprint 9c2f01d2a8c3b7e1 --format json
      """)

  @OptionGroup var place: OutboxPlace

  @Option(help: "Only of this definition, such as checkout.")
  var saga: String?

  @Option(
    help: "Only in this state: running, compensating, stuck, completed or compensated; repeatable.")
  var state: [SagaListing.State] = []

  @Option(help: "Only failures of this kind, as it is listed.")
  var fingerprint: String?

  @Option(help: "Most sagas that are listed.")
  var limit = 100

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func validate() throws {
    guard limit > 0 else { throw ValidationError("--limit: expected a number from 1") }
  }

  func run() async throws {
    let listing = SagaListing(
      saga: saga, fingerprint: fingerprint, states: Set(state), limit: limit)
    let found = try await place.reading { try await SagaOperator($0).list(listing) }
    Terminal.standardOutput.write(
      format == .json
        ? JSONText.encode(found) : SagaText.list(found, now: UnixTime.milliseconds()))
  }
}
