// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import RoutingDecisions

struct RoutesExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Say where a request would go, and why not elsewhere.",
    discussion: """
      The request is read by the parser of live traffic and decided by the code of live traffic,
      with the shares of the file; with --live with those in force at the running proxy, which
      orders, plans and the kill switch may have set otherwise.

      EXAMPLES
        strangler routes explain --config strangler.yaml 'GET /orders/42' -H 'x-user-id: 7'
        strangler routes explain --config strangler.yaml 'POST /carts' --client 192.0.2.7
        strangler routes explain --live 'GET /orders/42' -H 'x-user-id: 7'
        strangler routes explain 'POST /graphql' --data '{"query":"{ products { id } }"}'
      """)

  @OptionGroup var admin: AdminOption

  @Argument(help: "Method and target, such as 'GET /orders/42'.")
  var request: String

  @Option(name: [.customShort("H"), .customLong("header")], help: "Header field 'name: value'.")
  var headers: [String] = []

  @Option(help: "Body, of which routes read the operation of GraphQL.")
  var data = ""

  @Option(help: "Address of the client.")
  var client = "127.0.0.1"

  @Flag(help: "Asks the running proxy for the shares in force.")
  var live = false

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func run() async throws {
    let table = try await admin.routingTable(live: live)
    let explanation: RoutingExplanation
    do throws(RequestText.Problem) {
      explanation = try table.explain(
        RequestText(request, headers: headers, clientAddress: client, body: data))
    } catch {
      throw CommandFailure.unusable(error.description)
    }
    Terminal.standardOutput.write(format == .json ? explanation.json : explanation.text)
    if format == .text, explanation.route?.extracted != nil {
      Terminal.standardOutput.write(
        live
          ? "shares: as the running proxy has them now\n"
          : "shares: as \(admin.file) says; --live asks the running proxy\n")
    }
  }
}
