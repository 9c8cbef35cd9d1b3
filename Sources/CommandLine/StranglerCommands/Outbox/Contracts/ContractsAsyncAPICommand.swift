// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import JSONDocuments
internal import MessageContracts

struct ContractsAsyncAPICommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "asyncapi",
    abstract: "Describe the events as an AsyncAPI 3 document: topics, messages, payloads.",
    discussion: """
      The same contracts give the same bytes, so the document can be kept in the repository and
      compared in CI. All versions are in it: events of old ones may still be on their way.

      EXAMPLES
        strangler outbox contracts asyncapi --title Orders --api-version 2.1.0
        strangler outbox contracts asyncapi Sources/Orders/Contracts --output asyncapi.json
      """)

  @Argument(help: "Folder with the contracts.")
  var folder = "contracts"

  @Option(help: "What the application is called.")
  var title = "Events"

  @Option(name: .customLong("api-version"), help: "Version of the document.")
  var version = "1.0.0"

  @OptionGroup var output: OutputOption

  func run() async throws {
    let contracts = try ContractsCommand.read(folder)
    guard contracts.problems.isEmpty, !contracts.contracts.isEmpty else {
      throw CommandFailure.unusable(
        contracts.problems.isEmpty ? "\(folder) holds no contract" : "the contracts cannot be used",
        details: contracts.problems.map(\.description))
    }
    try output.deliver(AsyncAPIDocument(title: title, version: version).json(contracts).json)
  }
}
