// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct CutoverApproveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve",
    abstract: "Approve the stage that waits for it.",
    discussion: """
      A stage with approval: true waits once all its conditions hold. Its gates stay awake
      meanwhile, and may take the routes back.

      EXAMPLES
        strangler cutover approve orders --reason 'dashboards look fine'
      """)

  @OptionGroup var options: OrderOptions

  @Argument(help: "Name of the cutover in the configuration.")
  var cutover: String

  func run() async throws {
    try await CutoverCommand.give("approve", to: cutover, options)
  }
}
