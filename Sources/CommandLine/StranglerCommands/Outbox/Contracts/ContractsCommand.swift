// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import MessageContractFiles
internal import MessageContracts

struct ContractsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "contracts",
    abstract: "Check what events carry: their schemas against each other, payloads against them.",
    discussion: """
      A contract is a JSON Schema (draft 2020-12) at AGGREGATE/EVENT/VERSION.json in a folder, such
      as contracts/order/order-placed/2.json. Producers write the members that it names and no
      others, unless it says with additionalProperties what others may be; consumers ignore those
      they do not know. A keyword that is not supported is a finding, and nothing is passed over.

      EXAMPLES
        strangler outbox contracts check contracts
        strangler outbox contracts check contracts --mode backward --transitive
        strangler outbox contracts validate payload.json --event order/order-placed/2
        strangler outbox contracts asyncapi contracts --title Orders > asyncapi.json

      EXIT CODES
        0  done, compatible
        1  the command ran and its answer is no
        2  wrong arguments, or a folder that cannot be read
      """,
    subcommands: [
      ContractsCheckCommand.self, ContractsValidateCommand.self, ContractsAsyncAPICommand.self,
    ])

  /// The contracts of a folder; what cannot be read ends the command.
  static func read(_ folder: String, label: String = "") throws -> ContractSet {
    do throws(ContractFolder.Problem) {
      return ContractSet(try ContractFolder.files(folder), label: label)
    } catch {
      throw CommandFailure.unusable(error.description)
    }
  }
}
