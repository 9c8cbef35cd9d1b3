// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import RoutingDecisions
internal import SagaModel
internal import TransactionalMessaging

struct SagaShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show one saga: its steps in the order in which they began, and who decided what.",
    discussion: """
      Each step has the key under which its service knows it, whatever the attempt.

      EXAMPLES
        strangler saga show 4711 --database shop.sqlite
        strangler saga show 4711 --config strangler.yaml --format json
      """)

  @OptionGroup var place: OutboxPlace

  @Argument(help: "The saga's id.")
  var id: String

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func run() async throws {
    let saga = try await SagaOrderOptions.find(id, place)
    Terminal.standardOutput.write(
      format == .json ? JSONText.encode(saga) : SagaText.history(saga))
  }
}
