// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct CutoverKillSwitchCommand: AsyncParsableCommand {
  enum Position: String, CaseIterable, ExpressibleByArgument {
    case on, off
  }

  static let configuration = CommandConfiguration(
    commandName: "kill-switch",
    abstract: "Send everybody to legacy at once, and keep them there.",
    discussion: """
      On: one swap of the routing table sends all routes to legacy; cutovers end, nothing can be
      started or set above 0, and no configuration file changes that. Off moves nobody: start the
      cutovers anew.

      EXAMPLES
        strangler cutover kill-switch on --reason 'the new cluster is gone'
        strangler cutover kill-switch off --reason 'it is back'
      """)

  @OptionGroup var options: OrderOptions

  @Argument(help: "on or off.")
  var position: Position

  func run() async throws {
    try await CutoverCommand.give("/kill-switch", ["on": .flag(position == .on)], options)
  }
}
