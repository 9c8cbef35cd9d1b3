// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct CutoverFreezeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "freeze",
    abstract: "Promote and start nothing, on any route, until unfreeze.",
    discussion: """
      Rolling back is never frozen. Windows that come again belong into the plans: freeze.

      EXAMPLES
        strangler cutover freeze --reason 'black friday'
        strangler cutover unfreeze --reason 'monday'
      """)

  @OptionGroup var options: OrderOptions

  func run() async throws {
    try await CutoverCommand.give("/freeze", ["on": .flag(true)], options)
  }
}

struct CutoverUnfreezeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unfreeze",
    abstract: "Let cutovers go on.",
    discussion: """
      Raises that the configuration file asked for meanwhile are taken up now; cutover status lists
      them before, and this command says which routes it moved.

      EXAMPLES
        strangler cutover unfreeze --reason 'monday'
      """)

  @OptionGroup var options: OrderOptions

  func run() async throws {
    try await CutoverCommand.give("/freeze", ["on": .flag(false)], options)
  }
}
