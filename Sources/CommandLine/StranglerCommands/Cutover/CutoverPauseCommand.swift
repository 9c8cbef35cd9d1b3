// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct CutoverPauseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause",
    abstract: "Promote nothing until resume.",
    discussion: """
      The share stays as it is and the gates stay awake: a failing side is still taken back.

      EXAMPLES
        strangler cutover pause orders --reason 'release of the web shop'
      """)

  @OptionGroup var options: OrderOptions

  @Argument(help: "Name of the cutover in the configuration.")
  var cutover: String

  func run() async throws {
    try await CutoverCommand.give("pause", to: cutover, options)
  }
}
