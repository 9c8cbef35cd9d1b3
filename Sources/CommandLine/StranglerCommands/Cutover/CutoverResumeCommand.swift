// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct CutoverResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Go on after a pause.",
    discussion: """
      What soaked before the pause still counts.

      EXAMPLES
        strangler cutover resume orders --reason 'release is out'
      """)

  @OptionGroup var options: OrderOptions

  @Argument(help: "Name of the cutover in the configuration.")
  var cutover: String

  func run() async throws {
    try await CutoverCommand.give("resume", to: cutover, options)
  }
}
