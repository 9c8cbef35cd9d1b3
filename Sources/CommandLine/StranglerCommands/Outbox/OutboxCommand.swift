// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct OutboxCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "outbox",
    abstract: "Run the transactional outbox: events that commit with the data they announce.",
    discussion: """
      A database is a file of SQLite, or the address of a PostgreSQL such as
      postgresql://shop@db.internal/shop?sslmode=verify-full. The password comes from PGPASSFILE or
      PGPASSWORD; an address that holds one is refused.

      EXAMPLES
        strangler outbox init --database postgresql://shop@db.internal/shop --dry-run
        strangler outbox relay --config strangler.yaml
        strangler outbox status --config strangler.yaml
        strangler outbox tail --config strangler.yaml --aggregate order/42
        strangler outbox dead-letters --database shop.sqlite
        strangler outbox replay --database shop.sqlite --aggregate order/42 --reason 'fixed in 1.4'
        strangler outbox bypass --config strangler.yaml
        strangler outbox contracts check contracts

      EXIT CODES
        0  done
        1  the command ran and its answer is no
        2  wrong arguments, or a database that cannot be used
      """,
    subcommands: [
      OutboxInitCommand.self, OutboxRelayCommand.self, OutboxStatusCommand.self,
      OutboxTailCommand.self, OutboxDeadLettersCommand.self, OutboxReplayCommand.self,
      OutboxSkipCommand.self,
      OutboxHistoryCommand.self, OutboxVerifyCommand.self, OutboxPruneCommand.self,
      OutboxReseatCommand.self, BypassCommand.self, ContractsCommand.self, OutboxForgetCommand.self,
      OutboxTortureCommand.self, OutboxTortureChildCommand.self,
    ])
}
