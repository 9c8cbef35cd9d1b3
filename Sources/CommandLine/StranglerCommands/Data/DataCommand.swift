// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct DataCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Move tables, while they are written, to another store, and back if need be.",
    discussion: """
      The section data of the configuration names two stores, each a file of SQLite or the address
      of a PostgreSQL, and maps tables of the one to tables of the other. Passwords come from
      PGPASSFILE or PGPASSWORD; an address that holds one is refused. check, plan, verify and status
      change nothing; backfill writes the new store, the others both.

      The way of a mapping: check; advance, from when on changes are followed; backfill; advance to
      read the new side, and again to write it, or cutover for both. retreat goes back, a state at a
      time; retire is the end.

      EXAMPLES
        strangler data check --config strangler.yaml
        strangler data check --config strangler.yaml --format json --timeout 60
        strangler data plan --config strangler.yaml
        strangler data backfill --config strangler.yaml
        strangler data verify --config strangler.yaml --live
        strangler data follow --config strangler.yaml
        strangler data advance orders --reason 'ticket 12'
        strangler data retreat orders --reason 'customers call'
        strangler data cutover orders --reason 'ticket 12' --dry-run
        strangler data status --config strangler.yaml
        strangler data repair orders --apply --reason 'rows of the night of the outage'

      EXIT CODES
        0  done
        1  the command ran and its answer is no
        2  wrong arguments, or a configuration or a store that cannot be used
      """,
    subcommands: [
      DataCheckCommand.self, DataPlanCommand.self, DataBackfillCommand.self, DataVerifyCommand.self,
      DataFollowCommand.self, DataAdvanceCommand.self, DataRetreatCommand.self,
      DataStatusCommand.self, DataRepairCommand.self, DataCutoverCommand.self,
      DataRetireCommand.self,
    ])
}
