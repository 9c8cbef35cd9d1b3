// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

struct SagaCommandGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "saga",
    abstract: "Look at business processes over several services, and decide what is stuck.",
    discussion: """
      Sagas are in the database of the outbox: a file of SQLite, or the address of a PostgreSQL. A
      saga that is stuck waits for one of three decisions: retry, compensate, resolve. It is kept
      with who made it and why, and the orchestrator carries it out within a second.

      EXAMPLES
        strangler saga list --database shop.sqlite --state stuck
        strangler saga show 4711 --config strangler.yaml
        strangler saga retry 4711 --config strangler.yaml --reason 'the mail server is back'
        strangler saga compensate 4712 --config strangler.yaml --reason 'the customer called'
        strangler saga resolve 4713 --config strangler.yaml --as done --reason 'paid by hand'
        strangler saga prune --config strangler.yaml --keep-days 90

      EXIT CODES
        0  done
        1  the command ran and its answer is no
        2  wrong arguments, or a database that cannot be used
      """,
    subcommands: [
      SagaListCommand.self, SagaShowCommand.self, SagaRetryCommand.self,
      SagaCompensateCommand.self, SagaResolveCommand.self, SagaPruneCommand.self,
    ])
}
