// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import RoutingDecisions

struct RoutesDiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Say what a change of the configuration would do to whom.",
    discussion: """
      Compares files only: percentages that were set live, and would stay, are not known here.
      Lines begin with + (added), - (removed), ~ (changed) or ! (needs a new process).

      EXAMPLES
        strangler routes diff strangler.yaml next.yaml
        strangler routes diff strangler.yaml next.yaml --format json
      """)

  @Argument(help: "Configuration file in force.")
  var old: String

  @Argument(help: "Configuration file that would replace it.")
  var new: String

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func run() throws {
    let change = ConfigurationChange(
      from: try ConfigurationOption.load(old), to: try ConfigurationOption.load(new))
    Terminal.standardOutput.write(format == .json ? change.json : change.text)
  }
}
