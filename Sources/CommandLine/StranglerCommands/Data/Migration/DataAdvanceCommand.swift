// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import DataMapping

struct DataAdvanceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "advance",
    abstract: "Move a mapping on by one state, once what that needs is there.",
    discussion: """
      \(MigrationState.ways)

      The last of them has no way back, and a command of its own: strangler data retire.

      The first step puts triggers on both tables: each change of the side that is written is noted
      in its own transaction, whatever program makes it, and a write of the other side is refused.
      What was noted is carried over by strangler data follow.

      A step is refused, with all that is missing, unless the backfill is at its end, no change was
      refused and both sides are equal; they are compared while they are written. Who takes the
      writes changes in a short pause, in which the rest is carried over; longer than --pause-limit
      and it is turned back. The decision is kept in the new store, in \(MigrationTables.table) and
      \(MigrationTables.journal), before anything is done: killed, the next advance or retreat goes
      on from there.

      Several mappings take the step in one pause, all of them or none: no side is opened before all
      have come as far. Those that are farther on the way wait for the others.

      Ends with 0 when the state was reached, with 1 when the step was refused or turned back, with
      2 when the file, the mapping or a store cannot be used.

      EXAMPLES
        strangler data advance orders --reason 'ticket 12'
        strangler data advance orders order-lines --reason 'ticket 12'
        strangler data advance orders --reason 'ticket 12' --pause-limit 1 --format json
      """)

  @OptionGroup var options: MigrationOrderOptions

  @Argument(help: "Mapping of the section data, or several that move together.")
  var mappings: [String]

  func run() async throws { try await options.give(.advance, to: mappings) }
}

extension MigrationState {
  /// All states, a line each.
  static var ways: String {
    allCases.map { state in
      let name = state.rawValue
      return "  \(name)\(String(repeating: " ", count: 25 - name.count))\(state.summary)"
    }.joined(separator: "\n")
  }
}
