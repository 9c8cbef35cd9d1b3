// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import DataMapping
internal import Foundation

struct DataRetireCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retire",
    abstract: "Freeze legacy's table for ever: the last step, and the one without a way back.",
    discussion: """
      Refused unless the state is \(MigrationState.newPrimary.rawValue), no change was refused, few
      wait and both sides are equal; their digest is kept in the journal. From then on legacy is
      neither written nor kept current: what is in it can be archived, and the way back is a backup.

      The mapping's name has to be said twice: as --confirm, or when the command asks for it.

      Ends with 0 when legacy is frozen or, with --dry-run, when every gate holds; with 1 when it
      was refused, with 2 when the name was not confirmed or the file, the mapping or a store cannot
      be used.

      EXAMPLES
        strangler data retire orders --reason 'six weeks without a retreat' --dry-run
        strangler data retire orders --reason 'six weeks without a retreat' --confirm orders
      """)

  @OptionGroup var options: MigrationOrderOptions

  @Argument(help: "Mapping of the section data.")
  var mapping: String

  @Flag(name: .customLong("dry-run"), help: "Show what the gates say; change nothing.")
  var isDry = false

  @Option(help: "The mapping's name once more, as there is no way back.")
  var confirm: String?

  func run() async throws {
    if !isDry { try askForName() }
    try await options.move(.retire, [mapping], isDry: isDry)
  }

  private func askForName() throws {
    var said = confirm
    if said == nil, isatty(FileHandle.standardInput.fileDescriptor) == 1 {
      Terminal.standardError.write(
        "There is no way back from retired. Type the mapping's name to go on: ")
      said = readLine()
    }
    guard said == mapping else {
      throw CommandFailure.unusable(
        "\(mapping): not confirmed, so nothing was done; say --confirm \(mapping)")
    }
  }
}
