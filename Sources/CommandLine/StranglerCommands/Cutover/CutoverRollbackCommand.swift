// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct CutoverRollbackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback",
    abstract: "Take all routes of a cutover back to legacy, at once.",
    discussion: """
      One swap of the routing table: requests from then on go to legacy, those in flight are
      finished where they are. It works in every state, also after the plan is through.

      EXAMPLES
        strangler cutover rollback orders --reason 'customers call'
      """)

  @OptionGroup var options: OrderOptions

  @Argument(help: "Name of the cutover in the configuration.")
  var cutover: String

  func run() async throws {
    try await CutoverCommand.give("rollback", to: cutover, options)
  }
}
