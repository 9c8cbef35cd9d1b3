// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import Playbooks
internal import RoutingDecisions

struct PlaybookShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show a playbook: what to look at, what to decide, how to go back.",
    discussion: """
      The text is the file as it is. The JSON has each step with its commands, its lines and the way
      back from it.

      EXAMPLES
        strangler playbook show 3
        strangler playbook show first-shadow --format json

      The JSON's schema is fixtures/schemas/playbook.schema.json.
      """)

  @OptionGroup var place: PlaybookOption

  @Argument(help: "Its number, its name, or its name without the number.")
  var name: String

  @Option(help: "text or json.")
  var format = RoutesFormat.text

  func run() throws {
    let folder = try place.open()
    let playbook = try folder.playbook(name)
    Terminal.standardOutput.write(
      format == .json
        ? JSONText.encode(ShownPlaybook(playbook, file: folder.file(playbook))) : playbook.text)
  }
}
