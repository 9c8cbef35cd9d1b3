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
      """)

  @OptionGroup var admin: AdminOption

  @Argument(help: "Method and target, such as 'GET /orders/42'.")
  var request: String

  @Option(name: [.customShort("H"), .customLong("header")], help: "Header field 'name: value'.")
  var headers: [String] = []

  @Option(help: "Address of the client.")
  var client = "127.0.0.1"

  @Flag(help: "Asks the running proxy for the shares in force.")
  var live = false

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func run() async throws {
    let table = try await table()
    let explanation: RoutingExplanation
    do throws(RequestText.Problem) {
      explanation = try table.explain(
        RequestText(request, headers: headers, clientAddress: client))
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

  private struct InForce: Decodable {
    struct Route: Decodable {
      let name: String
      /// From 0 to 100; absent without an extracted side.
      let percent: Double?
    }

    let routes: [Route]
  }

  /// The table of the file, with the shares that are meant.
  private func table() async throws -> RoutingTable {
    let table = try RoutingTable(ConfigurationOption.load(admin.file))
    guard live else { return table }
    let inForce: InForce = try await admin.connect().get("/config").decoded()
    let shares = inForce.routes.compactMap { route in
      route.percent
        .flatMap { Percentage(hundredths: Int(($0 * 100).rounded())) }
        .map { (route.name, $0) }
    }
    do throws(PercentChangeError) {
      return try table.settingPercentages(Dictionary(shares) { first, _ in first })
    } catch {
      throw CommandFailure.unusable(
        "\(admin.file) is not what the running proxy has in force: \(error)")
    }
  }
}
