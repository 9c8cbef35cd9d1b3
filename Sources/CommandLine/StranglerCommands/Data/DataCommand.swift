// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct DataCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Move tables: check which columns become which, copy the rows, compare both sides.",
    discussion: """
      The section data of the configuration names two stores, each a file of SQLite or the address
      of a PostgreSQL, and maps tables of the one to tables of the other. Passwords come from
      PGPASSFILE or PGPASSWORD; an address that holds one is refused. Stores are read in
      transactions that cannot write; only backfill changes something, in the new store.

      What is written while backfill or verify runs is not followed yet: keep both sides quiet.

      EXAMPLES
        strangler data check --config strangler.yaml
        strangler data check --config strangler.yaml --format json --timeout 60
        strangler data plan --config strangler.yaml
        strangler data backfill --config strangler.yaml
        strangler data verify --config strangler.yaml

      EXIT CODES
        0  done
        1  the command ran and its answer is no
        2  wrong arguments, or a configuration or a store that cannot be used
      """,
    subcommands: [
      DataCheckCommand.self, DataPlanCommand.self, DataBackfillCommand.self, DataVerifyCommand.self,
    ])
}
