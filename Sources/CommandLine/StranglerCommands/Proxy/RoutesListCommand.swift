// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import RoutingDecisions

struct RoutesListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the routes of a configuration with their sides and percentages.",
    discussion: """
      It reads the file, and shows the shares that stand there. What a cutover or an order has made
      of them is shown by strangler cutover status.

      EXAMPLES
        strangler routes list --config strangler.yaml
        strangler routes list --config strangler.yaml --format json
      """)

  @OptionGroup var configuration: ConfigurationOption

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func run() throws {
    let listing = RouteListing(try configuration.load())
    Terminal.standardOutput.write(format == .json ? listing.json : listing.text)
  }
}
