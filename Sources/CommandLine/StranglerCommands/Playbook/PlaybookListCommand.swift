// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import RoutingDecisions

struct PlaybookListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the playbooks, in the order in which a route goes through them.",
    discussion: """
      EXAMPLES
        strangler playbook list
        strangler playbook list --playbooks ~/code/monolith/playbooks --format json

      The JSON's schema is fixtures/schemas/playbook-list.schema.json.
      """)

  @OptionGroup var place: PlaybookOption

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func run() throws {
    let folder = try place.open()
    Terminal.standardOutput.write(
      format == .json
        ? JSONText.encode(PlaybookListing(folder))
        : PlaybookText(Terminal.standardOutput).list(folder))
  }
}
