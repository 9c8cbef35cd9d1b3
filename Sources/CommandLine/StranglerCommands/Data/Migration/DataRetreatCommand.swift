// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import DataMapping

struct DataRetreatCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retreat",
    abstract: "Move a mapping back by one state; nothing that was written is lost.",
    discussion: """
      From \(MigrationState.newPrimary.rawValue) the writes go back to legacy, which has followed;
      the rest is carried over in a short pause. A change that legacy does not take is shown, and
      the retreat refused. From \(MigrationState.newReads.rawValue) the reads go back. From
      \(MigrationState.legacyReads.rawValue) nothing follows any more, and the triggers go. There is
      no way back from \(MigrationState.retired.rawValue).

      Several mappings take the step in one pause, all of them or none.

      While an advance is under way, a retreat turns it back.

      Ends with 0 when the state was reached, with 1 when it was refused or turned back, with 2 when
      the file, the mapping or a store cannot be used.

      EXAMPLES
        strangler data retreat orders --reason 'customers call'
        strangler data retreat orders order-lines --reason 'customers call'
        strangler data retreat orders --reason 'customers call' --format json
      """)

  @OptionGroup var options: MigrationOrderOptions

  @Argument(help: "Mapping of the section data, or several that move together.")
  var mappings: [String]

  func run() async throws { try await options.give(.retreat, to: mappings) }
}
