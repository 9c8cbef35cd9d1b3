// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import RoutingDecisions

struct RoutesExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Say where a request would go, and why not elsewhere.",
    discussion: """
      The request is read by the parser of live traffic and decided by the code of live traffic.

      EXAMPLES
        strangler routes explain --config strangler.yaml 'GET /orders/42' -H 'x-user-id: 7'
        strangler routes explain --config strangler.yaml 'POST /carts' --client 192.0.2.7
      """)

  @OptionGroup var configuration: ConfigurationOption

  @Argument(help: "Method and target, such as 'GET /orders/42'.")
  var request: String

  @Option(name: [.customShort("H"), .customLong("header")], help: "Header field 'name: value'.")
  var headers: [String] = []

  @Option(help: "Address of the client.")
  var client = "127.0.0.1"

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func run() throws {
    let configuration = try configuration.load()
    let explanation: RoutingExplanation
    do {
      explanation = try RoutingTable(configuration).explain(
        RequestText(request, headers: headers, clientAddress: client))
    } catch let problem as RequestText.Problem {
      throw CommandFailure.unusable(problem.description)
    }
    Terminal.standardOutput.write(
      format == .json ? explanation.json : explanation.text)
  }
}
