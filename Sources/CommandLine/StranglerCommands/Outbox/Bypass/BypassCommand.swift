// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct BypassCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bypass",
    abstract: "Find changes of tables whose transaction appended no event.",
    discussion: """
      Before a table moves, every change of it must be announced. Triggers of a watched table note
      each change, and an event of the same transaction takes the notes away: what stays is what
      nobody was told of.

      In PostgreSQL a note has the statement without its values, the client's application_name and
      its role. A change that could not be noted changes as before, and the server's log has it.
      Not seen are statements that name a partition itself, which is a table to watch of its own,
      and sessions with session_replication_role = replica.

      In SQLite a note has the table and the operation, one of a kind for each hour. Events must be
      appended by this library; one that is appended before the change takes the note away with the
      connection's next event.

      EXAMPLES
        strangler outbox bypass install --config strangler.yaml --table orders --table order_line
        strangler outbox bypass --config strangler.yaml --sources ~/code/monolith
        strangler outbox bypass prune --config strangler.yaml --keep-days 0
        strangler outbox bypass remove --config strangler.yaml

      EXIT CODES
        0  done; of a report, every change of watched tables had its event
        1  changes without an event, or some that cannot have been seen
        2  wrong arguments, no such table, or a database that cannot be used
      """,
    subcommands: [
      BypassReportCommand.self, BypassInstallCommand.self, BypassPruneCommand.self,
      BypassRemoveCommand.self,
    ],
    defaultSubcommand: BypassReportCommand.self)
}
