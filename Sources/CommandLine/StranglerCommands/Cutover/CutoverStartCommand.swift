// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct CutoverStartCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start",
    abstract: "Begin the first stage of a plan.",
    discussion: """
      The plan is the one of the configuration that the proxy has in force; the cutover keeps it
      even if the file changes later. How long each stage takes at your traffic says
      strangler routes validate --requests-per-second. A plan that skips its gates, since everybody
      goes over before anything was compared, starts with --skip-gates only.

      EXAMPLES
        strangler cutover start orders --reason 'ticket 12'
      """)

  @OptionGroup var options: OrderOptions

  @Argument(help: "Name of the cutover in the configuration.")
  var cutover: String

  @Flag(help: "The plan skips its gates, and that is meant.")
  var skipGates = false

  func run() async throws {
    try await CutoverCommand.give(
      "start", to: cutover, options, with: skipGates ? ["skip-gates": .flag(true)] : [:])
  }
}
