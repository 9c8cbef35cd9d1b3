// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct CutoverRevertCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revert",
    abstract: "Take every route back to where it stood after an entry of the journal.",
    discussion: """
      Nothing is taken out of the journal: it gets an entry that says where everything went and why.
      Cutovers whose routes it moves have ended. A share that a plan would reach by its gates only
      is not raised, unless --skip-gates says that nobody wants to ask them: a gate may have taken
      the service back since.

      EXAMPLES
        strangler cutover history
        strangler cutover revert 17 --reason 'as it was on friday'
        strangler cutover revert 17 --skip-gates --reason 'the service is mended'
      """)

  @OptionGroup var options: OrderOptions

  @Argument(help: "Number of the entry, as history lists it.")
  var entry: UInt64

  @Flag(help: "Raise shares of routes that have a plan, without asking its gates.")
  var skipGates = false

  func run() async throws {
    var members: [String: OrderMember] = ["to": .number(Double(entry))]
    if skipGates { members["skip-gates"] = .flag(true) }
    try await CutoverCommand.give("/journal/revert", members, options)
  }
}
