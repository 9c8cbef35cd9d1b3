// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import DataMapping

struct DataCutoverCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cutover",
    abstract: "Move the reads and then the writes to the new side, if every gate holds.",
    discussion: """
      What strangler data advance does, step by step, until the state is
      \(MigrationState.newPrimary.rawValue): each step is refused unless the backfill is at its end,
      no change was refused, few wait and both sides are equal; they are compared while they are
      written. The writes change sides in a pause, which is measured and told; one that is longer
      than --pause-limit is turned back, and the writes go on in legacy.

      Several mappings take each step in one pause, all of them or none: tables that foreign keys
      tie together are never written on different sides then.

      With --dry-run the gates are asked and shown, and no state changes; what waits is carried
      over meanwhile. Killed, the next cutover goes on; strangler data retreat leads back.

      Ends with 0 when the new side takes the writes or, with --dry-run, when every gate holds;
      with 1 when a step was refused or turned back, with 2 when the file, the mapping or a store
      cannot be used.

      EXAMPLES
        strangler data cutover orders --reason 'ticket 12' --dry-run
        strangler data cutover orders order-lines --reason 'ticket 12'
        strangler data cutover orders --reason 'ticket 12' --pause-limit 0.5
        strangler data cutover orders --reason 'ticket 12' --format json
      """)

  @OptionGroup var options: MigrationOrderOptions

  @Argument(help: "Mapping of the section data, or several that move together.")
  var mappings: [String]

  @Flag(name: .customLong("dry-run"), help: "Show what the gates say; change no state.")
  var isDry = false

  func run() async throws {
    try await options.move(.cutover, mappings, isDry: isDry)
  }
}
