// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct CutoverRevertCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revert",
    abstract: "Take every route back to where it stood after an entry of the journal.",
    discussion: """
      Nothing is taken out of the journal: it gets an entry that says where everything went and why.
      Cutovers whose routes it moves have ended. No gate is asked.

      EXAMPLES
        strangler cutover history
        strangler cutover revert 17 --reason 'as it was on friday'
      """)

  @OptionGroup var options: OrderOptions

  @Argument(help: "Number of the entry, as history lists it.")
  var entry: UInt64

  func run() async throws {
    try await CutoverCommand.give("/journal/revert", ["to": .number(Double(entry))], options)
  }
}
