// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import RoutingDecisions

struct RoutesListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the routes of a configuration with their sides and percentages.",
    discussion: """
      It reads the file, and shows the shares that stand there; with --live those in force at the
      running proxy, which orders, plans and the kill switch may have set otherwise.

      EXAMPLES
        strangler routes list --config strangler.yaml
        strangler routes list --config strangler.yaml --format json
        strangler routes list --live
      """)

  @OptionGroup var admin: AdminOption

  @Flag(help: "Asks the running proxy for the shares in force.")
  var live = false

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func run() async throws {
    let listing =
      try await live
      ? RouteListing(inForce: admin.routesInForce())
      : RouteListing(ConfigurationOption.load(admin.file))
    Terminal.standardOutput.write(format == .json ? listing.json : listing.text)
  }
}
