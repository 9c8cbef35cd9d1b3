// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import HTTPContractFiles

struct HTTPContractsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "contracts",
    abstract: "Check that a service keeps what the clients of its HTTP API rely on.",
    discussion: """
      Examples are recorded from traffic, one of each kind in a file of its own, and a service is
      asked the same: what the examples have must be there and of its type. Two versions of an
      OpenAPI document are compared as clients of the older one meet the newer. What events carry
      is checked by `strangler outbox contracts`.

      EXAMPLES
        strangler contracts record --har visit.har --path '/orders/**' --output contracts
        strangler contracts verify contracts --service http://127.0.0.1:9002
        strangler contracts openapi --old released.yaml --new openapi.yaml

      EXIT CODES
        0  kept, compatible
        1  the command ran and its answer is no
        2  wrong arguments, a file that cannot be used, or a service that never answered
      """,
    subcommands: [
      HTTPContractsRecordCommand.self, HTTPContractsVerifyCommand.self,
      HTTPContractsOpenAPICommand.self,
    ])

  /// Runs what works on files of contracts; what cannot be used ends the command.
  static func usable<Result>(
    _ body: () throws(ExampleFolder.Problem) -> Result
  ) throws -> Result {
    do throws(ExampleFolder.Problem) {
      return try body()
    } catch {
      throw CommandFailure.unusable(error.description)
    }
  }
}
