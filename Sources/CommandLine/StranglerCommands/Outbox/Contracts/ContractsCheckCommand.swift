// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import JSONDocuments
internal import MessageContracts
internal import RoutingDecisions

extension CompatibilityMode: ExpressibleByArgument {}

struct ContractsCheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check that each version of an event gets along with the ones before it.",
    discussion: """
      backward: who has the newer version reads what was written with the older. forward: who has
      the older version reads what is written with the newer. full, unless told otherwise: both, so
      that producers and consumers may be deployed in any order.

      A finding names the schema that refuses, and a payload that shows it. Where it can neither be
      shown that all is well nor that something breaks, that is a finding too. With --against, each
      contract is compared with itself in another folder as well, such as the last release's, and
      none of those may be gone: a version that was published is not changed, a new one is added.

      A version that breaks on purpose says why, at the top of its schema: "x-breaks": "prices are
      in cents". Its findings are listed and are no failures.

      EXAMPLES
        strangler outbox contracts check
        strangler outbox contracts check Sources/Orders/Contracts --mode forward
        strangler outbox contracts check --transitive --format json
        strangler outbox contracts check --against ../released/contracts
      """)

  @Argument(help: "Folder with the contracts.")
  var folder = "contracts"

  @Option(help: "backward, forward or full.")
  var mode = CompatibilityMode.full

  @Flag(
    name: .customLong("transitive"),
    help: "Compare each version with all before it, not only with the last.")
  var isTransitive = false

  @Option(help: "Folder with the contracts as they were published.")
  var against: String?

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func run() async throws {
    let contracts = try ContractsCommand.read(folder)
    let check = ContractCheck(mode: mode, isTransitive: isTransitive)
    let report =
      if let against {
        check.report(contracts, against: try ContractsCommand.read(against, label: "published "))
      } else {
        check.report(contracts)
      }
    guard report.contracts > 0 || !report.findings.isEmpty else {
      throw CommandFailure.unusable(
        "\(folder) holds no contract; one lies at \(folder)/AGGREGATE/EVENT/VERSION.json")
    }
    Terminal.standardOutput.write(format == .json ? report.json.json : report.text)
    guard report.isCompatible else { throw CommandFailure.negativeAnswer }
  }
}
